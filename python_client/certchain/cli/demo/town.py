"""The town of the live demonstration: its places and people, each with a home of its own."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from certchain.cli.demo.place import Place, World, is_unrecorded
from certchain.cli.demo.process import Running
from certchain.cli.demo.teller import Teller
from certchain.cli.output import Output
from certchain.cli.self_check import checked
from certchain.cli.stopping import interrupted_by_termination
from certchain.config import read_configuration, write_configuration
from certchain.errors import CertchainError
from certchain.ledger.node import Program, free_port, start_node

APP, APP_VERSION = "door", "1.0"
LOCAL = "127.0.0.1"
LOCKS = ("porch-lock", "hall-lock")
KEEPER = "keeper"
"""What a custodian is called in its own home."""
CUSTODIANS = 5
NEEDED = 3
"""Of the shares of key data of high risk, which is what the locks are."""
AGAIN_AFTER = 2
"""Seconds after which the log goes to the chain, and alerts are looked for again."""


@dataclass(slots=True)
class Person:
    """Somebody with a user device in a home of its own, and the lock that is theirs."""

    name: str
    place: Place
    device: str
    lock: str
    secret: str = field(default_factory=secrets.token_urlsafe, repr=False)

    @property
    def pair(self) -> tuple[str, ...]:
        """The options that name user device and lock."""
        return "--user-device", self.device, "--device", self.lock


@dataclass(slots=True, kw_only=True)
class Live(Teller):
    """The places, as far as they are there."""

    world: World
    centre: Place
    olga: Place
    card: Path
    url: str
    node: str
    people: list[Person] = field(default_factory=list)
    custodians: list[Place] = field(default_factory=list)

    def certify(self, person: Person, order: str, secret: str = "") -> str:
        """One session from the user device's process; returns what the lock answered."""
        command = ("session", "certify", *person.pair, "--command", order)
        return str(self.world.user_device(person.place, secret or person.secret, *command)["answer"])

    def certification_refused(self, kind: type[CertchainError], person: Person, secret: str = "") -> None:
        """The same, when it has to be refused."""
        refusal = self.refused(kind, lambda: self.certify(person, "unlock", secret))
        self.tell("", f"refused: {type(refusal).__name__}: {refusal}")

    def serve_custodian(self, place: Place) -> Running:
        """Starts a custodian at the port that it had before, if it had one."""
        before = self.world.running.get(place.name)
        port = before.address.rpartition(":")[2] if before else str(free_port())
        return self.world.start(place, "custodian", "serve", KEEPER, "--port", port)

    def serve(self) -> None:
        """Starts the certification server, and waits until it answers."""
        self.world.start(self.centre, "server", "serve", "--port", self.url.rpartition(":")[2]).await_address()


@contextmanager
def founded(output: Output) -> Iterator[Live]:
    """A chain on anvil, and the certification centre's home; everything that was started is stopped with it."""
    with ExitStack() as closing:
        closing.enter_context(interrupted_by_termination())
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="certchain-live-")))
        node = closing.enter_context(start_node(Program.ANVIL, folder / "node", free_port()))
        world = World(folder, is_unrecorded(checked))
        closing.callback(world.stop)
        centre, olga = world.place("centre"), world.place("olga")
        set_up(centre, network="anvil", networks={"anvil": node.url}, log_batch_age=AGAIN_AFTER)
        url, card = f"https://{LOCAL}:{free_port()}", folder / "network.json"
        yield Live(output=output, world=world, centre=centre, olga=olga, card=card, url=url, node=node.url)


def set_up(place: Place, **settings: Any) -> None:
    """Changes settings of a home."""
    before = read_configuration(place.home.configuration)
    write_configuration(place.home.configuration, replace(before, **settings))
