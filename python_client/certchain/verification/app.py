"""Apps on user devices: what a vendor released, and whether the management database still says what was decided about it."""

from collections.abc import Sequence

from certchain.encoding.digest import app_release_digest, manifest_digest, statement
from certchain.encoding.message import from_cbor
from certchain.errors import (
    DatabaseChanged,
    IntegrityFailed,
    InvalidInput,
    ReleaseInvalid,
    SignatureInvalid,
    WrongSigner,
)
from certchain.keys import verify_signature
from certchain.models.app import RELEASE_FORMAT, AppRecord, AppRelease, ReleaseFile
from certchain.models.certification import AppStatus, IntegrityEvidence, Signed
from certchain.models.entry import AppEntry
from certchain.models.identifier import PartyKind, service_party
from certchain.models.registration import KeyRecord
from certchain.verification.statement import verify_statement

_STEP = "C5"


def verify_files(file: ReleaseFile) -> Signed:
    """Returns the signed release, whose signature is still to be verified, when it is over these files. Raises ``ReleaseInvalid``."""
    release = from_cbor(AppRelease, file.release.body)
    name = repr(f"{release.app} {release.version}")
    if file.format != RELEASE_FORMAT:
        raise ReleaseInvalid(name, f"its format is not {RELEASE_FORMAT}")
    if manifest_digest(release.app, release.version, file.files) != release.digest:
        raise ReleaseInvalid(name, "the files in it are not those that the vendor signed")
    return file.release


def verify_release(release: Signed, records: Sequence[KeyRecord], network: bytes) -> AppRelease:
    """Returns what a vendor, an enrolled service, signed under its keys in force (``records`` are those it has had).

    Raises what ``verify_statement`` raises.
    """
    if release.signer.kind is not PartyKind.SERVICE:
        raise WrongSigner("a service", str(release.signer))
    return verify_statement(release, AppRelease, release.signer, records, network)


def verify_standing(
    evidence: IntegrityEvidence, record: AppRecord | None, decision: AppEntry | None, network: bytes, now: int
) -> AppRecord:
    """C5: returns the record of an app that may be certified ``now`` (seconds since the epoch).

    ``decision`` is the last that the log has about it. The record has to agree with it: nobody allows an app, or puts another release in
    its place, by changing the management database. Raises ``IntegrityFailed`` or ``DatabaseChanged``.
    """
    name = repr(f"{evidence.app} {evidence.version}")  # a peer's text goes into logs and terminals
    if decision is None and record is None:
        raise IntegrityFailed(_STEP, f"{name} is unknown")
    if decision is None:
        raise DatabaseChanged(_STEP, f"nobody has allowed {name}")
    _require_certifiable(name, decision, now)
    return _verify_record(name, record, decision, network)


def _require_certifiable(name: str, decision: AppEntry, now: int) -> None:
    if decision.status is AppStatus.REVOKED:
        raise IntegrityFailed(_STEP, f"{name} is revoked")
    if decision.status is AppStatus.DEPRECATED and now >= decision.until:
        raise IntegrityFailed(_STEP, f"{name} is deprecated, and its time is over")


def _verify_record(name: str, record: AppRecord | None, decision: AppEntry, network: bytes) -> AppRecord:
    if record is None:
        raise DatabaseChanged(_STEP, f"the release of {name} is missing")
    if (record.status, record.until) != (decision.status, decision.until):
        raise DatabaseChanged(_STEP, f"{name} has another status than was decided")
    if app_release_digest(record.release) != decision.release:
        raise DatabaseChanged(_STEP, f"{name} has another release than was admitted")
    release = _read_release(name, record, decision, network)
    if (release.app, release.version, release.digest) != (record.app, record.version, record.digest):
        raise DatabaseChanged(_STEP, f"{name} has other files than its vendor signed")
    return record


def _read_release(name: str, record: AppRecord, decision: AppEntry, network: bytes) -> AppRelease:
    """What the vendor signed. Its keys were in force when it was admitted, and stand in what the decision is about."""
    try:
        signed = from_cbor(Signed, record.release)
        said = statement(network, AppRelease.__name__, service_party(decision.vendor), signed.body)
        verify_signature(signed.keys.signing, said, signed.signature, str(signed.signer))
        return from_cbor(AppRelease, signed.body)
    except (InvalidInput, SignatureInvalid):
        raise DatabaseChanged(_STEP, f"the release of {name} is not its vendor's") from None
