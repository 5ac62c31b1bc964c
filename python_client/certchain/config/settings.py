"""The configuration file, `config.toml` in the home folder: read strictly, and written with a comment beside each value."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import tomli_w

from certchain.config.file import FOR_ALL, write_whole
from certchain.errors import ConfigurationInvalid
from certchain.models.alert import MOST_ALERTED
from certchain.models.evidence import CLOCK_TOLERANCE

LOCAL = "local"
RISKS = ("low", "medium", "high", "critical")
LOG_MODES = ("recorded", "anchored")
_SERVERS = "postgresql+pg8000://"
_MAY_BE_NONE = ("witness_quorum", "alert_user_failures", "alert_device_failures", "alert_moved_key")
_HEADER = """\
# certchain's settings. This home folder belongs to one deployment on one network.
# `certchain deploy` writes this file when it is not there; change a value with any editor.
"""


def _setting(default: Any, comment: str, *, shown: bool = True) -> Any:
    return field(default=default, repr=shown, metadata={"comment": comment})


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a person may set. Durations are in seconds; ``key_memory`` is Argon2id's, in KiB. Tables come last, as TOML has it."""

    network: str = _setting(
        LOCAL, 'The network: "local" is the node that `certchain node` runs here; else a name under [networks].'
    )
    certification_server: str = _setting(
        "", "The certification server's address (https://HOST:PORT): for a home that has joined another's network."
    )
    approvals_required: int = _setting(2, "How many approvers have to approve a package; fixed by the deployment.")
    database: str = _setting(
        "",
        'The management database: "" is a file here; else a PostgreSQL server, as postgresql+pg8000://USER@HOST:PORT/NAME. '
        "CERTCHAIN_DATABASE_PASSWORD has its password.",
        shown=False,
    )
    receipt_timeout: int = _setting(60, "How long to wait for the ledger to confirm, in seconds.")
    gas_cap: int = _setting(12_000_000, "The most gas that one transaction may take.")
    key_memory: int = _setting(
        64 * 1024, "The memory that stretching a passphrase or a secret takes, in KiB: more is harder to guess."
    )
    unlisted_risk: str = _setting(
        "high", "The risk level of a device whose model is not listed: low, medium, high or critical."
    )
    login_log_mode: str = _setting(
        "recorded",
        'How the chain keeps the login log, fixed by the deployment: "recorded" has every leaf, "anchored" roots only.',
    )
    log_batch_size: int = _setting(1_000, "How many entries may wait before they are brought to the chain.")
    log_batch_age: int = _setting(60, "How long an entry may wait for that, in seconds.")
    log_backlog: int = _setting(
        1_000_000, "How many entries may wait while the chain is away; then no more are certified."
    )
    checkpoint_interval: int = _setting(1, "How often a log that grows is published, in seconds.")
    witness_quorum: int = _setting(0, "How many witnesses have to cosign before a checkpoint is published.")
    clock_tolerance: int = _setting(
        CLOCK_TOLERANCE, "How far an auditor lets clocks be apart before an entry's time counts as wrong, in seconds."
    )
    alert_user_failures: int = _setting(
        5, "How many refused logins of one user within five minutes raise an alert; 0 for never, 1000 at most."
    )
    alert_device_failures: int = _setting(20, "The same at one device.")
    alert_moved_key: int = _setting(
        10,
        "A user device that is certified at two devices within so many seconds raises an alert; 0 for never, "
        "where apps log in to several at once.",
    )
    unrecorded_installation: bool = _setting(
        False,
        "Whether services may run from an installation whose files nothing can be checked against: while you develop.",
    )
    model_risks: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict, metadata={"comment": "Risk levels of models, by manufacturer and model."}
    )
    witnesses: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"comment": "Witnesses that are asked: the address of each by its verifier key (name+id+key)."},
    )
    custodians: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"comment": "Custodians that are elsewhere: the address (https://HOST:PORT) of each by its number."},
    )
    keys: Mapping[str, str] = field(
        default_factory=dict,
        repr=False,
        metadata={
            "comment": "Keys of services that are elsewhere: the URI (file: or pkcs11:) of each by the service's name."
        },
    )
    networks: Mapping[str, str] = field(
        default_factory=dict, metadata={"comment": "Other networks by name, each with the address of a node."}
    )

    def address(self, network: str) -> str | None:
        """The node's address for a name under ``[networks]`` or for an address itself; ``None`` for another name."""
        return network if network.startswith(("http://", "https://")) else self.networks.get(network)


