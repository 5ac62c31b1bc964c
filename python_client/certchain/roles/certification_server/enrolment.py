"""Enrolment: who takes part in the network. The ledger comes first, for it issues the identifiers."""

import logging
import secrets
from dataclasses import dataclass

from certchain.encoding.digest import description_digest, key_thumbprint, user_name_commitment
from certchain.errors import AlreadyEnrolledFromBatch, KeyAlreadyEnrolled, MalformedValue, UnknownRecord
from certchain.models.certification import DeviceInformation, Signed, UserDeviceInformation
from certchain.models.identifier import (
    DeviceId,
    Party,
    PartyKind,
    UserDeviceId,
    UserId,
    device_party,
    user_device_party,
)
from certchain.models.production import BatchMembership, DeviceDescription
from certchain.models.registration import PublicKeys
from certchain.roles.certification_server.equipment import Equipment
from certchain.verification.enrolment import verify_enrolment
from certchain.verification.production import verify_membership

SALT_LENGTH = 32
_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the operator does before anyone can register.

    Each method can be repeated after an error or a crash: an identifier that the ledger issued for these keys, and that did not reach the
    management database, is taken up again; and one that is recorded just as it is described now, whose answer was lost, is given again.
    """

    equipment: Equipment

    def enrol_device(self, manufacturer: str, model: str, serial: str, keys: PublicKeys) -> DeviceId:
        """Enrols an IoT device on the ledger and in the management database. Raises ``KeyAlreadyEnrolled``."""
        device = DeviceId(self._issue(PartyKind.DEVICE, keys, (manufacturer, model, serial)))
        self.equipment.database.put_device(DeviceInformation(device, manufacturer, model, serial), keys)
        _log.info("Device %d is enrolled.", device)
        return device

    def enrol_from_batch(self, signed: Signed) -> DeviceId:
        """Enrols a device by its place in a production batch: no operator is asked, for the manufacturer has anchored the batch.

        ``signed`` is its ``EnrolmentRequest``. The place serves once; the same device that asks again, because the answer was lost, gets
        its identifier again. Raises what ``verify_enrolment`` raises, ``NotInBatch``, ``PlaceOutOfRange``, ``UnknownBatch``,
        ``KeyAlreadyEnrolled``, and ``AlreadyEnrolledFromBatch`` for the place of another device.
        """
        request = verify_enrolment(signed, self.equipment.identity.network)
        described, membership = request.device, request.membership
        if described is None or membership is None:
            raise MalformedValue("enrolment", "it shows no place in a production batch")
        device = self._placed(membership, described, signed.keys)
        named = described.manufacturer, described.model, described.serial
        if self._recorded(device_party(device)) is None:
            self.equipment.database.put_device(DeviceInformation(device, *named), signed.keys)
        _log.info("Device %d is enrolled from batch %d.", device, membership.batch)
        return device

    def enrol_user_device(self, information: UserDeviceInformation, keys: PublicKeys) -> UserDeviceId:
        """The same for a user device."""
        user_device = UserDeviceId(self._issue(PartyKind.USER_DEVICE, keys, information))
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

    def _placed(self, membership: BatchMembership, described: DeviceDescription, keys: PublicKeys) -> DeviceId:
        """A fresh identifier, or the one that this very device was given for its place."""
        ledger = self.equipment.ledger.registrations
        description = description_digest(described)
        try:
            return ledger.enrol_from_batch(membership, description, keys)
        except AlreadyEnrolledFromBatch as taken:
            # The place is of the device with this description and these keys, whatever it was given before.
            verify_membership(membership, ledger.batch(membership.batch), description, keys)
            if not self._in_force(device_party(DeviceId(taken.device)), keys):
                raise
            return DeviceId(taken.device)

    def _issue(self, kind: PartyKind, keys: PublicKeys, described: object) -> int:
        """A fresh identifier, or the one that an earlier enrolment of these keys as the same has left."""
        ledger = self.equipment.ledger.registrations
        try:
            return ledger.enrol_device(keys) if kind is PartyKind.DEVICE else ledger.enrol_user_device(keys)
        except KeyAlreadyEnrolled:
            issued = self._issued(kind, keys, described)
            if issued is None:
                raise
            return issued

    def _issued(self, kind: PartyKind, keys: PublicKeys, described: object) -> int | None:
        """The chain is asked only of those few that the management database lacks, or has with these keys."""
        ledger = self.equipment.ledger.registrations
        count = ledger.device_count() if kind is PartyKind.DEVICE else ledger.user_device_count()
        for party in (Party(kind, number) for number in range(count, 0, -1)):
            if self._recorded(party) in (None, (described, keys)) and self._in_force(party, keys):
                return party.number
        return None

    def _in_force(self, party: Party, keys: PublicKeys) -> bool:
        return self.equipment.key_records(party)[-1].thumbprint == key_thumbprint(keys)

    def _recorded(self, party: Party) -> tuple[object, PublicKeys] | None:
        """How the management database has a device or user device described, and its keys."""
        database = self.equipment.database
        try:
            if party.kind is PartyKind.DEVICE:
                device, keys = database.device(DeviceId(party.number))
                return (device.manufacturer, device.model, device.serial), keys
            return database.user_device(UserDeviceId(party.number))
        except UnknownRecord:
            return None
