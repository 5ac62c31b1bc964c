"""Signed statements: who said it, under keys that the chain has in force, and what exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from certchain.encoding.digest import key_thumbprint, statement
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import KeyNotInForce, WrongSigner
from certchain.keys import PrivateKeys, verify_signature
from certchain.models.certification import Signed
from certchain.models.identifier import Party
from certchain.models.registration import KeyRecord

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled party that holds its private keys, on one network (``Ledger.network``, 32 bytes)."""

    network: bytes
    party: Party
    keys: PrivateKeys

    def sign(self, model: object) -> Signed:
        """The model as a statement of this party."""
        kind, body = type(model).__name__, to_cbor(model)
        signature = self.keys.sign(statement(self.network, kind, self.party, body))
        return Signed(kind, self.party, self.keys.public, body, signature)


def verify_statement(
    signed: Signed, model: type[Model], signer: Party, records: Sequence[KeyRecord], network: bytes
) -> Model:
    """What ``signer`` said, if it is a ``model`` and the signature is by the keys that are in force.

    ``records`` are the signer's keys on the ledger, oldest first. Raises ``WrongSigner``, ``KeyNotInForce``, ``SignatureInvalid`` or
    ``MalformedMessage``.
    """
    if signed.signer != signer:
        raise WrongSigner(str(signer), str(signed.signer))
    if not records or key_thumbprint(signed.keys) != records[-1].thumbprint:
        raise KeyNotInForce(str(signer))
    said = statement(network, model.__name__, signer, signed.body)
    verify_signature(signed.keys.signing, said, signed.signature, str(signer))
    return from_cbor(model, signed.body)


def verify_peer(peer: Party, named: Party) -> Party:
    """The party that a message names, when the channel found it at the other end. Raises ``WrongSigner``."""
    if peer != named:
        raise WrongSigner(str(named), str(peer))
    return named
