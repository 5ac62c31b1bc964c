"""What the management database counts of a user's or an IoT device's refused logins."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureState:
    """``failures`` since the last certification or unlocking; ``unlocks``: how often an operator has unlocked. Neither was ever: 0."""

    failures: int = 0
    unlocks: int = 0
