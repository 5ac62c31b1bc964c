"""Recognising an attack in a login log (design section 5): entries and facts in, alerts out.

Everything follows from the entries, in their order, and from what the chain says of their times; so whoever reads the same log finds the
same alerts, wherever they begin, if they begin at ``look_back`` or earlier.

A rule finds *signs* in entries, each with a cause: whom it points at. So many signs of one cause within so many seconds are an alert; one
for each cause in a period of ``quiet`` seconds, counted from the epoch, however long the attack goes on. What was erased is no sign.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from certchain.encoding.alert import alert_salt
from certchain.errors import (
    ChallengeRejected,
    InformationChanged,
    IntegrityFailed,
    MalformedValue,
    RegistrationNotActive,
    SessionUnknown,
    Unavailable,
    error_classes,
)
from certchain.models.alert import MOST_ALERTED, Alert, AlertRule
from certchain.models.entry import LogEntry, LoginEntry, LoginOutcome, Subject, SubjectKind
from certchain.models.identifier import DeviceId, RegistrationId
from certchain.models.log import LoggedEntry
from certchain.models.registration import RegistrationStatus, StatusChange

_CHALLENGE, _SESSION = ChallengeRejected.__name__, SessionUnknown.__name__
_REPLAYS = frozenset(
    [("C3", _CHALLENGE), ("C5", _CHALLENGE), ("C9", _CHALLENGE), ("C10", _CHALLENGE), ("C10", _SESSION)]
)
_OWN_TROUBLE = frozenset(name for name, error in error_classes().items() if issubclass(error, Unavailable))
_SWEEP = 4096


@dataclass(frozen=True, slots=True)
class Threshold:
    """How many signs of one cause, within less than so many seconds, are an alert; ``count`` 0 switches a rule off."""

    count: int
    seconds: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.count <= MOST_ALERTED or self.seconds < 1:
            raise MalformedValue("threshold", f"{self.count} signs within {self.seconds} s")


@dataclass(frozen=True, slots=True)
class RecognitionPolicy:
    """What counts as an attack. ``quiet``, ``clock_tolerance`` (between chain and server) and all times are in seconds.

    ``moved_key`` is for one user device certified at two IoT devices; ``copied_key`` for one that describes itself otherwise.
    """

    user_failures: Threshold = Threshold(5, 300)
    device_failures: Threshold = Threshold(20, 300)
    replayed_challenges: Threshold = Threshold(1)
    bad_integrity: Threshold = Threshold(1)
    copied_key: Threshold = Threshold(1)
    moved_key: Threshold = Threshold(2, 10)
    suspended_registration: Threshold = Threshold(1)
    recalled_package: Threshold = Threshold(1)
    quiet: int = 3600
    clock_tolerance: int = 60

    @property
    def longest(self) -> int:
        """The longest time that signs of one alert may lie apart."""
        thresholds = (self.user_failures, self.device_failures, self.replayed_challenges, self.bad_integrity)
        others = (self.copied_key, self.moved_key, self.suspended_registration, self.recalled_package)
        return max(threshold.seconds for threshold in (*thresholds, *others))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the chain says of those whom entries name: how registrations' status has moved; since when a device runs a withdrawn package."""

    status_changes: Mapping[RegistrationId, Sequence[StatusChange]] = field(default_factory=dict)
    withdrawn_since: Mapping[DeviceId, int] = field(default_factory=dict)


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Sign:
    """One entry that points at somebody, by one rule. ``apart`` tells what must differ between the signs of one alert, if anything."""

    rule: AlertRule
    cause: Subject
    threshold: Threshold
    kind: str
    apart: int | None = None


def look_back(at: int, policy: RecognitionPolicy) -> int:
    """From which time on entries have to be read before the alerts of ``at`` and later are known."""
    return max(at - at % policy.quiet - policy.longest, 0)


def asked_registrations(entries: Iterable[LoggedEntry]) -> frozenset[RegistrationId]:
    """Whose status changes the rules will ask for."""
    logins = (_login(logged) for logged in entries)
    return frozenset(login.registration for login in logins if login and login.registration and _is_not_active(login))


def asked_devices(entries: Iterable[LoggedEntry]) -> frozenset[DeviceId]:
    """Of which devices the rules will ask what package they run."""
    return frozenset(login.device for login in map(_login, entries) if login and _is_authentic(login))


