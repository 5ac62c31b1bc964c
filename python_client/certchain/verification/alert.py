"""An alert's document: put together, and verified offline, with the server's keys and nothing else.

The server signs the alert, which names its entries by their leaves; the document proves each of them to be in a log whose checkpoint
the same keys signed, and shows what they say as far as the reader may see it. So no entry can be exchanged, added or left out. That the
keys are the certification server's, and that the alert is the one that the chain has, only the chain says: compare thumbprint and digest.
"""

from collections.abc import Mapping, Sequence

from certchain.encoding.alert import alert_digest
from certchain.encoding.checkpoint import log_origin
from certchain.encoding.digest import statement
from certchain.encoding.document import from_document, to_document
from certchain.encoding.message import to_cbor
from certchain.errors import AlertInvalid, CertchainError, CheckpointInvalid, CosignaturesMissing, WrongSigner
from certchain.keys import verify_signature
from certchain.models.alert import Alert, AlertDocument, ProvenAlert, RecordedAlert
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry
from certchain.models.identifier import Party
from certchain.models.log import BundledEntry, ProofBundle, ProvenEntry
from certchain.verification.proof import BUNDLE_FORMAT, proof_file_bytes, verify_proof_bundle
from certchain.verification.recognition import can_be_sign
from certchain.verification.statement import Identity

ALERT_FORMAT = "certchain-alert/v1"
LONGEST_DOCUMENT = 8 * 1024 * 1024
"""No document of as many entries as an alert may have is longer, in bytes."""


def build_document(
    alert: Alert, number: int, entries: Sequence[BundledEntry], checkpoint: str, server: Identity, *, withheld: bool
) -> AlertDocument:
    """The document of an alert that the chain has under ``number``; ``entries`` are the alert's, proven against ``checkpoint``.

    Where ``withheld``, no body is shown.
    """
    shown = (BundledEntry(entry.leaf, None if withheld else entry.body, entry.path) for entry in entries)
    proof = ProofBundle(BUNDLE_FORMAT, tuple(shown), checkpoint, server.keys.public)
    return AlertDocument(
        format=ALERT_FORMAT,
        network=alert.network,
        rule=alert.rule,
        device=alert.device,
        salt=alert.salt,
        number=number,
        withheld=withheld,
        signature=server.keys.sign(_said(alert, server.party)),
        proof=proof,
    )


def document_bytes(document: AlertDocument) -> bytes:
    """The document as the bytes of its file, or of a notification."""
    return to_document(document)


def verify_alert(
    data: bytes,
    digest: Digest | None = None,
    thumbprint: Digest | None = None,
    witnesses: Mapping[str, bytes] | None = None,
    quorum: int = 0,
) -> ProvenAlert:
    """What an alert's document proves, if no byte of it was changed.

    With ``digest`` it has to be the alert that has it; with ``thumbprint`` the signer's keys have to be those; ``quorum`` of the
    ``witnesses`` (Ed25519 public keys by name) have to have cosigned its checkpoint. Raises ``AlertInvalid``, ``CheckpointInvalid``,
    ``CosignaturesMissing`` or ``WrongSigner``.
    """
    try:
        proven = _proven(_read(data), thumbprint, witnesses or {}, quorum)
    except (AlertInvalid, CheckpointInvalid, CosignaturesMissing, WrongSigner):
        raise
    except CertchainError as problem:
        raise AlertInvalid(str(problem).rstrip(".")) from problem
    if digest is not None and proven.digest != digest:
        raise AlertInvalid(f"its digest is {proven.digest}, and not {digest}")
    return proven


def verify_recorded(proven: ProvenAlert, recorded: RecordedAlert) -> ProvenAlert:
    """Returns the alert when it is the one that the chain has under its number. Raises ``AlertInvalid``."""
    alert = proven.alert
    if (recorded.number, recorded.rule, recorded.device) != (proven.number, alert.rule, alert.device):
        raise AlertInvalid(f"the chain has another alert under number {proven.number}")
    if recorded.digest != proven.digest:
        raise AlertInvalid(f"the chain has alert {proven.number} with the digest {recorded.digest}")
    return proven


def _read(data: bytes) -> AlertDocument:
    if len(data) > LONGEST_DOCUMENT:
        raise AlertInvalid(f"it has more than {LONGEST_DOCUMENT} bytes")
    document = from_document(AlertDocument, data)
    if document.format != ALERT_FORMAT:
        raise AlertInvalid(f"its format is {document.format!r} and not {ALERT_FORMAT!r}")
    return document


def _proven(
    document: AlertDocument, thumbprint: Digest | None, witnesses: Mapping[str, bytes], quorum: int
) -> ProvenAlert:
    bundle = verify_proof_bundle(proof_file_bytes(document.proof), thumbprint, witnesses, quorum)
    leaves = tuple(entry.leaf for entry in bundle.entries)
    alert = Alert(document.network, document.rule, document.device, document.salt, leaves)
    said, signer = _said(alert, bundle.checkpoint.signer), str(bundle.checkpoint.signer)
    verify_signature(document.proof.keys.signing, said, document.signature, signer)
    if bundle.checkpoint.origin != log_origin(document.network):
        raise AlertInvalid("its checkpoint is of another network's log")
    for entry in bundle.entries:
        _require_sign(alert, entry, withheld=document.withheld)
    _require_device(alert, bundle.entries[-1])
    digest, cosigned = alert_digest(alert), bundle.cosignatures
    return ProvenAlert(alert, digest, document.number, document.withheld, bundle.entries, bundle.checkpoint, cosigned)


def _require_sign(alert: Alert, entry: ProvenEntry, *, withheld: bool) -> None:
    """The server's word is one thing: what an entry says has to be something that its rule goes by."""
    if withheld and entry.entry is not None:
        raise AlertInvalid(f"entry {entry.leaf.index} is shown, and withheld")
    if entry.entry is not None and not can_be_sign(entry.entry, alert.rule):
        raise AlertInvalid(f"entry {entry.leaf.index} is no sign of {alert.rule.label}")


def _require_device(alert: Alert, last: ProvenEntry) -> None:
    if isinstance(last.entry, LoginEntry) and last.entry.device != alert.device:
        raise AlertInvalid(f"its last entry is about device {last.entry.device}, and not {alert.device}")


def _said(alert: Alert, signer: Party) -> bytes:
    """What the server signs: the alert, as a statement."""
    return statement(alert.network, Alert.__name__, signer, to_cbor(alert))
