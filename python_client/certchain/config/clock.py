"""Time as a role sees it, so that tests can move it."""

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """What time it is, in two ways that must not be mixed."""

    def now(self) -> int:
        """Seconds since the epoch, as other parties understand them; may be set back."""
        ...

    def monotonic(self) -> float:
        """Seconds since some start of this process or machine; never goes back."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return int(time.time())

    def monotonic(self) -> float:
        return time.monotonic()
