"""The IoT device as a whole: its parts, and which of them answers which message."""

from collections.abc import Callable

from certchain.channel import Connection, Handler, ServiceChannel
from certchain.config.clock import Clock, SystemClock
from certchain.errors import MalformedMessage
from certchain.ledger import Ledger
from certchain.models.application import LoginGrant, RegistrationApplication
from certchain.models.certification import (
    Certification,
    Command,
    DeviceInformation,
    Login,
    Signed,
    UserDeviceStatement,
)
from certchain.models.identifier import ServiceId, UserId
from certchain.roles.iot_device.conversation import Conversations
from certchain.roles.iot_device.equipment import Equipment
from certchain.roles.iot_device.login import Logins
from certchain.roles.iot_device.registration import RegistrationDesk
from certchain.roles.iot_device.session import Sessions
from certchain.storage import FileStore
from certchain.verification.login import LoginPolicy
from certchain.verification.statement import Identity


class IotDevice:
    """Answers user devices, and obeys those that its certification server has certified.

    ``identity`` is enrolled as a device, ``store`` is private to it; ``server`` is its channel to the certification server, a service
    numbered ``certification_server``. ``execute`` carries a command out and returns its result; ``others`` answers every message that
    is not about certification. Thread-safe.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        information: DeviceInformation,
        ledger: Ledger,
        store: FileStore,
        server: ServiceChannel,
        certification_server: ServiceId,
        execute: Callable[[bytes], bytes],
        others: Handler | None = None,
        policy: LoginPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock, policy = clock or SystemClock(), policy or LoginPolicy()
        equipment = Equipment(identity, information, ledger, store, server, certification_server, policy, clock)
        conversations = Conversations(clock, policy.conversations)
        self._logins = Logins(equipment, conversations)
        self._registrations = RegistrationDesk(equipment, self._logins)
        self._sessions = Sessions(equipment, conversations, self._logins, execute)
        self._others = others or _unanswered

    def answer(self, connection: Connection, message: object) -> object:
        """Answers one message; a ``Handler``. Raises the refusal, or ``MalformedMessage`` for what the device does not answer.

        A user device's message counts only when the channel leads to it: ``WrongSigner``, before anything is counted or kept.
        """
        match message:
            case Signed(kind=RegistrationApplication.__name__ | LoginGrant.__name__):
                return self._registrations.answer(connection, message)
            case Login():
                return self._logins.answer_login(connection, message)
            case Signed(kind=UserDeviceStatement.__name__):
                return self._sessions.answer_statement(connection, message)
            case Certification():
                return self._sessions.answer_certification(connection, message)
            case Command():
                return self._sessions.answer_command(connection, message)
            case _:
                return self._others(connection, message)

    def unlock(self, user: UserId) -> None:
        """The operator lets a user try again who was locked out (C2)."""
        self._logins.unlock(user)


def _unanswered(connection: Connection, message: object) -> object:
    del connection
    raise MalformedMessage(f"a {type(message).__name__} is nothing that this device answers")
