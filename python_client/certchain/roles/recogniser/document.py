"""An alert's document, put together from the log as it is now: what was erased since is shown as erased."""

from certchain.errors import LogDamaged, UnknownRecord
from certchain.log.publication import read_checkpoint
from certchain.merkle import inclusion_proofs
from certchain.models.alert import AlertDocument, KeptAlert
from certchain.models.digest import Digest
from certchain.models.log import BundledEntry, LoggedEntry, LogLeaf
from certchain.roles.recogniser.equipment import Equipment
from certchain.verification.alert import build_document


def document_of(equipment: Equipment, digest: Digest, *, withheld: bool) -> AlertDocument:
    """The document of an alert that the chain has; ``withheld`` for who may not see what entries say.

    Raises ``UnknownRecord`` for an alert that there is not, or that the chain does not have yet, and ``LogDamaged`` when the log has
    other entries in those places.
    """
    kept, note = equipment.store.alert(digest), equipment.log.publication.checkpoint()
    if kept.number is None:
        raise UnknownRecord("alert on the chain", str(digest))
    entries = proven_entries(equipment, kept, note)
    return build_document(kept.alert, kept.number, entries, note, equipment.identity, withheld=withheld)


def proven_entries(equipment: Equipment, kept: KeptAlert, note: str) -> tuple[BundledEntry, ...]:
    """The alert's entries, proven against a checkpoint."""
    leaves, size = kept.alert.entries, read_checkpoint(note).size
    if leaves[-1].index >= size:
        raise UnknownRecord("published entry", str(leaves[-1].index))
    proofs = inclusion_proofs(equipment.log.store, [leaf.index for leaf in leaves], size)
    logged = (_logged(equipment, leaf) for leaf in leaves)
    return tuple(BundledEntry(each.leaf, each.body, proof.path) for each, proof in zip(logged, proofs, strict=True))


def _logged(equipment: Equipment, leaf: LogLeaf) -> LoggedEntry:
    found = equipment.log.reader.entries(leaf.index, 1)
    if not found or found[0].leaf != leaf:
        raise LogDamaged("entries", "an alert was raised about another entry in this place", leaf.index)
    return found[0]
