"""Which apps user devices may run: an operator decides, the log keeps what was decided, and C5 holds the management database to it."""

import logging
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from certchain.encoding.digest import app_release_digest
from certchain.encoding.message import to_cbor
from certchain.errors import MalformedValue, RecordExists, UnknownRecord, WrongSigner
from certchain.models.app import AppRecord, AppRelease
from certchain.models.certification import AppStatus, IntegrityEvidence, Signed
from certchain.models.entry import AppEntry
from certchain.models.identifier import ServiceId, service_party
from certchain.roles.certification_server.app_decisions import AppDecisions
from certchain.roles.certification_server.equipment import Equipment
from certchain.verification.app import verify_release, verify_standing
from certchain.verification.certification import verify_evidence

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Apps:
    """Each method that decides can be repeated after an error or a crash. ``by`` is the operator's name, ``reason`` theirs to give.

    The decision is in the log before it is in the management database: between the two the version is certified for nobody. One is decided
    at a time, so that of two operators the later has the last word in both.
    """

    equipment: Equipment
    decisions: AppDecisions = field(init=False)
    _deciding: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decisions", AppDecisions(self.equipment.log))

    def allow(self, release: Signed, by: str = "", reason: str = "") -> AppRelease:
        """Allows a version as its vendor released it; also one that was deprecated or revoked. Returns what the vendor signed.

        Raises ``RecordExists`` when the version is known with other files, ``WrongSigner`` for another vendor than the app's, and what
        ``verify_release`` raises.
        """
        records = self.equipment.key_records(release.signer)
        said = verify_release(release, records, self.equipment.identity.network)
        vendor = ServiceId(release.signer.number)
        record = AppRecord(said.app, said.version, said.digest, to_cbor(release))
        digest = app_release_digest(record.release)
        with self._deciding:
            self._require_consistent(record, vendor)
            self.decisions.decide(AppEntry(said.app, said.version, vendor, digest, AppStatus.ALLOWED, 0, by, reason))
            self.equipment.database.put_app(record)
            self.equipment.database.set_app_status(record.app, record.version, AppStatus.ALLOWED)
        _log.info("App %s %s is allowed.", said.app, said.version)
        return said

    def deprecate(self, app: str, version: str, until: int, by: str = "", reason: str = "") -> None:
        """Certifies a version until a time (seconds since the epoch), and no longer. Raises ``UnknownRecord`` or ``MalformedValue``."""
        if until <= self.equipment.clock.now():
            raise MalformedValue("until", "it is not in the future")
        self._decide(app, version, status=AppStatus.DEPRECATED, until=until, by=by, reason=reason)

    def revoke(self, app: str, version: str, by: str = "", reason: str = "") -> None:
        """Ends a version: its evidence is refused from now on (C5). Raises ``UnknownRecord``."""
        self._decide(app, version, status=AppStatus.REVOKED, until=0, by=by, reason=reason)

    def verify(self, evidence: IntegrityEvidence) -> IntegrityEvidence:
        """C5: returns the evidence of an app that may run. Raises ``IntegrityFailed`` or ``DatabaseChanged``."""
        decision = self.decisions.last(evidence.app, evidence.version)
        network, now = self.equipment.identity.network, self.equipment.clock.now()
        return verify_evidence(evidence, verify_standing(evidence, self._record(evidence), decision, network, now))

    def _require_consistent(self, record: AppRecord, vendor: ServiceId) -> None:
        """Before anything is decided: a version has one manifest, and an app one vendor."""
        known = self.decisions.vendor(record.app)
        if known is not None and known != vendor:
            raise WrongSigner(str(service_party(known)), str(service_party(vendor)))
        kept = self.equipment.app(record.app, record.version)
        if kept is not None and kept.digest != record.digest:
            raise RecordExists("app", f"{record.app} {record.version}")

    def _decide(self, app: str, version: str, **decided: Any) -> None:
        with self._deciding:
            known = self.decisions.last(app, version)
            if known is None:
                raise UnknownRecord("app", f"{app} {version}")
            decision = self.decisions.decide(replace(known, **decided))
            self.equipment.database.set_app_status(app, version, decision.status, decision.until)
        _log.info("App %s %s is %s.", app, version, decision.status)

    def _record(self, evidence: IntegrityEvidence) -> AppRecord | None:
        return self.equipment.app(evidence.app, evidence.version)
