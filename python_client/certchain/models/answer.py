"""Post-verification: "who logged in to this device between these times, and is this complete?", answered in a file that proves itself."""

from dataclasses import dataclass
from enum import StrEnum

from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId
from certchain.models.log import BundledEntry, Checkpoint, Cosignature, LogLeaf, OpenedBody
from certchain.models.registration import PublicKeys


class Standing(StrEnum):
    """How an entry stands in an answer: at the window's edge, outside of it; or in it, and shown, withheld or erased."""

    EDGE = "edge"
    SHOWN = "shown"
    WITHHELD = "withheld"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The first line: what was asked, and what proves that the lines after it are all that the log has there.

    The question is about logins at ``device`` from ``since`` on and before ``until`` (seconds since the epoch). The lines are the log's
    entries from ``begin`` on and before ``stop``, with one beyond the window at each end where the log has one. Where ``whole``, every body
    in the window is shown that was not erased; else only those about the device, and the rest is the server's word. ``frontier`` are the
    roots of the perfect trees before ``begin``, ``consistency`` is the proof (RFC 9162, 2.1.4) from ``stop`` to the checkpoint's size.
    """

    format: str
    network: bytes
    device: DeviceId
    since: int
    until: int
    whole: bool
    begin: int
    stop: int
    frontier: tuple[Digest, ...]
    consistency: tuple[Digest, ...]
    checkpoint: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One entry of the log, in its order; with its body if it is shown."""

    standing: Standing
    leaf: LogLeaf
    body: OpenedBody | None


@dataclass(frozen=True, slots=True)
class AnswerTail:
    """The last line: the log's records of erasures that account for what was erased, and the server's signature over all lines before.

    By that the server answers for what it says and the proofs do not show: that nothing that is withheld is a login at the device.
    """

    records: tuple[BundledEntry, ...]
    signature: bytes


@dataclass(frozen=True, slots=True)
class ProvenAnswer:
    """What an answer was found to prove.

    ``entries`` is how many the window has: ``logins`` at the device, ``others`` that are shown, ``withheld`` and ``erased`` ones. Only
    where nothing is withheld it is proven that there are no other logins at the device. ``ended``: the log has a later entry, so that none
    can be added in the window. ``records`` are the erasures that account for what was erased, by their places in the log.
    """

    device: DeviceId
    since: int
    until: int
    whole: bool
    ended: bool
    entries: int
    logins: int
    others: int
    withheld: int
    erased: int
    records: tuple[int, ...]
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
