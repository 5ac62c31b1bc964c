"""Enrolment: who takes part in the network, and which apps are allowed. The ledger comes first, for it issues the identifiers."""

import logging
import secrets
from dataclasses import dataclass

from certchain.encoding.digest import key_thumbprint, user_name_commitment
from certchain.errors import KeyAlreadyEnrolled, UnknownRecord
from certchain.models.app import AppRecord
from certchain.models.certification import (
    AppManifest,
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.identifier import (
    DeviceId,
    Party,
    PartyKind,
    UserDeviceId,
    UserId,
    device_party,
    user_device_party,
)
from certchain.models.registration import PublicKeys
from certchain.roles.certification_server.equipment import Equipment

SALT_LENGTH = 32
_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the operator does before anyone can register.

    Each method can be repeated after an error or a crash: an identifier that the ledger issued for these keys, and that did not reach the
    management database, is taken up again.
    """

    equipment: Equipment

    def enrol_device(self, manufacturer: str, model: str, serial: str, keys: PublicKeys) -> DeviceId:
        """Enrols an IoT device on the ledger and in the management database. Raises ``KeyAlreadyEnrolled``."""
        device = DeviceId(self._issue(PartyKind.DEVICE, keys))
        self.equipment.database.put_device(DeviceInformation(device, manufacturer, model, serial), keys)
        _log.info("Device %d is enrolled.", device)
        return device

    def enrol_user_device(self, information: UserDeviceInformation, keys: PublicKeys) -> UserDeviceId:
        """The same for a user device."""
        user_device = UserDeviceId(self._issue(PartyKind.USER_DEVICE, keys))
        self.equipment.database.put_user_device(user_device, information, keys)
        _log.info("User device %d is enrolled.", user_device)
        return user_device

    def enrol_user(self, name: str) -> UserId:
        """Enrols a user, of whom the ledger gets a salted commitment only.

        After a crash a repetition issues another identifier: the first one has no name anywhere, and is never used.
        """
        salt = secrets.token_bytes(SALT_LENGTH)
        user = self.equipment.ledger.registrations.enrol_user(user_name_commitment(salt, name))
        self.equipment.database.put_user(user, name, salt)
        _log.info("User %d is enrolled.", user)
        return user

    def rotate_device_keys(self, device: DeviceId, keys: PublicKeys) -> None:
        """Puts other keys of a device in force. Its registrations have to be made again: the keys are in the third factor."""
        information, _ = self.equipment.database.device(device)
        if not self._in_force(device_party(device), keys):
            self.equipment.ledger.registrations.rotate_device_keys(device, keys)
        self.equipment.database.put_device(information, keys)
        _log.info("Device %d has other keys.", device)

    def rotate_user_device_keys(self, user_device: UserDeviceId, keys: PublicKeys) -> None:
        """The same for a user device, whose keys are in the first factor."""
        information, _ = self.equipment.database.user_device(user_device)
        if not self._in_force(user_device_party(user_device), keys):
            self.equipment.ledger.registrations.rotate_user_device_keys(user_device, keys)
        self.equipment.database.put_user_device(user_device, information, keys)
        _log.info("User device %d has other keys.", user_device)

    def allow_app(self, manifest: AppManifest) -> None:
        """Allows an app's version, as its vendor released it. Raises ``RecordExists`` if it is known with other files."""
        self.equipment.database.put_app(AppRecord(manifest.app, manifest.version, manifest.digest, b""))
        self.equipment.database.set_app_status(manifest.app, manifest.version, AppStatus.ALLOWED)
        _log.info("App %s %s is allowed.", manifest.app, manifest.version)

    def revoke_app(self, app: str, version: str) -> None:
        """Ends an app's version: its evidence is refused from now on (C5). Raises ``UnknownRecord``."""
        self.equipment.database.set_app_status(app, version, AppStatus.REVOKED)
        _log.info("App %s %s is revoked.", app, version)

    def _issue(self, kind: PartyKind, keys: PublicKeys) -> int:
        """A fresh identifier, or the one that an interrupted enrolment of these keys left without a record."""
        ledger, is_device = self.equipment.ledger.registrations, kind is PartyKind.DEVICE
        try:
            return ledger.enrol_device(keys) if is_device else ledger.enrol_user_device(keys)
        except KeyAlreadyEnrolled:
            issued = ledger.device_count() if is_device else ledger.user_device_count()
            for number in range(issued, 0, -1):
                if self._in_force(Party(kind, number), keys) and not self._recorded(Party(kind, number)):
                    return number
            raise

    def _in_force(self, party: Party, keys: PublicKeys) -> bool:
        return self.equipment.key_records(party)[-1].thumbprint == key_thumbprint(keys)

    def _recorded(self, party: Party) -> bool:
        database = self.equipment.database
        try:
            if party.kind is PartyKind.DEVICE:
                database.device(DeviceId(party.number))
            else:
                database.user_device(UserDeviceId(party.number))
        except UnknownRecord:
            return False
        return True
