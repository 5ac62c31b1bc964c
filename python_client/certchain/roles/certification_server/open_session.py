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

    A device has at most ``MOST_A_DEVICE`` open at a time: the oldest makes room, so that no device fills the server's memory. All have the
    same ``lifetime``, in seconds of the monotonic clock: so the oldest end first, and nobody has to look at the others.
    """

    clock: Clock
    lifetime: float
    _open: dict[bytes, OpenSession] = field(default_factory=dict)
    _by_device: dict[DeviceId, dict[bytes, None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, opened: SessionOpened, binding: bytes) -> None:
        """Opens a session."""
        now = self.clock.monotonic()
        with self._lock:
            while self._open and next(iter(self._open.values())).deadline <= now:
                self._end(next(iter(self._open)))
            if len(self._by_device.get(opened.device, ())) >= MOST_A_DEVICE:
                self._end(next(iter(self._by_device[opened.device])))
            self._open[opened.session] = OpenSession(opened, binding, now + self.lifetime)
            self._by_device.setdefault(opened.device, {})[opened.session] = None

    def take(self, session: bytes, device: DeviceId) -> OpenSession | None:
        """Ends the device's session and returns it; ``None`` if it is not open, or another device's, which stays open."""
        with self._lock:
            kept = self._open.get(session)
            if kept is None or kept.opened.device != device:
                return None
            self._end(session)
        return kept if self.clock.monotonic() < kept.deadline else None

    def _end(self, session: bytes) -> None:
        device = self._open.pop(session).opened.device
        del self._by_device[device][session]
        if not self._by_device[device]:
            del self._by_device[device]
