"""Attack: enrol a device that no factory made, or one twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certchain.errors import (
    AlreadyEnrolledFromBatch,
    CertchainError,
    KeyAlreadyEnrolled,
    MalformedValue,
    NotInBatch,
    PlaceOutOfRange,
    SignatureInvalid,
    UnknownBatch,
    UnknownRecord,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.models.certification import DeviceInformation, Signed
from certchain.models.identifier import device_party
from certchain.models.production import BatchNumber, DeviceDescription
from certchain.models.registration import PublicKeys
from certchain.roles.certification_server.enrolment import Enrolment
from tests.household import Household
from tests.industry import MemoryAccounts
from tests.produced import Made, batch_of
from tests.world import World, world


def in_memory(_: Path) -> Iterator[Household]:
    yield Household(account=MemoryAccounts())


def on_a_chain(folder: Path) -> Iterator[Household]:
    with world("eth-tester", folder) as network:
        yield Household(account=lambda name: _ledger(network, name))


def _ledger(network: World, name: str) -> Any:
    return network["server" if name == "certification server" else name if name in network.ledgers else "thief"]


@pytest.fixture(params=[in_memory, on_a_chain], scope="module")
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    yield from request.param(tmp_path_factory.mktemp("chain"))


@pytest.fixture
def enrolment(home: Household) -> Enrolment:
    return home.server.role.enrolment


@pytest.fixture(scope="module")
def serials() -> Iterator[int]:
    return iter(range(1, 10_000, 10))


@pytest.fixture
def batch(home: Household, serials: Iterator[int]) -> list[Made]:
    """Seven devices, fresh from the factory."""
    return batch_of(7, home.account("manufacturer"), next(serials))


def place(made: Made, **changes: Any) -> Any:
    assert made.membership is not None
    return replace(made.membership, **changes)


# --------------------------------------------------------------------------------------------------------------- success


def test_every_device_of_a_batch_enrols_by_itself(home: Household, enrolment: Enrolment, batch: list[Made]) -> None:
    for made in batch:
        device = enrolment.enrol_from_batch(made.request())

        said = made.description
        assert home.server.database.device(device) == (
            DeviceInformation(device, said.manufacturer, said.model, said.serial),
            made.keys.public,
        )
        assert home.account("anyone").registrations.public_keys(device_party(device)) == made.keys.public


def test_a_device_that_asks_again_gets_the_same_answer(enrolment: Enrolment, batch: list[Made]) -> None:
    first = [enrolment.enrol_from_batch(made.request()) for made in batch[:2]]
    assert [enrolment.enrol_from_batch(made.request()) for made in batch[:2]] == first


def test_after_a_crash_between_chain_and_database_the_record_is_made_up(
    home: Household, enrolment: Enrolment, batch: list[Made]
) -> None:
    device = enrolment.enrol_from_batch(batch[3].request())
    kept = home.server.database._devices.pop(device)
    with pytest.raises(UnknownRecord):
        home.server.database.device(device)
    assert enrolment.enrol_from_batch(batch[3].request()) == device
    assert home.server.database.device(device) == kept


def test_a_repetition_does_not_undo_what_the_operator_changed_since(
    home: Household, enrolment: Enrolment, batch: list[Made]
) -> None:
    device = enrolment.enrol_from_batch(batch[0].request())
    changed = DeviceInformation(device, "Acme", "bolt", "renumbered")
    home.server.database.put_device(changed, batch[0].keys.public)
    enrolment.enrol_from_batch(batch[0].request())
    assert home.server.database.device(device)[0] == changed


# -------------------------------------------------------------------------------------------------------------- refusals

ANOTHER_KEY = KeyPair.generate()

REFUSED: dict[str, tuple[type[CertchainError], Callable[[list[Made]], Signed]]] = {
    "at another's place": (NotInBatch, lambda batch: batch[0].request(membership=batch[1].membership)),
    "with its own path at another place": (
        NotInBatch,
        lambda batch: batch[0].request(membership=place(batch[0], index=1)),
    ),
    "beyond the batch": (PlaceOutOfRange, lambda batch: batch[0].request(membership=place(batch[0], index=7))),
    "in a batch that is not there": (
        UnknownBatch,
        lambda batch: batch[0].request(membership=place(batch[0], batch=BatchNumber(9_999))),
    ),
    "with a path of another tree": (
        NotInBatch,
        lambda batch: batch[0].request(membership=place(batch[0], path=place(batch[0]).path[::-1])),
    ),
    "with a short path": (
        NotInBatch,
        lambda batch: batch[0].request(membership=place(batch[0], path=place(batch[0]).path[:-1])),
    ),
    "with another serial number": (
        NotInBatch,
        lambda batch: batch[0].request(device=DeviceDescription("Acme", "bolt", "SN-0")),
    ),
    "as another model": (
        NotInBatch,
        lambda batch: batch[0].request(device=replace(batch[0].description, model="vault")),
    ),
    "with other keys": (NotInBatch, lambda batch: replace(batch[0], keys=ANOTHER_KEY).request()),
    "without a place": (MalformedValue, lambda batch: batch[0].request(membership=None)),
    "with keys that it does not have": (
        SignatureInvalid,
        lambda batch: replace(replace(batch[0], keys=ANOTHER_KEY).request(), keys=batch[0].keys.public),
    ),
    "with a signing key of its own beside another's exchange key": (
        NotInBatch,
        lambda batch: replace(
            batch[0].request(), keys=PublicKeys(batch[0].keys.public.signing, ANOTHER_KEY.public.exchange)
        ),
    ),
    "as who is enrolled already": (
        WrongSigner,
        lambda batch: replace(batch[0].request(), signer=replace(batch[0].request().signer, number=1)),
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_who_is_not_the_device_at_the_place_is_refused_and_nothing_is_enrolled(
    home: Household, enrolment: Enrolment, batch: list[Made], how: str
) -> None:
    error, forge = REFUSED[how]
    before = home.account("anyone").registrations.device_count()
    with pytest.raises(error):
        enrolment.enrol_from_batch(forge(batch))
    assert home.account("anyone").registrations.device_count() == before
    enrolment.enrol_from_batch(batch[0].request())


def test_a_place_that_served_does_not_serve_another(enrolment: Enrolment, batch: list[Made]) -> None:
    enrolment.enrol_from_batch(batch[0].request())
    thief = replace(batch[0], keys=KeyPair.generate())
    with pytest.raises(NotInBatch):
        enrolment.enrol_from_batch(thief.request())


def test_a_device_whose_keys_were_replaced_does_not_come_back_with_the_old_ones(
    enrolment: Enrolment, batch: list[Made]
) -> None:
    device = enrolment.enrol_from_batch(batch[0].request())
    enrolment.rotate_device_keys(device, KeyPair.generate().public)
    with pytest.raises(AlreadyEnrolledFromBatch):
        enrolment.enrol_from_batch(batch[0].request())


def test_keys_that_are_enrolled_already_are_not_enrolled_from_a_batch(enrolment: Enrolment, batch: list[Made]) -> None:
    enrolment.enrol_device("Acme", "bolt", "by hand", batch[0].keys.public)
    with pytest.raises(KeyAlreadyEnrolled):
        enrolment.enrol_from_batch(batch[0].request())
