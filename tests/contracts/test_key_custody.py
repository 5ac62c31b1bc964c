"""KeyCustody: who keeps the shares of divided key data, one division after another, each written once."""

from typing import Any

import pytest

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import NOTHING, keys, word

R = word("registration commitment")
CUSTODIANS = 7


@pytest.fixture(scope="module")
def custodians(registration: Any, actors: Actors) -> list[int]:
    """Enrolled services."""
    for number in range(CUSTODIANS):
        registration.enrolService(*keys(f"custodian {number}"), {"from": actors.authority})
    return list(range(1, CUSTODIANS + 1))


@pytest.fixture
def server(actors: Actors) -> dict[str, Any]:
    """The certification server as sender."""
    return {"from": actors.server}


def shares(custodians: list[int], name: str = "") -> list[tuple[int, bytes]]:
    """A share for each, told apart by a word."""
    return [(custodian, word(f"{name}share {index}")) for index, custodian in enumerate(custodians)]


def kept(key_custody: Any, number: int, commitment: bytes = R) -> tuple[int, list[tuple[int, bytes]]]:
    """Threshold and shares of a division."""
    threshold, _, found = key_custody.divisionByNumber(commitment, number)
    return threshold, [(custodian, bytes(committed)) for custodian, committed in found]


@pytest.mark.parametrize("scheme", [(1, 1), (2, 3), (3, 5), (4, 7), (1, 7), (7, 7)])
def test_a_division_is_whole_and_readable(
    key_custody: Any, custodians: list[int], server: dict[str, Any], chain: Any, scheme: tuple[int, int]
) -> None:
    """How many shares rebuild the key, who keeps each, what it commits to, and since when."""
    threshold, count = scheme
    receipt = key_custody.divide(R, 1, threshold, shares(custodians[:count]), server)
    assert kept(key_custody, 1) == (threshold, shares(custodians[:count]))
    assert key_custody.divisionByNumber(R, 1)[1] == chain[receipt.block_number].timestamp
    event = receipt.events["Divided"]
    assert (bytes(event["commitment"]), event["number"]) == (R, 1)


def test_custodians_that_share_a_slot_are_told_apart(
    key_custody: Any, custodians: list[int], server: dict[str, Any]
) -> None:
    """In any order: a share's index is its place."""
    order = [custodians[place] for place in (6, 0, 3, 5, 1, 4, 2)]
    key_custody.divide(R, 1, 4, shares(order), server)
    assert kept(key_custody, 1) == (4, shares(order))


def test_a_division_stays_as_it_was_written(key_custody: Any, custodians: list[int], server: dict[str, Any]) -> None:
    """A further one stands behind it, with fewer shares or more, and each commitment has its own."""
    key_custody.divide(R, 1, 3, shares(custodians[:5], "first "), server)
    key_custody.divide(R, 2, 1, shares(custodians[6:], "second "), server)
    key_custody.divide(word("another"), 1, 2, shares(custodians[2:5], "other "), server)
    key_custody.divide(R, 3, 7, shares(custodians, "third "), server)
    assert (key_custody.divisionCount(R), key_custody.divisionCount(word("another"))) == (3, 1)
    assert kept(key_custody, 1) == (3, shares(custodians[:5], "first "))
    assert kept(key_custody, 2) == (1, shares(custodians[6:], "second "))
    assert kept(key_custody, 3) == (7, shares(custodians, "third "))
    assert kept(key_custody, 1, word("another")) == (2, shares(custodians[2:5], "other "))


@pytest.mark.parametrize("number", [0, 1, 3, 2**16 - 1])
def test_a_division_that_is_not_the_next_is_refused(
    key_custody: Any, custodians: list[int], server: dict[str, Any], number: int
) -> None:
    """Neither twice, nor over one that came first, nor ahead of its turn; the refusal says which is next."""
    key_custody.divide(R, 1, 2, shares(custodians[:3]), server)
    with reverts("KeyCustody_NumberMismatch", R, number, 2):
        key_custody.divide(R, number, 1, shares(custodians[3:]), server)
    assert kept(key_custody, 1) == (2, shares(custodians[:3]))


