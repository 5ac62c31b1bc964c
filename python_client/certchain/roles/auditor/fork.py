"""Two signed checkpoints that cannot both be of one log, and the witnesses who cosigned both."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from certchain.encoding.note import vkey
from certchain.errors import LogGap, LyingWitness, SplitView
from certchain.models.evidence import ForkEvidence
from certchain.models.note import KeyType, NoteKey
from certchain.roles.auditor.followed import FollowedLog
from certchain.roles.auditor.view import View


def fork_of(one: View, other: View) -> SplitView | LogGap | None:
    """``None`` when the two are shown to be of one log, else the finding: ``SplitView`` with its evidence when they are of two.

    ``LogGap``, of which nothing is kept yet, when the larger one's source has not got the tiles that lead to its root: nobody can tell.
    """
    smaller, larger = sorted((one, other), key=lambda view: view.size)
    if smaller.size == 0:
        return None
    prefix = (larger.checkpoint.root, ()) if smaller.size == larger.size else larger.prefix(smaller.size)
    if prefix is None:
        return LogGap(f"no tiles show that the log of {larger.size} entries continues the smaller one", smaller.size)
    if prefix[0] == smaller.checkpoint.root:
        return None
    both = cosigned_both(smaller, larger)
    told = f"it has signed for {smaller.size} and for {larger.size} entries"
    lie = LyingWitness(told, smaller.size, witness=", ".join(both)) if both else SplitView(told, smaller.size)
    witnesses = witness_keys(smaller.log, both)
    return smaller.keep(lie, ForkEvidence, smaller.signed, larger.signed, *prefix, witnesses)


def require_one_log(smaller: View, larger: View, readers: Sequence[FollowedLog]) -> View:
    """Returns the larger view when it continues the smaller one, as the tiles of one of the readers' sources show.

    Raises ``SplitView``, ``LyingWitness``, or ``LogGap`` when nobody has the tiles.
    """
    found = [fork_of(smaller, replace(larger, log=reader)) for reader in readers]
    for fork in found:
        if isinstance(fork, SplitView):
            raise fork
    gap = found[0]
    if isinstance(gap, LogGap) and None not in found:
        raise larger.keep_shown(gap)
    return larger


def cosigned_both(one: View, other: View) -> tuple[str, ...]:
    """The known witnesses, by name, who cosigned both."""
    names = {cosignature.witness for cosignature in one.cosignatures}
    return tuple(cosignature.witness for cosignature in other.cosignatures if cosignature.witness in names)


def witness_keys(log: FollowedLog, names: Iterable[str]) -> tuple[str, ...]:
    """The keys of witnesses as vkeys."""
    return tuple(vkey(NoteKey(name, KeyType.COSIGNATURE, log.witnesses[name])) for name in names)
