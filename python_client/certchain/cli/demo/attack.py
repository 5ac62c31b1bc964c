"""The second part of the story: four attacks on a certification, each refused, and each seen in the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from certchain.cli.demo.household import PHONE, SECRET, app_folder, porch_id, to_porch
from certchain.cli.demo.stage import Stage
from certchain.cli.demo.theft import rebuilt, rebuilt_key, registration, server_sealing_key, stolen
from certchain.cli.demo.wiretap import Wiretap
from certchain.encoding.digest import (
    certification_hash,
    commitment,
    transcript,
)
from certchain.encoding.message import from_cbor
from certchain.errors import (
    CertchainError,
    ChallengeRejected,
    IntegrityFailed,
    KeyNotInForce,
    LoginRefused,
    SealInvalid,
)
from certchain.keys import KeyPair
from certchain.models.application import RegistrationHash
from certchain.models.certification import (
    Certification,
    SessionOffer,
    SessionOpened,
    UserDeviceStatement,
)
from certchain.verification.session import build_transcript


def attacks(stage: Stage, overheard: Wiretap) -> None:
    """All four; ``overheard`` is an honest session, as a listener heard it."""
    stage.scene("5. Attacks, each refused and seen in the log")
    _wrong_secret(stage)
    _stolen_database(stage)
    _replayed_challenge(stage, overheard)
    _changed_app(stage)
    stage.cast.certification_server.flush()
    size = stage.workspace.reader.login_log.size()
    stage.require("the chain has every refusal", size == stage.log_size())
    stage.tell("C16", f"All {size} entries of the log, the refusals too, are on the chain.")
    _certify(stage, SECRET)
    stage.tell("C14", "Alice herself is certified as before: nobody has locked her out.")


def _wrong_secret(stage: Stage) -> None:
    refusal = stage.refused(LoginRefused, lambda: _certify(stage, "a guess"))
    _tell(stage, "secret", "Someone has her phone, and guesses.", refusal, "C2")


def _stolen_database(stage: Stage) -> None:
    """The thief has the management database and the server's keys, then three custodians: rebuilds R, and steps into a session at C8."""
    with stolen(stage) as database:
        sealed = stage.refused(SealInvalid, lambda: rebuilt(stage, database, server_sealing_key(stage)))
        found = rebuilt(stage, database, rebuilt_key(stage))
    stage.tell("database", "A thief has the whole management database, and the key that the server seals with.")
    stage.tell("", f"refused: {type(sealed).__name__}: {sealed} Its key is divided: no share is there.")
    stage.require("the thief has R", commitment(found) == registration(stage).commitment)
    thief, keys = Wiretap(to_porch(stage)), KeyPair.generate()
    offers = list[SessionOffer]()

    def keep_offer(answer: Any) -> Any:
        offers.extend([answer] if isinstance(answer, SessionOffer) else [])
        return answer

    def step_in(message: Any) -> Any:
        return _forged(stage, thief, offers[-1], found, keys) if isinstance(message, Certification) else message

    thief.forge, thief.change = keep_offer, step_in
    refusal = stage.refused(
        KeyNotInForce, lambda: stage.cast.user_device(PHONE).certify(thief, porch_id(stage), SECRET)
    )
    story = "With the shares of three custodians besides, the thief rebuilds R, and makes a right A in Alice's session."
    _tell(stage, "shares", story, refusal, "C12")


def _replayed_challenge(stage: Stage, overheard: Wiretap) -> None:
    """A listener answers a new session's challenge with the statement, signed by the phone, of an earlier one."""
    old = next(message for message in overheard.heard if _is_statement(message))
    listener = Wiretap(to_porch(stage), change=lambda message: old if _is_statement(message) else message)
    attempt = lambda: stage.cast.user_device(PHONE).certify(listener, porch_id(stage), SECRET)  # noqa: E731
    refusal = stage.refused(ChallengeRejected, attempt)
    _tell(
        stage,
        "replay",
        "A listener answers a fresh challenge with the phone's own statement of an earlier session.",
        refusal,
        "C5",
    )


def _changed_app(stage: Stage) -> None:
    """One byte of one file of the phone's app is another."""
    with _changed(app_folder(stage) / "session.py"):
        refusal = stage.refused(IntegrityFailed, lambda: _certify(stage, SECRET))
        _tell(stage, "app", "One byte of one file of the phone's app is changed.", refusal, "C5")


def _certify(stage: Stage, secret: str) -> None:
    stage.cast.user_device(PHONE).certify(to_porch(stage), porch_id(stage), secret)


def _tell(stage: Stage, attack: str, story: str, refusal: CertchainError, step: str) -> None:
    leaf, entry = stage.logged(step, type(refusal))
    stage.tell(attack, story)
    stage.tell("", f"refused: {type(refusal).__name__}: {refusal}")
    stage.tell("", f"in the log: entry {leaf.index}, {entry.outcome.value} at {entry.step}, {entry.reason}")


def _is_statement(message: object) -> bool:
    return getattr(message, "kind", "") == UserDeviceStatement.__name__


@contextmanager
def _changed(file: Path) -> Iterator[None]:
    """While within, the file's first byte is another."""
    whole = file.read_bytes()
    file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    try:
        yield
    finally:
        file.write_bytes(whole)


def _forged(
    stage: Stage, thief: Wiretap, offer: SessionOffer, rebuilt: RegistrationHash, keys: KeyPair
) -> Certification:
    """C8 by the thief: A is right, and the signature is by keys of the thief's own."""
    opened = from_cbor(SessionOpened, offer.opened.body)
    session = build_transcript(stage.workspace.reader.network, opened, offer.challenge, thief.binding)
    signature = keys.sign(transcript(session))
    return Certification(
        session.session, session.challenge, certification_hash(rebuilt, session), signature, keys.public
    )
