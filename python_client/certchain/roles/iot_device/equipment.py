"""What an IoT device is given for certification, and what its parts do with it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from certchain.channel import ServiceChannel
from certchain.config.clock import Clock
from certchain.errors import CertchainError
from certchain.ledger import Ledger
from certchain.models.certification import DeviceInformation, Signed
from certchain.models.identifier import DeviceId, Party, ServiceId
from certchain.storage import FileStore
from certchain.verification.login import LoginPolicy
from certchain.verification.statement import Identity, verify_statement

Model = TypeVar("Model")
_log = logging.getLogger("certchain.roles.iot_device")


@dataclass(frozen=True, slots=True)
class Equipment:
    """A device's identity and keys, its information, its seams, its channel to the certification server, policy and clock."""

    identity: Identity
    information: DeviceInformation
    ledger: Ledger
    store: FileStore
    server: ServiceChannel
    certification_server: ServiceId
    policy: LoginPolicy
    clock: Clock

    @property
    def id(self) -> DeviceId:
        """The device's own identifier."""
        return self.information.device

    def said(self, signed: Signed, model: type[Model], signer: Party) -> Model:
        """What the signer said, under keys that the ledger has in force; raises what ``verify_statement`` raises."""
        return verify_statement(signed, model, signer, self.ledger.registrations.keys(signer), self.identity.network)


@contextmanager
def refusals(step: str) -> Iterator[None]:
    """Names the step in the device's own log, whatever is refused within. What the peer sent does not stand there."""
    try:
        yield
    except CertchainError as refusal:
        _log.warning("%s refused: %s", step, type(refusal).__name__)
        raise