def read_configuration(path: Path) -> Configuration:
    """The settings of a file; those that are not named have their defaults, as all have when there is no file.

    Raises ``ConfigurationInvalid`` for a file that cannot be read, a setting that does not exist and a value of another type.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Configuration()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ConfigurationInvalid(str(path), str(problem)) from problem
    for name, value in values.items():
        _check(path, name, value)
    return Configuration(**values)


def write_configuration(path: Path, configuration: Configuration) -> None:
    """Writes every setting with its comment; the file is replaced whole. Raises ``ConfigurationInvalid`` when it cannot be."""
    text = _HEADER + "".join(
        _written(item.name, getattr(configuration, item.name), item.metadata) for item in fields(Configuration)
    )
    try:
        write_whole(path, text.encode(), FOR_ALL)
    except OSError as problem:
        raise ConfigurationInvalid(str(path), str(problem)) from problem


def _written(name: str, value: object, metadata: Mapping[str, Any]) -> str:
    return f"\n# {metadata['comment']}\n{tomli_w.dumps({name: value})}"


def _check(path: Path, name: str, value: object) -> None:
    expected = {item.name: item.type for item in fields(Configuration)}.get(name)
    if expected is None:
        raise ConfigurationInvalid(str(path), f"there is no setting {name!r}")
    least = 0 if name in _MAY_BE_NONE else 1
    if expected is int and (type(value) is not int or value < least):
        raise ConfigurationInvalid(str(path), f"{name} has to be a whole number, {least} or more")
    if expected is bool and type(value) is not bool:
        raise ConfigurationInvalid(str(path), f"{name} has to be true or false")
    if expected is str and not isinstance(value, str):
        raise ConfigurationInvalid(str(path), f"{name} has to be a text")
    holds, rule = _RULES.get(name, (None, ""))
    if holds is not None and not holds(value):
        raise ConfigurationInvalid(str(path), f"{name} has to be {rule}")


def _is_file_or_server(value: str) -> bool:
    return not value or value.startswith(_SERVERS)


def _is_nothing_or_https(value: str) -> bool:
    return not value or value.startswith("https://")


def _is_threshold(value: int) -> bool:
    return value <= MOST_ALERTED


def _is_table_of_risks(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(models, dict) and all(risk in RISKS for risk in models.values()) for models in value.values()
    )


def _is_table_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(address, str) for address in value.values())


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "alert_user_failures": (_is_threshold, "a whole number, 0 to 1000"),
    "alert_device_failures": (_is_threshold, "a whole number, 0 to 1000"),
    "networks": (_is_table_of_texts, "a table of addresses by name"),
    "witnesses": (_is_table_of_texts, "a table of addresses by name"),
    "keys": (_is_table_of_texts, "a table of URIs by name"),
    "custodians": (_is_table_of_texts, "a table of addresses by number"),
    "certification_server": (_is_nothing_or_https, '"", or an address that begins with https://'),
    "login_log_mode": (LOG_MODES.__contains__, f"one of {', '.join(LOG_MODES)}"),
    "unlisted_risk": (RISKS.__contains__, f"one of {', '.join(RISKS)}"),
    "model_risks": (_is_table_of_risks, "a table of risk levels by manufacturer and model"),
    "database": (_is_file_or_server, f'"", or an address that begins with {_SERVERS}'),
}
