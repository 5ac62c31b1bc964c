"""Remembered keys: for a while by risk, not too many, and never one of critical risk."""

import pytest

from certchain.keys import SealingKey
from certchain.models.digest import Digest
from certchain.models.registration import RiskLevel
from certchain.roles.certification_server import key_cache
from certchain.roles.certification_server.key_cache import KeyCache
from tests.industry import TestClock

KEY = SealingKey(bytes(32))


def name(number: int) -> Digest:
    return Digest(bytes([number]) * 32)


def test_a_key_is_remembered_by_its_risk_and_then_gone() -> None:
    clock = TestClock()
    cache = KeyCache(clock, (30, 20, 10))
    for risk in RiskLevel:
        cache.put(name(risk), risk, KEY)
    remembered = []
    for _ in range(4):
        remembered.append([risk for risk in RiskLevel if cache.get(name(risk))])
        clock.seconds += 10
    low, medium, high = RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH
    assert remembered == [[low, medium, high], [low, medium], [low], []]


def test_what_has_expired_is_no_longer_in_memory() -> None:
    """Whichever key is asked for next."""
    clock = TestClock()
    cache = KeyCache(clock, (10, 10, 10))
    for number in range(5):
        cache.put(name(number), RiskLevel.HIGH, KEY)
    clock.seconds += 10
    assert cache.get(name(77)) is None
    assert not any(cache._kept.values())


def test_no_time_to_remember_is_never() -> None:
    cache = KeyCache(TestClock(), (0, 10, 10))
    cache.put(name(1), RiskLevel.LOW, KEY)
    assert cache.get(name(1)) is None


def test_a_key_that_is_put_again_is_remembered_for_as_long_as_from_the_start() -> None:
    clock = TestClock()
    cache = KeyCache(clock, (10, 10, 10))
    for number in (1, 2):
        cache.put(name(number), RiskLevel.HIGH, KEY)
    clock.seconds += 6
    cache.put(name(1), RiskLevel.HIGH, KEY)
    clock.seconds += 6
    assert (cache.get(name(1)), cache.get(name(2))) == (KEY, None)


def test_a_dropped_key_is_gone_and_no_other() -> None:
    cache = KeyCache(TestClock(), (10, 10, 10))
    cache.put(name(1), RiskLevel.HIGH, KEY)
    cache.put(name(2), RiskLevel.LOW, KEY)
    cache.drop(name(1))
    cache.drop(name(3))
    assert (cache.get(name(1)), cache.get(name(2))) == (None, KEY)


def test_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "MOST_KEYS", 2)
    cache = KeyCache(TestClock(), (10, 10, 10))
    for number in range(3):
        cache.put(name(number), RiskLevel.HIGH, KEY)
    assert [number for number in range(3) if cache.get(name(number))] == [1, 2]
