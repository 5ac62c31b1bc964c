"""Faults: the seams wrapped so that the n-th thing done to them fails, before it is done or right after."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any


class PowerCut(BaseException):
    """The process is gone: nothing catches this but the test."""


@dataclass(slots=True)
class Fuse:
    """Burns at one touch, counted from 1, once it is armed; what it then raises is the power cut or another fault."""

    fault: Callable[[], BaseException] = PowerCut
    burns_at: int = 0
    touches: int = 0

    def arm(self, burns_at: int) -> None:
        self.burns_at, self.touches = burns_at, 0

    def disarm(self) -> bool:
        """Whether it burnt."""
        burnt = 0 < self.burns_at <= self.touches
        self.burns_at = 0
        return burnt

    def touch(self) -> None:
        self.touches += 1
        if self.touches == self.burns_at:
            raise self.fault()


class Fused:
    """Anything whose named methods touch a fuse, before they work and after."""

    def __init__(self, inner: Any, fuse: Fuse, methods: Iterable[str]) -> None:
        self._inner = inner
        self._fuse = fuse
        self._methods = frozenset(methods)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._wired(found) if name in self._methods else found

    def _wired(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def touching(*arguments: Any, **named: Any) -> Any:
            self._fuse.touch()
            result = method(*arguments, **named)
            self._fuse.touch()
            return result

        return touching


def fused_store(store: Any, fuse: Fuse) -> Any:
    return Fused(store, fuse, ("write", "remove"))


@dataclass(frozen=True, slots=True)
class FusedLedger:
    """A ledger whose changes touch the fuse."""

    account: str
    network: bytes
    registrations: Any
    login_log: Any
    updates: Any
    permissions: Any


def fused_ledger(ledger: Any, fuse: Fuse) -> FusedLedger:
    changes = ("request_version", "issue_version", "record_package", "approve", "withdraw", "register_product")
    return FusedLedger(
        account=ledger.account,
        network=ledger.network,
        registrations=Fused(ledger.registrations, fuse, ("enrol_service",)),
        login_log=Fused(ledger.login_log, fuse, ("append",)),
        updates=Fused(ledger.updates, fuse, changes),
        permissions=ledger.permissions,
    )
