"""The certification server's small parts: permits, open sessions, reports."""

import pytest

from certchain.errors import RegistrationRefused
from certchain.log import LogWriter
from certchain.models.application import RegistrationApplication
from certchain.models.certification import LoginFailure, SessionOpened, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.roles.certification_server import login_report, open_session
from certchain.roles.certification_server.lockout import Lockout
from certchain.roles.certification_server.login_record import LoginRecord
from certchain.roles.certification_server.login_report import LoginReports
from certchain.roles.certification_server.open_session import OpenSession, OpenSessions
from certchain.roles.certification_server.permit import Permits
from certchain.storage import MemoryLogStore, MemoryManagementDatabase, MemorySubjectKeys
from certchain.verification.lockout import LockPolicy
from tests.industry import TestClock

USER, PHONE, LOCK, GATE = UserId(1), UserDeviceId(2), DeviceId(3), DeviceId(4)
FIRST, SECOND = Digest(b"1" * 32), Digest(b"2" * 32)
INFORMATION = UserDeviceInformation("Pixel", "Android", "a1")
APPLICATION = RegistrationApplication(
    USER, PHONE, LOCK, ServiceId(1), MethodNumber(1), INFORMATION, None, bytes(32), None
)


def opened(session: bytes, device: DeviceId = LOCK) -> SessionOpened:
    return SessionOpened(session, ServiceId(1), USER, PHONE, device, RegistrationId(7), MethodNumber(1), 1000)


def test_a_permit_is_for_one_application_which_may_come_again() -> None:
    permits = Permits(MemoryManagementDatabase(), TestClock(), 10)
    permits.give(USER, PHONE, LOCK)
    permits.take(APPLICATION, FIRST)
    permits.take(APPLICATION, FIRST)
    with pytest.raises(RegistrationRefused):
        permits.take(APPLICATION, SECOND)


def test_a_permit_ends_by_itself_and_survives_a_restart() -> None:
    clock, database = TestClock(), MemoryManagementDatabase()
    Permits(database, clock, 10).give(USER, PHONE, LOCK)
    clock.seconds += 9
    Permits(database, clock, 10).take(APPLICATION, FIRST)
    Permits(database, clock, 10).give(USER, PHONE, LOCK)
    clock.seconds += 10
    with pytest.raises(RegistrationRefused):
        Permits(database, clock, 10).take(APPLICATION, FIRST)


def test_a_session_is_taken_once_by_its_own_device() -> None:
    sessions = OpenSessions(TestClock(), 10)
    sessions.put(opened(b"s" * 16), b"b" * 32)
    assert sessions.take(b"s" * 16, GATE) is None
    kept = sessions.take(b"s" * 16, LOCK)
    assert kept is not None
    assert (kept.opened, kept.binding) == (opened(b"s" * 16), b"b" * 32)
    assert sessions.take(b"s" * 16, LOCK) is None


def test_sessions_that_were_never_finished_are_forgotten() -> None:
    clock = TestClock()
    sessions = OpenSessions(clock, 10)
    sessions.put(opened(b"1" * 16), b"b" * 32)
    clock.seconds += 10
    sessions.put(opened(b"2" * 16), b"b" * 32)
    assert list(sessions._open) == [b"2" * 16]


def test_nothing_is_kept_of_sessions_that_are_over() -> None:
    clock = TestClock()
    sessions = OpenSessions(clock, 10)
    for number in range(4):
        sessions.put(opened(bytes([number]) * 16, DeviceId(number)), b"b" * 32)
    sessions.take(bytes(16), DeviceId(0))
    clock.seconds += 10
    sessions.put(opened(b"n" * 16, DeviceId(9)), b"b" * 32)
    sessions.take(b"n" * 16, DeviceId(9))
    assert not sessions._open
    assert not sessions._by_device


def test_to_open_a_session_nobody_looks_at_all_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred open ones of each of many devices would hold everyone up."""
    looked = []

    class Watched(OpenSession):
        def __getattribute__(self, name: str) -> object:
            looked.append(name)
            return super().__getattribute__(name)

    monkeypatch.setattr(open_session, "OpenSession", Watched)
    sessions = OpenSessions(TestClock(), 10)
    for number in range(200):
        sessions.put(opened(number.to_bytes(16, "big"), DeviceId(number)), b"b" * 32)
    assert len(looked) < 1000


def test_only_so_many_reports_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old report that comes again after very many others is logged again: better twice than a memory without end."""
    monkeypatch.setattr(login_report, "REMEMBERED", 2)
    log = LogWriter(MemoryLogStore(), MemorySubjectKeys(), "example.com/log", TestClock())
    reports = LoginReports(LoginRecord(log, Lockout(MemoryManagementDatabase(), log, LockPolicy())))
    failures = [LoginFailure(LOCK, ServiceId(1), USER, PHONE, 1, False, bytes([n]) * 16) for n in range(3)]
    indices = [reports.note(failure).index for failure in (*failures, failures[2], failures[0])]
    assert indices == [0, 1, 2, 2, 3]
