"""The second part of the story: four attacks on a certification, each refused, and each seen in the log."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from certchain.cli.demo.household import PHONE, SECRET, app_folder, porch_id, to_porch
from certchain.cli.demo.stage import Stage
from certchain.cli.demo.wiretap import Wiretap
from certchain.cli.party import KEY_DATA
from certchain.encoding.digest import (
    certification_hash,
    commitment,
    first_factor,
    key_data_context,
    third_factor,
    transcript,
)
from certchain.encoding.message import from_cbor
from certchain.errors import CertchainError, ChallengeRejected, IntegrityFailed, KeyNotInForce, LoginRefused
from certchain.keys import KeyPair, SealingKey
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import (
    Certification,
    SessionOffer,
    SessionOpened,
    UserDeviceStatement,
)
from certchain.models.identifier import RegistrationId
from certchain.models.registration import Factor, Registration
from certchain.storage import ManagementDatabase, SqlManagementDatabase
from certchain.verification.registration import combine
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
    """The thief has the management database and its sealing key, rebuilds R, and steps into a session of Alice's at C8."""
    with _stolen(stage) as database:
        rebuilt = _rebuilt(stage, database, stage.workspace.keyring.sealing_key(KEY_DATA))
    registered = _registration(stage)
    stage.require("the thief has R", commitment(rebuilt) == registered.commitment)
    thief, keys = Wiretap(to_porch(stage)), KeyPair.generate()
    offers = list[SessionOffer]()

    def keep_offer(answer: Any) -> Any:
        offers.extend([answer] if isinstance(answer, SessionOffer) else [])
        return answer

    def step_in(message: Any) -> Any:
        return _forged(stage, thief, offers[-1], rebuilt, keys) if isinstance(message, Certification) else message

    thief.forge, thief.change = keep_offer, step_in
    refusal = stage.refused(
        KeyNotInForce, lambda: stage.cast.user_device(PHONE).certify(thief, porch_id(stage), SECRET)
    )
    story = "A thief has the whole management database with its sealing key, rebuilds R, and makes a right A in Alice's session."
    _tell(stage, "database", story, refusal, "C12")


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
def _stolen(stage: Stage) -> Iterator[ManagementDatabase]:
    """A copy of the database's files, opened elsewhere."""
    home = stage.workspace.home
    loot = home.folder / "loot"
    loot.mkdir()
    for file in home.folder.glob(f"{home.management_database.name}*"):
        shutil.copy(file, loot / file.name)
    database = SqlManagementDatabase(loot / home.management_database.name)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _changed(file: Path) -> Iterator[None]:
    """While within, the file's first byte is another."""
    whole = file.read_bytes()
    file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    try:
        yield
    finally:
        file.write_bytes(whole)


def _registration(stage: Stage) -> Registration:
    return stage.workspace.reader.registrations.registration(RegistrationId(1))


def _rebuilt(stage: Stage, database: ManagementDatabase, sealing_key: SealingKey) -> RegistrationHash:
    """R, from nothing but the loot and what everyone can read on the chain."""
    registered = _registration(stage)
    parties = (registered.user_device, registered.device)
    sealed = database.key_data(registered.commitment)
    key_data = from_cbor(KeyData, sealing_key.open(key_data_context(*parties, registered.commitment), sealed))
    order = stage.workspace.reader.registrations.method_factors(registered.method)
    first = first_factor(*database.user_device(registered.user_device))
    third = third_factor(*database.device(registered.device))
    factors = {Factor.FIRST: first, Factor.SECOND: key_data.second_factor, Factor.THIRD: third}
    return combine(registered.method, order, key_data.salt, factors)


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
