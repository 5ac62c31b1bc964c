"""Every step C1 to C16 is killed on each side in turn: the system serves again, and no control is without a durable entry (5.6)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.crash_centre import Centre, centre
from tests.crash_parties import ATTEMPTS
from tests.crash_scene import CHAIN, FORKS, KEEPERS, LOCK, PHONE, SERVER, Failed

CERTIFY, GUESS, FLUSH = "certify", "guess", "flush"
REPORTED = ("answering LoginFailure", "told of LoginFailure", "after log.append")
"""Points of a guess from which on the certification server has counted it for the device and for the user."""
FORWARDED, DIRECT, ANEW = "by way of the device", "directly", "after a revocation"


@dataclass(frozen=True)
class Kill:
    """One row: at which step, whom, and when in words; ``at`` stands still at ``point`` of the deed, and ``victim`` is killed then."""

    step: str
    victim: str
    when: str
    at: str
    point: str
    deed: str = CERTIFY
    wait: float = 0.0  # seconds that everyone else has before the kill, to do what should not be done yet

    def __str__(self) -> str:
        deed = "" if self.deed == CERTIFY else f" ({self.deed})"
        return f"{self.step}{deed}: {self.victim}, {self.when}"


def asked(
    asks: str, answers: str, message: str, steps: tuple[str, str], deed: str = CERTIFY
) -> tuple[Kill, Kill, Kill, Kill, Kill, Kill]:
    """A message and its answer, each of a step: each of the two is killed wherever one of them has it."""
    step, then = steps
    return (
        Kill(step, asks, f"before it sends the {message}", asks, f"sending {message}", deed),
        Kill(step, asks, f"while the {answers} has the {message}", answers, f"asked {message}", deed),
        Kill(step, answers, f"on receiving the {message}", answers, f"asked {message}", deed),
        Kill(then, answers, f"before it answers the {message}", answers, f"answering {message}", deed),
        Kill(then, asks, f"while the {message} is being answered", answers, f"answering {message}", deed),
        Kill(then, asks, f"on receiving the answer to the {message}", asks, f"told of {message}", deed),
    )


def around(step: str, victim: str, seam: str, what: str, deed: str = CERTIFY) -> tuple[Kill, Kill]:
    """Something that one side does with its disk or the chain."""
    return (
        Kill(step, victim, f"before {what}", victim, f"before {seam}", deed),
        Kill(step, victim, f"after {what}", victim, f"after {seam}", deed),
    )


SESSION = (
    Kill("C1", PHONE, "before it opens the channel", PHONE, "opening the channel"),
    Kill("C1", PHONE, "while the device looks up who opens the channel", LOCK, "asked who opens the channel"),
    Kill("C1", LOCK, "while it looks up who opens the channel", LOCK, "asked who opens the channel"),
    *asked(PHONE, LOCK, "Login", ("C1", "C2")),
    *around("C2", LOCK, "login book.write logins", "the attempt is counted"),
    *asked(PHONE, LOCK, "Login", ("C1", "C2"), GUESS)[3:],
    *asked(LOCK, SERVER, "LoginFailure", ("C2", "C2"), GUESS),
    *around("C2", SERVER, "database.count_failure", "the failure is counted", GUESS),
    *around("C2", SERVER, "log.append", "the failure is durable in the log", GUESS),
    *asked(PHONE, LOCK, "UserDeviceStatement", ("C3", "C7")),
    *asked(LOCK, SERVER, "CertificationRequest", ("C4", "C6")),
    *around("C5", SERVER, "database.app door", "the app is looked up"),
    *around("C8", PHONE, "chain.method_factors", "the method is read"),
    *asked(PHONE, LOCK, "Certification", ("C9", "C14")),
    *asked(LOCK, SERVER, "CertificationForward", ("C10", "C13")),
    *around("C11", SERVER, "chain.method_factors", "the method is read"),
    *asked(SERVER, KEEPERS, "ShareQuestion", ("C12", "C12")),
    *(replace(row, wait=0.5) for row in around("C13", SERVER, "log.append", "the entry is durable")),
    *asked(PHONE, LOCK, "Command", ("C15", "C15")),
    Kill("C15", LOCK, "before it carries the command out", LOCK, "before the command"),
    Kill("C15", LOCK, "after it has carried the command out", LOCK, "after the command"),
    *around("C16", SERVER, "notes.write signed", "the checkpoint is kept", FLUSH),
    *around("C16", SERVER, "notes.write checkpoint", "the checkpoint is published", FLUSH),
    *around("C16", SERVER, "chain.append", "the transaction", FLUSH),
    *around("C16", SERVER, "outbox.put append", "the transaction is in the outbox", FLUSH),
    *around("C16", SERVER, "outbox.remove append", "the transaction's outcome is known", FLUSH),
    *around("C16", SERVER, "notes.write anchored", "the anchored checkpoint is kept", FLUSH),
    Kill("C1", CHAIN, "while the device looks up who opens the channel", LOCK, "asked who opens the channel"),
    Kill("C11", CHAIN, "before the method is read", SERVER, "before chain.method_factors"),
    Kill("C16", CHAIN, "before the transaction", SERVER, "before outbox.put append", FLUSH),
    Kill("C16", CHAIN, "after the transaction", SERVER, "before outbox.remove append", FLUSH),
)


REGISTRATION = (
    *around("3.2", PHONE, "file.write application-1", "it keeps the application", FORWARDED),
    *asked(PHONE, LOCK, "RegistrationApplication", ("3.2", "3.4"), FORWARDED),
    *asked(LOCK, SERVER, "RegistrationForward", ("3.2", "3.4"), FORWARDED),
    *asked(PHONE, SERVER, "RegistrationApplication", ("3.2", "3.4"), DIRECT),
    *around("3.2", SERVER, "database.take_permit", "the permit is taken", FORWARDED),
    *asked(SERVER, KEEPERS, "ShareDeposit", ("3.7", "3.7"), FORWARDED),
    *around("3.7", KEEPERS, "share.put", "a share is kept", FORWARDED),
    *around("3.7", SERVER, "chain.divide", "the key is divided on the chain", FORWARDED),
    *around("3.7", SERVER, "outbox.put divide", "the division is in the outbox", FORWARDED),
    *around("3.7", SERVER, "outbox.remove divide", "the division's outcome is known", FORWARDED),
    *around("3.5", SERVER, "database.put_key_data", "the key data is durable", FORWARDED),
    *around("3.4", SERVER, "chain.register", "the registration", ANEW),
    *around("3.4", SERVER, "outbox.put register", "the registration is in the outbox", ANEW),
    *around("3.4", SERVER, "outbox.remove register", "the registration's outcome is known", ANEW),
    *around("3.6", SERVER, "chain.supersede", "the registration takes the place of another", DIRECT),
    *around("3.6", SERVER, "outbox.put supersede", "the superseding registration is in the outbox", DIRECT),
    *around("3.6", SERVER, "outbox.remove supersede", "the superseding registration's outcome is known", DIRECT),
    *around("3.4", LOCK, "login book.write logins", "it keeps the verifier", FORWARDED),
    *around("3.4", PHONE, "file.write registration-1", "it keeps the registration", FORWARDED),
    *around("3.4", PHONE, "file.remove application-1", "it forgets the application", FORWARDED),
    *asked(PHONE, LOCK, "LoginGrant", ("3.4", "3.4"), DIRECT),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    FORKS.set_forkserver_preload(["tests.crash_parties"])
    with centre(Path(tmp_path_factory.mktemp("centre"))) as found:
        yield found


@pytest.mark.parametrize("row", SESSION, ids=str)
def test_whoever_is_killed_at_a_step_comes_again_and_certifies(home: Centre, row: Kill) -> None:
    """What is on the disks, on the chain and in people's hands agrees, and a new session of the pair is certified."""
    wrong = home.refused.count(("C2", "LoginRefused"))
    if row.deed == FLUSH:
        home.certify()
    deed = {CERTIFY: (CERTIFY, home.secret), GUESS: (CERTIFY, "guessed"), FLUSH: (FLUSH,)}[row.deed]

    home.kill_at(row.at, row.point, row.victim, deed, row.wait)

    if row.deed == GUESS:
        assert home.book().failure_count(home.scene.alice) == 1
        assert home.server.do("failures") >= row.point.startswith(REPORTED)
    home.certify()
    home.examine()
    assert {failed.kind for failed in home.interrupted} <= {"outage", "refusal"}, home.interrupted
    if row.deed == GUESS:
        told = home.refused.count(("C2", "LoginRefused")) - wrong
        assert told in {1, 2}, "a wrong login is in the log, once for each time that the server took the report"
        assert home.book().unreported == ()