@dataclass(slots=True)
class Recognition:
    """Takes a log's entries in their order, a page at a time, and tells the alerts. Not thread-safe.

    It remembers as many signs as a threshold has, of the causes of the last ``policy.longest`` seconds, and what it told in this period.
    """

    network: bytes
    policy: RecognitionPolicy = RecognitionPolicy()
    _seen: dict[tuple[str, Subject], deque[LoggedEntry]] = field(default_factory=dict)
    _told: dict[tuple[AlertRule, Subject], int] = field(default_factory=dict)
    _taken: int = 0

    def take(self, entries: Iterable[LoggedEntry], facts: Facts = NO_FACTS) -> tuple[Alert, ...]:
        """The alerts that these entries complete."""
        return tuple(alert for logged in entries for alert in self._take(logged, facts))

    def _take(self, logged: LoggedEntry, facts: Facts) -> Iterator[Alert]:
        self._taken += 1
        if self._taken % _SWEEP == 0:
            self._forget(logged.leaf.at)
        login = _login(logged)
        for sign in () if login is None else signs(login, logged.leaf.at, facts, self.policy):
            caused = self._complete(sign, logged)
            if caused and self._is_news(sign, logged.leaf.at):
                yield _alert(self.network, sign.rule, caused)

    def _complete(self, sign: Sign, logged: LoggedEntry) -> tuple[LoggedEntry, ...]:
        """The signs of the alert that this one completes; none when there are too few."""
        threshold = sign.threshold
        if threshold.count < 1:
            return ()
        seen = self._seen.setdefault((sign.kind, sign.cause), deque(maxlen=threshold.count))
        if sign.apart is not None and seen and _device(seen[-1]) == sign.apart:
            seen.clear()  # the same device again: the later of the two counts
        seen.append(logged)
        soon = logged.leaf.at - seen[0].leaf.at < threshold.seconds
        return tuple(seen) if len(seen) == threshold.count and soon else ()

    def _is_news(self, sign: Sign, at: int) -> bool:
        """Whether nothing was told of this cause in this period; from now on it was."""
        period = at // self.policy.quiet
        before = self._told.get((sign.rule, sign.cause))
        self._told[sign.rule, sign.cause] = period
        return before != period

    def _forget(self, at: int) -> None:
        """Lets go of causes that are over."""
        oldest, period = at - self.policy.longest, at // self.policy.quiet
        self._seen = {key: seen for key, seen in self._seen.items() if seen[-1].leaf.at > oldest}
        self._told = {key: told for key, told in self._told.items() if told == period}


def signs(login: LoginEntry, at: int, facts: Facts, policy: RecognitionPolicy) -> Iterator[Sign]:
    """What one login is a sign of; ``at`` is its time in seconds since the epoch."""
    device = Subject(SubjectKind.DEVICE, login.device)
    if login.outcome is LoginOutcome.REFUSED:
        yield from _refused(login, device, policy)
        if _is_not_active(login) and _was_suspended(login, at, facts, policy):
            cause = Subject(SubjectKind.USER_DEVICE, login.user_device or 0)
            yield Sign(AlertRule.SUSPENDED_REGISTRATION, cause, policy.suspended_registration, "suspended")
    elif login.user_device is not None:
        cause = Subject(SubjectKind.USER_DEVICE, login.user_device)
        yield Sign(AlertRule.KEY_ON_TWO_DEVICES, cause, policy.moved_key, "moved", login.device)
    since = facts.withdrawn_since.get(login.device)
    if since is not None and at >= since and _is_authentic(login):
        yield Sign(AlertRule.RECALLED_PACKAGE, device, policy.recalled_package, "recalled")


def can_be_sign(entry: LogEntry, rule: AlertRule) -> bool:
    """Whether an entry says something that the rule goes by, whatever the policy, and whatever the chain says."""
    if not isinstance(entry, LoginEntry):
        return False
    suspended = {entry.registration: (StatusChange(RegistrationStatus.SUSPENDED, 0, ""),)} if entry.registration else {}
    facts = Facts(suspended, {entry.device: 0})
    return rule in {sign.rule for sign in signs(entry, 0, facts, RecognitionPolicy())}


def _refused(login: LoginEntry, device: Subject, policy: RecognitionPolicy) -> Iterator[Sign]:
    if login.reason not in _OWN_TROUBLE:
        if login.user is not None:
            yield Sign(
                AlertRule.FAILURE_BURST, Subject(SubjectKind.USER, login.user), policy.user_failures, "user-failure"
            )
        yield Sign(AlertRule.FAILURE_BURST, device, policy.device_failures, "device-failure")
    if (login.step, login.reason) in _REPLAYS:
        yield Sign(AlertRule.CHALLENGE_REPLAYED, device, policy.replayed_challenges, "replayed")
    whose = device if login.user_device is None else Subject(SubjectKind.USER_DEVICE, login.user_device)
    if login.reason == IntegrityFailed.__name__:
        yield Sign(AlertRule.BAD_INTEGRITY, whose, policy.bad_integrity, "integrity")
    if (login.step, login.reason) == ("C5", InformationChanged.__name__):
        yield Sign(AlertRule.KEY_ON_TWO_DEVICES, whose, policy.copied_key, "copied")


def _was_suspended(login: LoginEntry, at: int, facts: Facts, policy: RecognitionPolicy) -> bool:
    """Whether the chain had the registration suspended then. Its clock is another than the server's."""
    changes = facts.status_changes.get(login.registration or RegistrationId(0), ())
    before = [change.status for change in changes if change.at <= at + policy.clock_tolerance]
    return bool(before) and before[-1] is RegistrationStatus.SUSPENDED


def _is_not_active(login: LoginEntry) -> bool:
    return (login.step, login.reason) == ("C11", RegistrationNotActive.__name__)


def _is_authentic(login: LoginEntry) -> bool:
    """Whether device and user device were there for certain, by signatures in force: from C6 on."""
    return login.registration is not None


def _login(logged: LoggedEntry) -> LoginEntry | None:
    said = None if logged.body is None else logged.body.entry
    return said if isinstance(said, LoginEntry) else None


def _device(logged: LoggedEntry) -> DeviceId | None:
    login = _login(logged)
    return None if login is None else login.device


def _alert(network: bytes, rule: AlertRule, caused: Sequence[LoggedEntry]) -> Alert:
    """At the device of the last entry. The salt follows from the entries' own, which only those know who may read them."""
    salts = (logged.body.salt for logged in caused if logged.body is not None)
    device = _device(caused[-1])
    return Alert(network, rule, device or DeviceId(0), alert_salt(salts), tuple(logged.leaf for logged in caused))
