"""Where the demo plays: a home folder and a chain of its own; and how it tells, and checks, what happens."""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certchain.cli.demo.teller import Teller
from certchain.cli.network import ChainNetwork
from certchain.cli.output import Output, Result, Values
from certchain.cli.party import Cast
from certchain.cli.workspace import Workspace, opener
from certchain.config import Home
from certchain.errors import CertchainError, DemoFailed
from certchain.ledger.embedded import embedded_chain
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.log import LogLeaf

_SHORT = 16


@dataclass(slots=True, kw_only=True)
class Stage(Teller):
    """The demo's workspace and cast, and what has been told so far."""

    workspace: Workspace
    cast: Cast

    def run(self, command: Callable[..., Result | None], *arguments: object, **options: object) -> Values:
        """Runs a command of the command line, and returns its record."""
        result = command(self.workspace, *arguments, **options)
        return result.values if result and isinstance(result.values, Mapping) else {}

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
        yield Stage(output=output, workspace=workspace, cast=Cast(workspace))
