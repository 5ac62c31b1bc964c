"""The user device as a whole."""

from certchain.channel import Channel, ServiceChannel
from certchain.config.clock import Clock, SystemClock
from certchain.keys import RFC_9106_SECOND, Argon2Cost
from certchain.ledger import Ledger
from certchain.models.application import RegistrationApplication, RegistrationGrant
from certchain.models.certification import UserDeviceInformation
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, ServiceId, UserId
from certchain.models.registration import PublicKeys
from certchain.roles.user_device.equipment import Equipment, InstalledApp
from certchain.roles.user_device.registration import Applicant
from certchain.roles.user_device.session import Claimant, ControlSession
from certchain.storage import FileStore
from certchain.verification.statement import Identity

__all__ = ["InstalledApp", "UserDevice"]


class UserDevice:
    """Registers its user for IoT devices, is certified, and controls them.

    ``identity`` is enrolled as a user device, ``store`` is private to it; ``server`` is the certification server that it trusts, with the
    public ``server_keys``, which have to be in force on the ledger; ``cost`` is the work of Argon2id for new registrations.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        information: UserDeviceInformation,
        ledger: Ledger,
        store: FileStore,
        server: ServiceId,
        server_keys: PublicKeys,
        app: InstalledApp,
        cost: Argon2Cost = RFC_9106_SECOND,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        equipment = Equipment(identity, information, ledger, store, server, server_keys, app, cost, clock)
        self._applicant = Applicant(equipment)
        self._claimant = Claimant(equipment)

    def register(
        self, channel: ServiceChannel, user: UserId, device: DeviceId, method: MethodNumber, secret: str
    ) -> RegistrationGrant:
        """Registers for a device by a combination method, in place of the pair's live registration if there is one.

        ``channel`` leads to the certification server, or to the IoT device, which forwards the application; the server's operator has to
        have permitted it. The secret is forgotten at once. Raises the server's refusal; ``OutcomeForged`` when what was granted is not
        what the ledger has.
        """
        return self._applicant.register(channel, user, device, method, secret)

    def pending(self, device: DeviceId) -> RegistrationApplication | None:
        """The application for the device that was not answered: ``register`` asks for its answer again, by the same secret."""
        return self._applicant.pending(device)

    def introduce(self, channel: ServiceChannel, device: DeviceId) -> RegistrationId:
        """After a registration without the IoT device: shows it the login verifier that the server granted.

        Raises ``UnknownRecord`` without a registration, ``RegistrationRefused`` when it is not the active one.
        """
        return self._applicant.introduce(channel, device)

    def certify(self, channel: Channel, device: DeviceId, secret: str) -> ControlSession:
        """C1 to C14: logs in with the user's secret, is certified, and returns the control of the device on this channel.

        Raises ``UnknownRecord`` without a registration; the device's or the certification server's refusal, named by its step; or its own,
        at C6, C8 and C14. After a refusal a session starts over at C1.
        """
        return self._claimant.certify(channel, device, secret)
