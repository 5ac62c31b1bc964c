"""Divisions of key data: every ledger takes each once, in its order, and keeps it for good."""

import time

import pytest

from certchain.errors import (
    DivisionNumberMismatch,
    EmptyKeyCommitment,
    EmptyShareCommitment,
    MalformedDivision,
    RepeatedCustodian,
    UnknownDivision,
    UnknownService,
)
from certchain.ledger import CustodyLedger
from certchain.models.custody import CommittedShare, KeyDivision
from certchain.models.identifier import ServiceId
from tests.world import NOTHING, World, keys, refused, word


@pytest.fixture(scope="module")
def custodians(world: World) -> list[ServiceId]:
    """Seven services."""
    return [world["authority"].registrations.enrol_service(keys()) for _ in range(7)]


@pytest.fixture
def custody(world: World) -> CustodyLedger:
    """The certification server's side."""
    return world["server"].custody


def shares(custodians: list[ServiceId]) -> list[CommittedShare]:
    return [CommittedShare(custodian, word()) for custodian in custodians]


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (2, 3), (3, 5), (4, 7), (7, 7)])
def test_a_division_is_kept_whole(
    world: World, custody: CustodyLedger, custodians: list[ServiceId], threshold: int, count: int
) -> None:
    divided_at, commitment, kept = int(time.time()), word(), shares(custodians[:count])

    custody.divide(commitment, 1, threshold, kept)

    found = world["thief"].custody.division(commitment, 1)
    assert found.divided_at >= divided_at
    assert found == KeyDivision(commitment, 1, threshold, tuple(kept), found.divided_at)
    assert world["thief"].custody.division_count(commitment) == 1


def test_the_custodians_stand_in_any_order(custody: CustodyLedger, custodians: list[ServiceId]) -> None:
    """A share's index is its place, whoever keeps it."""
    commitment, kept = word(), shares([custodians[4], custodians[0], custodians[6]])

    custody.divide(commitment, 1, 2, kept)

    assert custody.division(commitment, 1).shares == tuple(kept)


def test_a_key_is_divided_anew_and_the_older_division_stays(
    custody: CustodyLedger, custodians: list[ServiceId]
) -> None:
    commitment, first, second = word(), shares(custodians[:5]), shares(custodians[2:])
    custody.divide(commitment, 1, 3, first)

    custody.divide(commitment, 2, 2, second)

    assert custody.division_count(commitment) == 2
    assert custody.division(commitment, 1).shares == tuple(first)
    assert (custody.division(commitment, 2).threshold, custody.division(commitment, 2).shares) == (2, tuple(second))


@pytest.mark.parametrize("number", [0, 1, 3, 2**16 - 1])
def test_a_division_comes_in_its_order_and_once(
    custody: CustodyLedger, custodians: list[ServiceId], number: int
) -> None:
    """So one that another division overtook, or that is there already, is refused."""
    commitment, kept = word(), shares(custodians[:3])
    custody.divide(commitment, 1, 2, kept)

    with refused(DivisionNumberMismatch(commitment.value, number, 2)):
        custody.divide(commitment, number, 2, kept)
    assert custody.division_count(commitment) == 1


def test_every_commitment_counts_for_itself(custody: CustodyLedger, custodians: list[ServiceId]) -> None:
    commitment, neighbour = word(), word()
    custody.divide(commitment, 1, 1, shares(custodians[:1]))

    custody.divide(neighbour, 1, 1, shares(custodians[:1]))

    assert (custody.division_count(commitment), custody.division_count(neighbour)) == (1, 1)
    with refused(EmptyKeyCommitment()):
        custody.divide(NOTHING, 1, 1, shares(custodians[:1]))


@pytest.mark.parametrize(("threshold", "count"), [(0, 0), (1, 0), (0, 3), (4, 3), (255, 3)])
def test_a_threshold_is_one_to_all_of_the_shares(
    custody: CustodyLedger, custodians: list[ServiceId], threshold: int, count: int
) -> None:
    with refused(MalformedDivision(threshold, count)):
        custody.divide(word(), 1, threshold, shares(custodians[:count]))


def test_a_key_has_at_most_255_shares(custody: CustodyLedger, custodians: list[ServiceId]) -> None:
    """Shares of GF(2^8) have no more indices; there need not be so many custodians to find that out."""
    with refused(MalformedDivision(2, 256)):
        custody.divide(word(), 1, 2, shares(custodians[:1] * 256))
    with refused(RepeatedCustodian(custodians[0])):
        custody.divide(word(), 1, 2, shares(custodians[:1] * 255))


def test_custodians_are_enrolled_services_and_different(
    world: World, custody: CustodyLedger, custodians: list[ServiceId]
) -> None:
    commitment = word()
    for stranger in (ServiceId(0), ServiceId(world["server"].registrations.service_count() + 1)):
        with refused(UnknownService(stranger)):
            custody.divide(commitment, 1, 2, shares([custodians[0], stranger]))
    with refused(RepeatedCustodian(custodians[1])):
        custody.divide(commitment, 1, 2, shares([custodians[1], custodians[0], custodians[1]]))
    assert custody.division_count(commitment) == 0


def test_a_share_commits_to_something(custody: CustodyLedger, custodians: list[ServiceId]) -> None:
    kept = [*shares(custodians[:2]), CommittedShare(custodians[2], NOTHING)]

    with refused(EmptyShareCommitment(custodians[2])):
        custody.divide(word(), 1, 2, kept)


def test_a_division_that_was_never_made_is_unknown(custody: CustodyLedger, custodians: list[ServiceId]) -> None:
    commitment = word()
    assert custody.division_count(commitment) == 0
    with refused(UnknownDivision(commitment.value, 1)):
        custody.division(commitment, 1)

    custody.divide(commitment, 1, 1, shares(custodians[:1]))

    for number in (0, 2, 2**16 - 1):
        with refused(UnknownDivision(commitment.value, number)):
            custody.division(commitment, number)
