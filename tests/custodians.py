"""Custodians for tests, each valid by default, and certification servers' channels to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certchain.channel import Conversation, MemoryChannel
from certchain.keys import KeyPair, SealingKey
from certchain.models.identifier import Party, ServiceId, service_party
from certchain.roles.custodian import Custodian
from certchain.storage import MemoryShareStore
from certchain.verification.statement import Identity


@dataclass(slots=True)
class Keeper:
    """A custodian with everything that outlives its process; ``servers`` are those that it keeps shares for."""

    ledger: Any
    identity: Identity
    servers: list[ServiceId] = field(default_factory=list)
    store: Any = field(default_factory=MemoryShareStore)
    sealing_key: SealingKey = field(default_factory=SealingKey.generate)
    role: Custodian = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.role = Custodian(
            identity=self.identity,
            ledger=self.ledger,
            store=self.store,
            sealing_key=self.sealing_key,
            servers=self.servers,
        )

    @property
    def id(self) -> ServiceId:
        return ServiceId(self.identity.party.number)

    def answer(self, conversation: Conversation, message: object) -> object:
        return self.role.answer(conversation, message)

    def channel(self, asker: Party) -> MemoryChannel:
        return MemoryChannel(self.answer, asker=asker, answerer=self.identity.party)


def enrolled(account: Any, name: str = "custodian") -> Keeper:
    """A custodian that the authority has enrolled; ``account`` gives ledgers by a person's name."""
    keys, ledger = KeyPair.generate(), account(name)
    service = account("authority").registrations.enrol_service(keys.public)
    return Keeper(ledger, Identity(ledger.network, service_party(service), keys))


def channels(keepers: Mapping[ServiceId, Keeper], server: Party) -> dict[ServiceId, Any]:
    """A certification server's channels to all of them, who keep shares for it from now on."""
    for keeper in keepers.values():
        if server.number not in keeper.servers:
            keeper.servers.append(ServiceId(server.number))
            keeper.restart()
    return {number: keeper.channel(server) for number, keeper in keepers.items()}
