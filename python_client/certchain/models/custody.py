"""Divided key data: shares, who keeps them, and what passes between certification server and custodians (docs/protocol.md, 3)."""

from dataclasses import dataclass, field

from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId

SHARE_LENGTH = 32
NONCE_LENGTH = 32


@dataclass(frozen=True, slots=True)
class KeyShare:
    """One share of a sealing key (Shamir): its index, from 1, and 32 bytes. It crosses sealed to its reader only."""

    index: int
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CommittedShare:
    """Who keeps a share, and H("share", …) of it, which is on the chain. A share's index is its place, counted from 1."""

    custodian: ServiceId
    commitment: Digest


@dataclass(frozen=True, slots=True)
class KeyDivision:
    """One division of the key that seals a registration's key data, as the chain has it, write-once.

    ``commitment`` is the registration's; ``number`` counts its divisions from 1, and the last one is in use; any ``threshold`` of the
    ``shares`` rebuild the key; ``divided_at`` is in seconds since the epoch.
    """

    commitment: Digest
    number: int
    threshold: int
    shares: tuple[CommittedShare, ...]
    divided_at: int


@dataclass(frozen=True, slots=True)
class ShareDeposit:
    """The certification server gives a custodian a share to keep, signed; ``sealed`` is a ``KeyShare`` for its exchange key."""

    server: ServiceId
    custodian: ServiceId
    commitment: Digest
    number: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ShareKept:
    """The custodian's signed word that it has the share durably; ``share_commitment`` is what it computed over it."""

    custodian: ServiceId
    commitment: Digest
    number: int
    share_commitment: Digest


@dataclass(frozen=True, slots=True)
class ShareQuestion:
    """The certification server asks a custodian for its share, signed; ``nonce`` is 32 random bytes."""

    server: ServiceId
    custodian: ServiceId
    commitment: Digest
    number: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class ShareAnswer:
    """A custodian's signed answer to the question with ``nonce``; ``sealed`` holds a ``KeyShare`` for the server's exchange key."""

    custodian: ServiceId
    commitment: Digest
    number: int
    nonce: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class KeptShare:
    """A share as its custodian keeps it: ``sealed`` holds the ``KeyShare``, under the custodian's own sealing key.

    ``server`` is who deposited it, and nobody else gets it. A custodian keeps two for one number when the first was never committed to on
    the chain: ``share_commitment`` tells them apart.
    """

    server: ServiceId
    commitment: Digest
    number: int
    share_commitment: Digest
    sealed: bytes
