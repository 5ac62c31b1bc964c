"""What a certification server is given, and what all its parts do with it."""

from dataclasses import dataclass
from typing import TypeVar

from certchain.config.clock import Clock
from certchain.encoding.digest import key_data_context
from certchain.encoding.message import from_cbor
from certchain.errors import DatabaseChanged, KeyDataUnreadable, SealInvalid, UnknownRecord
from certchain.keys import SealingKey
from certchain.ledger import Ledger
from certchain.log import LogEngine
from certchain.models.app import AppRecord
from certchain.models.application import KeyData
from certchain.models.certification import Signed
from certchain.models.identifier import DeviceId, Party, ServiceId, UserDeviceId
from certchain.models.registration import KeyRecord, Registration, StatusChange
from certchain.roles.certification_server.custody import KeyCustody
from certchain.storage import ManagementDatabase
from certchain.verification.policy import CertificationPolicy
from certchain.verification.registration import OnRecord
from certchain.verification.statement import Identity, verify_statement

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Equipment:
    """A certification server's identity and keys, seams, policy and clock."""

    identity: Identity
    ledger: Ledger
    database: ManagementDatabase
    log: LogEngine
    sealing_key: SealingKey
    policy: CertificationPolicy
    clock: Clock
    custody: KeyCustody

    @property
    def id(self) -> ServiceId:
        """The server's own identifier."""
        return ServiceId(self.identity.party.number)

    def key_records(self, party: Party) -> tuple[KeyRecord, ...]:
        """All keys that a party has had, by the ledger."""
        return self.ledger.registrations.keys(party)

    def said(self, signed: Signed, model: type[Model], signer: Party) -> Model:
        """What the signer said, under keys that the ledger has in force; raises what ``verify_statement`` raises."""
        return verify_statement(signed, model, signer, self.key_records(signer), self.identity.network)

    def on_record(self, device: DeviceId, user_device: UserDeviceId) -> OnRecord:
        """What the management database says of a pair. Raises ``UnknownRecord``."""
        return OnRecord(*self.database.device(device), *self.database.user_device(user_device))

    def app(self, app: str, version: str) -> AppRecord | None:
        """An app's version, if it is known."""
        try:
            return self.database.app(app, version)
        except UnknownRecord:
            return None

    def latest_registration(self, user_device: UserDeviceId, device: DeviceId) -> Registration | None:
        """The pair's latest registration on the ledger, whatever its status."""
        latest = self.ledger.registrations.latest_registration(user_device, device)
        return None if latest is None else self.ledger.registrations.registration(latest)

    def status_changes(self, registration: Registration | None) -> tuple[StatusChange, ...]:
        """How a registration's status has moved, by the ledger; not at all without one."""
        if registration is None:
            return ()
        ledger = self.ledger.registrations
        return ledger.status_changes(registration.id, 0, ledger.status_change_count(registration.id))

    def key_data(self, registration: Registration) -> KeyData:
        """A registration's key data, unsealed (C12). Raises ``DatabaseChanged``, and what ``KeyCustody.key`` raises."""
        context = key_data_context(registration.user_device, registration.device, registration.commitment)
        try:
            sealed = self.database.key_data(registration.commitment)
            return from_cbor(KeyData, self.custody.key(registration).open(context, sealed))
        except UnknownRecord:
            raise DatabaseChanged("C12", "the registration's key data is missing") from None
        except SealInvalid:
            raise KeyDataUnreadable(registration.id) from None
