"""Custodians for tests, each valid by default, and certification servers' channels to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from certchain.channel import Conversation, MemoryChannel
from certchain.encoding.custody import kept_share_context
from certchain.encoding.message import from_cbor
from certchain.keys import KeyPair, SealingKey
from certchain.models.custody import KeyDivision, KeyShare
from certchain.models.digest import Digest
from certchain.models.identifier import Party, ServiceId, service_party
from certchain.roles.custodian import Custodian
from certchain.sharing import combine
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


def stolen_share(keeper: Keeper, server: ServiceId, division: KeyDivision) -> KeyShare:
    """A keeper's share of a division, out of its store and with its sealing key."""
    context = kept_share_context(server, keeper.id, division.commitment, division.number)
    kept = next(share for share in keeper.store.shares(server, division.commitment) if share.number == division.number)
    return from_cbor(KeyShare, keeper.sealing_key.open(context, kept.sealed))


def newest_division(ledger: Any, commitment: Digest) -> KeyDivision:
    """The division in use."""
    found: KeyDivision = ledger.custody.division(commitment, ledger.custody.division_count(commitment))
    return found


def stolen_key(ledger: Any, server: ServiceId, commitment: Digest, keepers: Iterable[Keeper]) -> SealingKey:
    """The key of a registration's key data, as these keepers would rebuild it together."""
    division = newest_division(ledger, commitment)
    shares = [stolen_share(keeper, server, division) for keeper in keepers]
    return SealingKey(combine(shares, len(shares)))
