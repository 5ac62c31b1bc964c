"""The places of the live demonstration: a home for each party, the processes that run there, and commands of people in between."""

import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certchain.cli.demo.process import Running, run, start
from certchain.cli.output import Output, Result, Values
from certchain.cli.stopping import stopped_by_signals
from certchain.cli.workspace import open_workspace
from certchain.config import Configuration, Home, write_configuration
from certchain.errors import CertchainError, DemoFailed, InstallationUnrecorded, error_classes

_KEY_MEMORY = 8 * 1024  # KiB; the passphrase is random and of the hour


@dataclass(slots=True)
class Place:
    """One party's home. People's commands run in this process, one after another; services and user devices in their own."""

    name: str
    home: Home
    passphrase: str = field(default_factory=secrets.token_urlsafe, repr=False)

    def do(self, command: Callable[..., Result | None], *arguments: object, **options: object) -> Values:
        """Runs a command of the command line here, and returns its record."""
        with open_workspace(self.home, Output(as_json=True, notes=io.StringIO())) as workspace:
            workspace.ask_passphrase = lambda _: self.passphrase
            result = command(workspace, *arguments, **options)
        return result.values if result and isinstance(result.values, dict) else {}

    def ask(self, use: Callable[[Any], Any]) -> Any:
        """Looks at something of this home."""
        with open_workspace(self.home, Output(as_json=True, notes=io.StringIO())) as workspace:
            workspace.ask_passphrase = lambda _: self.passphrase
            return use(workspace)


@dataclass(slots=True)
class World:
    """Everything that was made and started; ``stop`` ends all of it."""

    folder: Path
    unrecorded: bool
    places: dict[str, Place] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    _started: list[Running] = field(default_factory=list)

    def place(self, name: str) -> Place:
        """A new, empty home."""
        home = Home(self.folder / name)
        write_configuration(
            home.configuration, Configuration(key_memory=_KEY_MEMORY, unrecorded_installation=self.unrecorded)
        )
        self.places[name] = Place(name, home)
        return self.places[name]

    def start(self, place: Place, *arguments: str) -> Running:
        """Starts a service of a place, which need not answer yet."""
        started = start(place.name, (*arguments, "--home", str(place.home.folder)), _secrets(place), self._log(place))
        self.running[place.name] = started
        self._started.append(started)
        return started

    def stop(self) -> None:
        """Stops whatever runs, all at a time; another Ctrl-C does not leave some of it behind."""
        with stopped_by_signals():
            for each in self._started:
                each.terminate()
            for each in self._started:
                each.stop()

    def user_device(self, place: Place, secret: str, *arguments: str) -> Values:
        """What a user device does, in a process of its own; raises what it was refused with."""
        given = (*arguments, "--home", str(place.home.folder))
        code, shown = run(given, {**_secrets(place), "CERTCHAIN_SECRET": secret})
        if code:
            raise _refusal(shown)
        return shown

    def _log(self, place: Place) -> Path:
        return self.folder / f"{place.name}.log"


def _secrets(place: Place) -> dict[str, str]:
    return {"CERTCHAIN_PASSPHRASE": place.passphrase}


def _refusal(shown: Values) -> CertchainError:
    """The error that a process of ours has told of, by its name."""
    kind, values = error_classes().get(str(shown["error"])), shown.get("values")
    if kind is None or not isinstance(values, dict):
        raise DemoFailed(f"a command is refused by name: {shown['sentence']}")
    return kind(**values)


def is_unrecorded(check: Callable[[], object]) -> bool:
    """Whether this installation has no record of its files, as a clone has none. Raises ``InstallationChanged``."""
    try:
        check()
    except InstallationUnrecorded:
        return True
    return False
