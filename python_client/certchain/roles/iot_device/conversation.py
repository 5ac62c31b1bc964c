"""How far each channel to the device has come: logged in, offered a session, in control. In memory, by the channel's binding value."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from certchain.config.clock import Clock
from certchain.errors import PeerUnavailable
from certchain.keys import ControlKeys
from certchain.models.certification import Transcript
from certchain.models.identifier import UserDeviceId, UserId


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """After C2: who logged in, and the challenge for the integrity evidence."""

    user: UserId
    user_device: UserDeviceId
    challenge: bytes
    deadline: float


@dataclass(frozen=True, slots=True)
class Offered:
    """After C7: the session's transcript, with the challenge that was given."""

    transcript: Transcript
    deadline: float


@dataclass(frozen=True, slots=True)
class Deciding:
    """From C9 to C14: the server decides on the certification. The channel's place is kept until it has."""

    deadline: float = math.inf


@dataclass(frozen=True, slots=True)
class InControl:
    """After C14: the control keys, whose they are, the counter of the last command, and whether a refusal was reported since."""

    keys: ControlKeys
    user: UserId
    user_device: UserDeviceId
    deadline: float
    counter: int = 0
    blamed: bool = False


Stage = LoggedIn | Offered | Deciding | InControl
OneStage = TypeVar("OneStage", LoggedIn, Offered, InControl)


@dataclass(frozen=True, slots=True)
class Conversations:
    """The stage of each channel; deadlines are by the device's monotonic clock. At most ``most`` at a time."""

    clock: Clock
    most: int
    _stages: dict[bytes, Stage] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, binding: bytes, stage: Stage) -> None:
        """Moves a channel to a stage. Raises ``PeerUnavailable`` when the device talks to too many already.

        A user device that comes to control on a channel has left those on which it was before: who comes and goes takes one place.
        """
        now = self.clock.monotonic()
        with self._lock:
            for gone in [
                other for other, kept in self._stages.items() if kept.deadline <= now or _has_left(kept, stage)
            ]:
                del self._stages[gone]
            if binding not in self._stages and len(self._stages) >= self.most:
                raise PeerUnavailable("The device", "it talks to too many already")
            self._stages[binding] = stage

    def user_device(self, binding: bytes) -> UserDeviceId | None:
        """Who logged in on the channel, if anyone did."""
        with self._lock:
            match self._stages.get(binding):
                case LoggedIn(user_device=user_device) | InControl(user_device=user_device):
                    return user_device
                case Offered(transcript):
                    return transcript.user_device
                case _:
                    return None

    def take(self, binding: bytes, kind: type[OneStage]) -> OneStage | None:
        """Ends a channel's stage and returns it, if it is of this kind: what was taken cannot be used again."""
        with self._lock:
            stage = self._stages.get(binding)
            if not isinstance(stage, kind):
                return None
            del self._stages[binding]
            return stage

    def blame(self, binding: bytes) -> tuple[UserId, UserDeviceId] | None:
        """After a refusal: who had logged in on the channel, the first time that it is asked; ``None`` when nobody had.

        What had not come to control is over then: the channel begins again at C1.
        """
        with self._lock:
            match self._stages.get(binding):
                case LoggedIn(user, user_device):
                    del self._stages[binding]
                    return user, user_device
                case Offered(transcript):
                    del self._stages[binding]
                    return transcript.user, transcript.user_device
                case InControl(blamed=False) as control:
                    self._stages[binding] = replace(control, blamed=True)
                    return control.user, control.user_device
                case _:
                    return None

    @contextmanager
    def place(self, binding: bytes) -> Iterator[None]:
        """Keeps the channel's place for what ``put`` moves it to within. Raises ``PeerUnavailable`` at once when there is none."""
        waiting = Deciding()
        self.put(binding, waiting)
        try:
            yield
        finally:
            with self._lock:
                if self._stages.get(binding) is waiting:
                    del self._stages[binding]

    def move(self, binding: bytes, kind: type[OneStage], change: Callable[[OneStage | None], OneStage]) -> OneStage:
        """Changes a channel's stage in one go; whatever ``change`` raises leaves it as it was."""
        with self._lock:
            stage = self._stages.get(binding)
            changed = change(stage if isinstance(stage, kind) else None)
            self._stages[binding] = changed
            return changed


def _has_left(before: Stage, stage: Stage) -> bool:
    return isinstance(stage, InControl) and isinstance(before, InControl) and before.user_device == stage.user_device
