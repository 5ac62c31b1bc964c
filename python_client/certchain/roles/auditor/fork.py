"""Two signed checkpoints that cannot both be of one log, and the witnesses who cosigned both."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from certchain.encoding.note import vkey
from certchain.errors import LogGap, LyingWitness, SplitView
from certchain.models.evidence import ForkEvidence, ShownEvidence
from certchain.models.note import KeyType, NoteKey
from certchain.roles.auditor.followed import FollowedLog
from certchain.roles.auditor.kept import keep_evidence
from certchain.roles.auditor.view import View
from certchain.verification.evidence import FORMATS


def fork_of(one: View, other: View) -> SplitView | None:
    """The finding that the two are of different logs, with its evidence; ``None`` unless that can be proven from the source.

    The larger one's source has to have the tiles that lead to its root.
    """
    smaller, larger = sorted((one, other), key=lambda view: view.size)
    if smaller.size == 0:
        return None
    prefix = (larger.checkpoint.root, ()) if smaller.size == larger.size else larger.prefix(smaller.size)
    if prefix is None or prefix[0] == smaller.checkpoint.root:
        return None
    both = cosigned_both(smaller, larger)
    evidence = ForkEvidence(
        FORMATS[ForkEvidence],
        "LyingWitness" if both else "SplitView",
        smaller.signed,
        larger.signed,
        *prefix,
        witness_keys(smaller.log, both),
    )
    told = f"it has signed for {smaller.size} and for {larger.size} entries"
    if both:
        lie = LyingWitness(told, smaller.size, witness=", ".join(both))
        return keep_evidence(smaller.store, smaller.log, lie, evidence)
    return keep_evidence(smaller.store, smaller.log, SplitView(told, smaller.size), evidence)


def require_one_log(smaller: View, larger: View, readers: Sequence[FollowedLog]) -> View:
    """Returns the larger view when it continues the smaller one, as the tiles of one of the readers' sources show.

    Raises ``SplitView``, ``LyingWitness``, or ``LogGap`` when nobody has the tiles.
    """
    told = smaller.size == 0 or smaller.checkpoint.root == larger.checkpoint.root
    for reader in readers:
        view = replace(larger, log=reader)
        if (fork := fork_of(smaller, view)) is not None:
            raise fork
        told = told or view.prefix(smaller.size) is not None
    if not told:
        gap = LogGap(f"no source has the tiles of the log of {larger.size} entries", smaller.size)
        shown = ShownEvidence(FORMATS[ShownEvidence], "LogGap", larger.signed, smaller.size, gap.reason)
        raise keep_evidence(larger.store, larger.log, gap, shown)
    return larger


def cosigned_both(one: View, other: View) -> tuple[str, ...]:
    """The known witnesses, by name, who cosigned both."""
    names = {cosignature.witness for cosignature in one.cosignatures}
    return tuple(cosignature.witness for cosignature in other.cosignatures if cosignature.witness in names)


def witness_keys(log: FollowedLog, names: Iterable[str]) -> tuple[str, ...]:
    """The keys of witnesses as vkeys."""
    return tuple(vkey(NoteKey(name, KeyType.COSIGNATURE, log.witnesses[name])) for name in names)
