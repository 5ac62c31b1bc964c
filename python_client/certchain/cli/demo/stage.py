"""Where the demo plays: a home folder and a chain of its own; and how it tells, and checks, what happens."""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from certchain.cli.network import ChainNetwork
from certchain.cli.output import Output, Result, Values, plain
from certchain.cli.party import Cast
from certchain.cli.workspace import Workspace, opener
from certchain.config import Home
from certchain.errors import CertchainError, DemoFailed
from certchain.ledger.embedded import embedded_chain
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.log import LogLeaf

Refusal = TypeVar("Refusal", bound=CertchainError)

_SHORT = 16
_INDENT = 12


@dataclass(slots=True)
class Stage:
    """The demo's workspace and cast, and what has been told so far. A claim that does not hold ends the demo with ``DemoFailed``."""

    output: Output
    workspace: Workspace
    cast: Cast
    told: list[Values] = field(default_factory=list)
    _scene: str = ""

    def run(self, command: Callable[..., Result | None], *arguments: object, **options: object) -> Values:
        """Runs a command of the command line, and returns its record."""
        result = command(self.workspace, *arguments, **options)
        return result.values if result and isinstance(result.values, Mapping) else {}

    def scene(self, title: str) -> None:
        """Begins a scene."""
        self._scene = title
        self._print(Text(f"\n{title}", style="bold"))

    def tell(self, step: str, sentence: str) -> None:
        """Says what has happened, and in which step of the protocol."""
        self.told.append({"scene": self._scene, "step": step, "told": sentence})
        self._print(Text(f"  {step:<{_INDENT - 2}}", style="cyan").append(plain(sentence).plain, style="default"))

    def require(self, claim: str, holds: bool) -> None:
        """Raises ``DemoFailed`` unless the claim holds."""
        if not holds:
            raise DemoFailed(claim)

    def refused(self, kind: type[Refusal], attempt: Callable[[], object]) -> Refusal:
        """The refusal that an attempt ends with. Raises ``DemoFailed`` when it succeeds, or ends in another way."""
        try:
            attempt()
        except kind as refusal:
            return refusal
        except CertchainError as other:
            raise DemoFailed(f"a {kind.__name__} was due, and what came was: {other}") from other
        raise DemoFailed(f"a {kind.__name__} was due, and the attempt succeeded")

    def entry(self, index: int) -> tuple[LogLeaf, LoginEntry]:
        """A login of the log, and its leaf."""
        found = self.cast.log.engine.reader.entries(index, 1)[0]
        entry = found.body and found.body.entry
        if not isinstance(entry, LoginEntry):
            raise DemoFailed(f"entry {index} is a login")
        return found.leaf, entry

    def logged(self, step: str, refusal: type[CertchainError]) -> tuple[LogLeaf, LoginEntry]:
        """The log's last entry, which has to be this refusal in this step."""
        leaf, entry = self.entry(self.log_size() - 1)
        expected = (LoginOutcome.REFUSED, step, refusal.__name__)
        self.require(f"the log's last entry is {expected}", (entry.outcome, entry.step, entry.reason) == expected)
        return leaf, entry

    def log_size(self) -> int:
        """How many entries the log has."""
        return self.cast.log.engine.store.size()

    def _print(self, text: Text) -> None:
        if not self.output.as_json:
            Console(file=self.output.results, highlight=False, soft_wrap=True).print(text)


def short(digest: Digest) -> str:
    """A digest as far as it is worth telling."""
    return f"{digest.algorithm}:{digest.value.hex()[:_SHORT]}…"


@contextmanager
def stage(output: Output) -> Iterator[Stage]:
    """A stage in a temporary home folder, on a chain in the process; both are gone afterwards."""
    chain, passphrase = embedded_chain(), secrets.token_urlsafe()
    open_workspace = opener(lambda home, configuration, _: ChainNetwork(home, configuration, lambda: chain))
    with (
        tempfile.TemporaryDirectory(prefix="certchain-demo-") as folder,
        open_workspace(Home(Path(folder)), output) as workspace,
    ):
        workspace.ask_passphrase = lambda _: passphrase
        yield Stage(output, workspace, Cast(workspace))
