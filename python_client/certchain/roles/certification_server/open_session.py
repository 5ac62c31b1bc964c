"""The sessions that are open between C6 and C10. They live in memory: after a restart, a user device begins again at C1."""

import threading
from dataclasses import dataclass, field

from certchain.config.clock import Clock
from certchain.models.certification import SessionOpened
from certchain.models.identifier import DeviceId

MOST_A_DEVICE = 100


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that waits for its certification, and the binding value of the channel it was opened on."""

    opened: SessionOpened
    binding: bytes
    deadline: float


@dataclass(frozen=True, slots=True)
class OpenSessions:
    """Open sessions by their identifier; each is taken once, by its own device, in time.

    A device has at most ``MOST_A_DEVICE`` open at a time: the oldest makes room, so that no device fills the server's memory.
    """

    clock: Clock
    _open: dict[bytes, OpenSession] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, opened: SessionOpened, binding: bytes, lifetime: float) -> None:
        """Opens a session for so many seconds of the monotonic clock."""
        now = self.clock.monotonic()
        with self._lock:
            for expired in [session for session, kept in self._open.items() if kept.deadline <= now]:
                del self._open[expired]
            own = [session for session, kept in self._open.items() if kept.opened.device == opened.device]
            for oldest in own[: max(len(own) - MOST_A_DEVICE + 1, 0)]:
                del self._open[oldest]
            self._open[opened.session] = OpenSession(opened, binding, now + lifetime)

    def take(self, session: bytes, device: DeviceId) -> OpenSession | None:
        """Ends the device's session and returns it; ``None`` if it is not open, or another device's, which stays open."""
        with self._lock:
            kept = self._open.get(session)
            if kept is None or kept.opened.device != device:
                return None
            del self._open[session]
        return kept if self.clock.monotonic() < kept.deadline else None
