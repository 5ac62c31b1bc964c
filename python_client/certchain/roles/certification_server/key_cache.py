"""Rebuilt keys that the certification server remembers for a while, in memory only, so that not every login asks the custodians."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from certchain.config.clock import Clock
from certchain.keys import SealingKey
from certchain.models.digest import Digest
from certchain.models.registration import RiskLevel

MOST_KEYS = 10_000
"""How many of one risk level are remembered at a time."""

_Kept = OrderedDict[Digest, tuple[float, SealingKey]]


@dataclass(frozen=True, slots=True)
class KeyCache:
    """Keys by the registration's commitment, for so many ``seconds`` by risk, low to high: one of critical risk is never kept."""

    clock: Clock
    seconds: tuple[int, int, int]
    _kept: dict[RiskLevel, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, commitment: Digest, risk: RiskLevel, key: SealingKey) -> None:
        """Remembers a key from now on, if its risk allows that."""
        if risk >= len(self.seconds) or not self.seconds[risk]:
            return
        with self._lock:
            kept = self._kept.setdefault(risk, OrderedDict())
            kept.pop(commitment, None)
            kept[commitment] = (self.clock.monotonic() + self.seconds[risk], key)
            if len(kept) > MOST_KEYS:
                kept.popitem(last=False)

    def get(self, commitment: Digest) -> SealingKey | None:
        """The key, if it is remembered still. Every key whose time is over is forgotten."""
        with self._lock:
            self._expire()
            found = [kept[commitment] for kept in self._kept.values() if commitment in kept]
        return found[0][1] if found else None

    def drop(self, commitment: Digest) -> None:
        """Forgets a key at once."""
        with self._lock:
            self._expire()
            for kept in self._kept.values():
                kept.pop(commitment, None)

    def _expire(self) -> None:
        """Those of one risk level have one lifetime: the oldest stands in front."""
        now = self.clock.monotonic()
        for kept in self._kept.values():
            while kept and next(iter(kept.values()))[0] <= now:
                kept.popitem(last=False)
