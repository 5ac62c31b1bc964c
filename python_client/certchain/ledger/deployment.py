"""Where a network's contracts are: what everyone who uses the network has to know of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from eth_typing import ChecksumAddress

from certchain.config.file import FOR_ALL, write_whole
from certchain.encoding.digest import network
from certchain.errors import ConfigurationInvalid, MalformedValue
from certchain.ledger import argument
from certchain.models.log import LogMode

CONTRACTS = ("Permissions", "Registration", "LoginLog", "UpdateRegistry", "KeyCustody", "Alerts")
LOG_SOURCES = {LogMode.RECORDED: "RecordedLog", LogMode.ANCHORED: "AnchoredLog"}
SOURCES = ("Permissions", "Registration", *LOG_SOURCES.values(), "UpdateRegistry", "KeyCustody", "Alerts")
"""What the contracts of a network are compiled from: each is its own source, but a log, which its mode chooses one for."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A network's contracts by name, in the order of ``CONTRACTS``; ``block`` is one before which none of them was there."""

    chain_id: int
    block: int
    contracts: Mapping[str, ChecksumAddress]
    login_log_mode: LogMode = LogMode.RECORDED

    @property
    def identity(self) -> bytes:
        """What tells this network from every other: 32 bytes over its chain id and its contracts' addresses."""
        return network(self.chain_id, [self.contracts[name] for name in CONTRACTS]).value

    def source(self, name: str) -> str:
        """Which of ``SOURCES`` a contract is compiled from."""
        return source(name, self.login_log_mode)

    def to_json(self) -> str:
        """The deployment file's content."""
        values = {
            "chain_id": self.chain_id,
            "block": self.block,
            "login_log_mode": self.login_log_mode,
            "contracts": dict(self.contracts),
        }
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, path: str = "deployment", partial: bool = False) -> Self:
        """Reads what ``to_json`` wrote. Raises ``ConfigurationInvalid``, which names ``path``.

        A ``partial`` deployment may lack some contracts.
        """
        try:
            values = json.loads(text)
            names = [name for name in CONTRACTS if not partial or name in values["contracts"]]
            contracts = {name: argument.account(name, values["contracts"][name]) for name in names}
            mode = LogMode(values["login_log_mode"])
            return cls(int(values["chain_id"]), int(values["block"]), contracts, mode)
        except MalformedValue as problem:
            raise ConfigurationInvalid(path, str(problem).removesuffix(".")) from None
        except (ValueError, TypeError, KeyError) as problem:
            raise ConfigurationInvalid(path, f"it is not a deployment file: {problem!r}") from None

    def save(self, path: Path) -> None:
        """Replaces the deployment file, whole or not at all. Raises ``ConfigurationInvalid``."""
        write_settings(path, self.to_json())

    @classmethod
    def load(cls, path: Path, partial: bool = False) -> Self:
        """Reads a deployment file. Raises ``ConfigurationInvalid`` if it cannot be read or is none."""
        try:
            text = path.read_text()
        except OSError as problem:
            raise ConfigurationInvalid(str(path), _reason(problem)) from None
        return cls.from_json(text, str(path), partial)


def source(name: str, login_log_mode: LogMode) -> str:
    """Which of ``SOURCES`` one of ``CONTRACTS`` is compiled from on a network with a login log of this mode."""
    return LOG_SOURCES[login_log_mode] if name == "LoginLog" else name


def write_settings(path: Path, text: str) -> None:
    """Replaces a file that others may read, whole or not at all. Raises ``ConfigurationInvalid``."""
    try:
        write_whole(path, text.encode(), FOR_ALL)
    except OSError as problem:
        raise ConfigurationInvalid(str(path), _reason(problem)) from None


def _reason(problem: OSError) -> str:
    return problem.strerror or str(problem)
