"""What the certification server has taken before, so that who repeats a device's message does not fill the log with it."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from certchain.models.identifier import DeviceId

REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """The latest marks of devices' messages, at most ``REMEMBERED`` of them, in memory; one that comes again counts as late as that."""

    _marks: OrderedDict[tuple[DeviceId, bytes], None] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_new(self, device: DeviceId, mark: bytes) -> bool:
        """Remembers a mark, and says whether it was not known."""
        with self._lock:
            new = (device, mark) not in self._marks
            self._marks[device, mark] = None
            self._marks.move_to_end((device, mark))
            if len(self._marks) > REMEMBERED:
                self._marks.popitem(last=False)
        return new
