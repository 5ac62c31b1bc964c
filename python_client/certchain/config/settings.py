"""The configuration file, `config.toml` in the home folder: read strictly, and written with a comment beside each value."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import tomli_w

from certchain.config.file import FOR_ALL, write_whole
from certchain.config.rule import RULES
from certchain.errors import ConfigurationInvalid
from certchain.models.evidence import CLOCK_TOLERANCE

LOCAL = "local"
_MAY_BE_NONE = (
    "home_custodians",
    "witness_quorum",
    "alert_user_failures",
    "alert_device_failures",
    "alert_moved_key",
    "lock_user_failures",
    "lock_device_failures",
)
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
    home_custodians: int = _setting(
        5,
        "How many custodians this home has itself; fixed by the deployment. Those under [custodians] take their place.",
    )
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
    permit_lifetime: int = _setting(900, "How long a permit to register is good, in seconds.")
    session_lifetime: int = _setting(120, "How long a session stays open for its certification, in seconds.")
    control_lifetime: int = _setting(
        900, "How long a device obeys after a certification, in seconds; a suspension does not end it sooner."
    )
    lock_user_failures: int = _setting(
        20,
        "After how many refused logins in a row, wherever they were, a user is locked out until an operator unlocks them; "
        "0 for never.",
    )
    lock_device_failures: int = _setting(
        50, "The same for a device, whoever failed there: nobody is certified at it until it is unlocked; 0 for never."
    )
    custodian_patience: int = _setting(10, "How long a session waits for custodians, in seconds.")
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
    least_factors: Mapping[str, int] = field(
        default_factory=lambda: {"low": 1, "medium": 2, "high": 3, "critical": 3},
        metadata={"comment": "How many factors a combination method has to have, 1 to 3, by risk level."},
    )
    divisions: Mapping[str, str] = field(
        default_factory=lambda: {"low": "1 of 1", "medium": "2 of 3", "high": "3 of 5", "critical": "4 of 7"},
        metadata={
            "comment": 'How many custodians\' shares rebuild a key, of how many, by risk level; the share of "1 of 1" '
            "stays with the certification server. It counts for new registrations, and where a key is divided anew."
        },
    )
    remembered_keys: Mapping[str, int] = field(
        default_factory=lambda: {"low": 300, "medium": 300, "high": 300},
        metadata={
            "comment": "For how many seconds a rebuilt key is remembered, by risk level; 0 for never, as always at critical."
        },
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
    holds, rule = RULES.get(name, (None, ""))
    if holds is not None and not holds(value):
        raise ConfigurationInvalid(str(path), f"{name} has to be {rule}")