def test_a_user_who_is_locked_out_stays_so_whoever_is_killed_until_an_operator_unlocks(home: Centre) -> None:
    for _ in range(ATTEMPTS):
        with pytest.raises(Failed, match="LoginRefused"):
            home.phone.do(CERTIFY, "guessed")
    for victim in (LOCK, SERVER, PHONE):
        home[victim].kill()
        home[victim].start()
        with pytest.raises(Failed, match="LoginLocked"):
            home.phone.do(CERTIFY, home.secret)
    home.server.do("unlock")
    for victim in (SERVER, LOCK):
        home[victim].kill()
        home[victim].start()

    home.certify()
    home.examine()
    assert home.server.do("failures") == 0


@pytest.mark.parametrize("row", REGISTRATION, ids=str)
def test_an_application_that_comes_again_is_answered_and_one_registration_lives(home: Centre, row: Kill) -> None:
    """Its permit serves nobody else: another application is refused, and what the first was granted certifies."""
    if row.deed == ANEW:
        for live in home.live_registrations():
            home.server.do("revoke", live.id)
    home.server.do("permit")
    home.secret, directly = f"secret of {row}", row.deed == DIRECT

    granted = home.kill_at(row.at, row.point, row.victim, ("register", home.secret, directly))

    if (granted is None and "LoginGrant" in row.when) or row.point == "after file.remove application-1":
        granted = home.phone.do("introduce")
    elif granted is None:
        granted = home.register(home.secret, directly=directly)
    assert [live.id for live in home.live_registrations()] == [granted]
    with pytest.raises(Failed, match="RegistrationRefused"):
        home.phone.do("register", "another secret", directly)
    home.certify()
    home.examine()
