"""The preimages of divided key data: what a share's commitment is over, and what shares are sealed for (docs/protocol.md, 3.7 to 3.9)."""

from certchain.encoding.preimage import digest, number, preimage
from certchain.models.custody import KeyShare, ShareQuestion
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId


def share_commitment(committed: Digest, division: int, share: KeyShare) -> Digest:
    """H("share", registration commitment, division's number, index, share); the share has 32 bytes that nobody can guess."""
    return digest("share", committed.value, number(division), number(share.index), share.value)


def share_deposit_context(
    network: bytes, server: ServiceId, custodian: ServiceId, committed: Digest, division: int
) -> bytes:
    """What a share is bound to on its way, sealed, to its custodian."""
    return preimage("share-deposit-seal", network, number(server), number(custodian), committed.value, number(division))


def share_answer_context(network: bytes, question: ShareQuestion) -> bytes:
    """What a share is bound to on its way, sealed, to the certification server: everything in its question."""
    named = (number(question.server), number(question.custodian), question.commitment.value, number(question.number))
    return preimage("share-answer-seal", network, *named, question.nonce)


def kept_share_context(server: ServiceId, custodian: ServiceId, committed: Digest, division: int) -> bytes:
    """What a share is bound to where its custodian keeps it, sealed."""
    return preimage("share-kept", number(server), number(custodian), committed.value, number(division))
