"""The tree of commands: where each noun is, and each verb without one."""

from collections.abc import Callable

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from certchain.cli.command import command
from certchain.cli.loading import Part, tree

NOUNS = {
    "user": Part("user", "user"),
    "user-device": Part("user_device", "user_device", added_by=("enrolment", "fresh")),
    "app": Part("app", "app"),
    "device": Part("device", "device", added_by=("enrolment", "fresh", "device_service")),
    "batch": Part("batch", "batch"),
    "method": Part("method", "method"),
    "registration": Part("registration", "registration"),
    "session": Part("session", "session"),
    "product": Part("product", "product"),
    "package": Part("package", "package"),
    "log": Part("log", "log"),
    "witness": Part("witness", "witness"),
    "mirror": Part("mirror", "mirror"),
    "alert": Part("alert", "alert"),
    "subscriber": Part("subscriber", "subscriber"),
    "key": Part("key", "key"),
    "network": Part("joining", "network"),
    "server": Part("server", "server"),
    "custodian": Part("custodian", "custodian"),
    "operator": Part("operator", "operator"),
}
VERBS = {
    "deploy": Part("deploy", "deploy"),
    "enrol": Part("enrolment", "enrol"),
}
BESIDE_OTHERS = {
    "demo": Part("demo", "demo"),
    "node": Part("node", "node"),
    "self-check": Part("self_check", "self_check"),
}
"""Verbs that run beside other commands of a home."""


def _noun(part: Part) -> Callable[[], TyperGroup]:
    return lambda: get_group(part.load())


def _verb(name: str, part: Part, *, beside_others: bool) -> Callable[[], object]:
    def load() -> object:
        alone = typer.Typer(add_completion=False)
        command(alone, name, beside_others)(part.load())
        return get_command(alone)

    return load


application = tree(
    "certchain",
    "Keeps an IoT industry's security promises on a permissioned Ethereum network.",
    {
        **{name: _verb(name, part, beside_others=True) for name, part in BESIDE_OTHERS.items()},
        **{name: _verb(name, part, beside_others=False) for name, part in VERBS.items()},
        **{name: _noun(part) for name, part in NOUNS.items()},
    },
)