def test_an_empty_commitment_is_refused(key_custody: Any, custodians: list[int], server: dict[str, Any]) -> None:
    """Zero stands for no registration."""
    with reverts("KeyCustody_EmptyCommitment"):
        key_custody.divide(NOTHING, 1, 1, shares(custodians[:1]), server)


@pytest.mark.parametrize(("threshold", "count"), [(0, 0), (0, 1), (1, 0), (2, 1), (6, 5), (255, 7)])
def test_a_threshold_that_rebuilds_nothing_is_refused(
    key_custody: Any, custodians: list[int], server: dict[str, Any], threshold: int, count: int
) -> None:
    """It is 1 to the number of shares."""
    with reverts("KeyCustody_MalformedDivision", threshold, count):
        key_custody.divide(R, 1, threshold, shares(custodians[:count]), server)


def test_a_key_has_at_most_255_shares(key_custody: Any, custodians: list[int], server: dict[str, Any]) -> None:
    """256 are too many; 255 are looked at one by one."""
    with reverts("KeyCustody_MalformedDivision", 255, 256):
        key_custody.divide(R, 1, 255, [(1, word("share"))] * 256, server)
    with reverts("KeyCustody_RepeatedCustodian", custodians[0]):
        key_custody.divide(R, 1, 255, [(custodians[0], word("share"))] * 255, server)


@pytest.mark.skip_coverage
def test_255_custodians_can_keep_a_key(
    key_custody: Any, registration: Any, actors: Actors, custodians: list[int], server: dict[str, Any]
) -> None:
    """The most that there can be are written, and read back."""
    for number in range(CUSTODIANS, 255):
        registration.enrolService(*keys(f"custodian {number}"), {"from": actors.authority})
    everyone = shares(list(range(1, 256)))
    key_custody.divide(R, 1, 255, everyone, server)
    assert kept(key_custody, 1) == (255, everyone)


@pytest.mark.parametrize("stranger", [0, CUSTODIANS + 1, 2**48 - 1])
def test_a_custodian_is_an_enrolled_service(
    key_custody: Any, custodians: list[int], server: dict[str, Any], stranger: int
) -> None:
    """Registration says who is; its own error says who is not."""
    for place in range(3):
        asked = shares([*custodians[:place], stranger, *custodians[place:2]])
        with reverts("Registration_UnknownService", stranger):
            key_custody.divide(R, 1, 2, asked, server)
    assert key_custody.divisionCount(R) == 0


@pytest.mark.parametrize("places", [(0, 1), (0, 2), (1, 2), (3, 6)])
def test_a_custodian_keeps_one_share(
    key_custody: Any, custodians: list[int], server: dict[str, Any], places: tuple[int, int]
) -> None:
    """Who kept two of 3-of-5 would need one friend less."""
    twice = [*custodians]
    twice[places[1]] = twice[places[0]]
    with reverts("KeyCustody_RepeatedCustodian", twice[places[0]]):
        key_custody.divide(R, 1, 2, shares(twice), server)


def test_an_empty_share_commitment_is_refused(key_custody: Any, custodians: list[int], server: dict[str, Any]) -> None:
    """A share that commits to nothing could be anything."""
    with reverts("KeyCustody_EmptyShareCommitment", custodians[1]):
        key_custody.divide(R, 1, 2, [*shares(custodians[:1]), (custodians[1], NOTHING)], server)


@pytest.mark.parametrize("number", [0, 2, 2**16 - 1])
def test_a_division_never_made_is_unknown(
    key_custody: Any, custodians: list[int], server: dict[str, Any], number: int
) -> None:
    """And a commitment that nobody divided a key for has none."""
    key_custody.divide(R, 1, 2, shares(custodians[:3]), server)
    with reverts("KeyCustody_UnknownDivision", R, number):
        key_custody.divisionByNumber(R, number)
    assert key_custody.divisionCount(word("another")) == 0
    with reverts("KeyCustody_UnknownDivision", word("another"), 1):
        key_custody.divisionByNumber(word("another"), 1)
