"""What an IoT device is given for certification, and what its parts do with it."""

from dataclasses import dataclass
from typing import TypeVar

from certchain.channel import Channel
from certchain.config.clock import Clock
from certchain.ledger import Ledger
from certchain.models.certification import DeviceInformation, Signed
from certchain.models.identifier import DeviceId, Party, ServiceId
from certchain.storage import FileStore
from certchain.verification.login import LoginPolicy
from certchain.verification.statement import Identity, verify_statement

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Equipment:
    """A device's identity and keys, its information, its seams, its channel to the certification server, policy and clock."""

    identity: Identity
    information: DeviceInformation
    ledger: Ledger
    store: FileStore
    server: Channel
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
