"""Proofs of single entries: made from a few tiles under a checkpoint that the chain has, and checked against the chain."""

from contextlib import suppress

from certchain.encoding.leaf import parse_leaf
from certchain.encoding.tile import parse_bundle
from certchain.errors import IndexOutOfRange, LogInconsistent, UnknownSize, WrongLog
from certchain.ledger import RegistrationLedger
from certchain.log.verified import VerifiedLog
from certchain.merkle import inclusion_proof, tile_width
from certchain.models.log import TILE_WIDTH, Checkpoint, LogLeaf, OpenedBody, ProofFile, ProvenEntry
from certchain.roles.auditor.followed import FollowedLog
from certchain.roles.auditor.history import root_at
from certchain.roles.auditor.view import View, look, require_signer
from certchain.storage import FileStore
from certchain.verification.proof import PROOF_FORMAT, proof_file_bytes, verify_proof_file


def anchored_view(log: FollowedLog, registrations: RegistrationLedger, store: FileStore) -> View:
    """The newest checkpoint that the chain has, or the newest one of all where the log is not asked for it.

    Raises what ``look`` raises, and ``LogInconsistent`` when the chain has another root.
    """
    note = None if log.anchored is None else log.anchored()
    if note is None:
        return look(log, registrations, store, log.source.checkpoint(), confirmed=log.chain.size())
    view = look(log, registrations, store, note, confirmed=log.chain.size())
    require_on_chain(log, view.checkpoint.size, view.checkpoint.root.value)
    return view


def prove(view: View, index: int) -> bytes:
    """The proof file of an entry under the view's checkpoint. Raises ``IndexOutOfRange``, ``TileInvalid`` or ``LogInconsistent``."""
    if not 0 <= index < view.size:
        raise IndexOutOfRange(index, view.size)
    tiles = VerifiedLog((view.log.source,), view.size, view.checkpoint.root)
    tile, place = divmod(index, TILE_WIDTH)
    leaf = parse_leaf(parse_bundle(tiles.bundle(tile, tile_width(0, tile, view.size)))[place])
    path = inclusion_proof(tiles, index, view.size).path
    file = ProofFile(PROOF_FORMAT, leaf, _body(view.log, leaf), path, view.signed.note, view.signed.keys)
    data = proof_file_bytes(file)
    verify_proof_file(data)
    return data


def check_proof_file(log: FollowedLog, registrations: RegistrationLedger, data: bytes) -> ProvenEntry:
    """What a proof file proves, by itself and then against the chain; see ``Auditor.check_proof_file``."""
    proven = verify_proof_file(data)
    check_checkpoint(log, registrations, proven.checkpoint, proven.proof.index)
    with suppress(UnknownSize):  # an anchored log's contract knows its newest size only; the root was compared above
        log.chain.check_inclusion(proven.leaf_hash, proven.proof)
    return proven


def check_checkpoint(
    log: FollowedLog, registrations: RegistrationLedger, checkpoint: Checkpoint, index: int = 0
) -> Checkpoint:
    """Returns a checkpoint that the chain has, by a signer that it knows; see ``Auditor.check_checkpoint``. ``index`` is for the error."""
    if checkpoint.origin != log.origin:
        raise WrongLog(f"it is of {checkpoint.origin}", index, origin=log.origin)
    require_signer(log, registrations, checkpoint, confirmed=checkpoint.size)  # by the chain, as follows
    require_on_chain(log, checkpoint.size, checkpoint.root.value)
    return checkpoint


def require_on_chain(log: FollowedLog, size: int, root: bytes) -> int:
    """Returns the size when the chain has this root there. Raises ``LogInconsistent``."""
    on_chain = root_at(log, size)
    if on_chain is None:
        raise LogInconsistent(f"the chain's log never had {size} entries", size)
    if on_chain.value != root:
        raise LogInconsistent(f"the signed root at size {size} is not the chain's", 0)
    return size


def _body(log: FollowedLog, leaf: LogLeaf) -> OpenedBody | None:
    """What the entry says, where that may be read."""
    if log.entries is None:
        return None
    logged = log.entries.entries(leaf.index, 1)
    if not logged or logged[0].leaf != leaf:
        raise LogInconsistent("the server's entry is not the one that it has signed for", leaf.index)
    return logged[0].body
