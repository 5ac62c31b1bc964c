"""The secure update's decisions, each on the value that is right and on the one beside it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from certchain.encoding.digest import package_id, version_commitment
from certchain.errors import (
    CorruptedPackage,
    DigestMismatch,
    EndlessData,
    ForgedVerdict,
    ForgedVersionId,
    MixedUpProduct,
    NotApproved,
    RollbackAttack,
    SwappedPackage,
    UnapprovedPackage,
    UnknownPackage,
    UpdateRefused,
    VerificationFailed,
    Withdrawn,
)
from certchain.models.delivery import (
    CHUNK_LENGTH,
    InstalledPackage,
    PackageChunk,
    PackageSubmission,
    PublishedPackage,
    SubmittedPair,
    ValidationQuestion,
    Verdict,
)
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from certchain.models.update import Package, PackageStatus
from certchain.verification.update import (
    Candidate,
    LowerVersion,
    compare_versions,
    named_refusal,
    verify_chunk,
    verify_data,
    verify_product,
    verify_publication,
    verify_submission,
    verify_verdict,
    verify_version_id,
)

LAMP, OVEN = ProductId(1), ProductId(2)
VER_ID, UPT_ID, NONCE = b"v" * 32, b"u" * 32, b"n" * 32
PKG_ID, DIGEST, OTHER = package_id(VER_ID, UPT_ID), Digest(b"d" * 32), Digest(b"o" * 32)
LENGTH = CHUNK_LENGTH + 10
PACKAGE = Package(LAMP, 5, PackageStatus.APPROVED, 0, 2, version_commitment(VER_ID), PKG_ID, DIGEST, LENGTH)
PUBLISHED = PublishedPackage(LAMP, 5, UPT_ID, PKG_ID, LENGTH)
SUBMISSION, PAIR = PackageSubmission(LAMP, 5, PKG_ID, b""), SubmittedPair(VER_ID, DIGEST)
VERDICT = Verdict(LAMP, 5, PKG_ID, DIGEST, LENGTH, VER_ID, NONCE, 0)
CANDIDATE = Candidate(PUBLISHED, PACKAGE, ValidationQuestion(PKG_ID, DIGEST, NONCE))


def test_r4_a_ver_id_is_the_one_committed_to() -> None:
    assert verify_version_id("R4", VER_ID, PACKAGE) == VER_ID
    for ver_id, package in ((b"x" * 32, PACKAGE), (VER_ID, replace(PACKAGE, ver_id_commitment=None))):
        with pytest.raises(ForgedVersionId, match="R4"):
            verify_version_id("R4", ver_id, package)


def test_r6_a_submission_agrees_with_the_chain() -> None:
    assert verify_submission(SUBMISSION, PAIR, PACKAGE) is PAIR
    for submission, pair, error in (
        (SUBMISSION, replace(PAIR, ver_id=b"x" * 32), ForgedVersionId),
        (replace(SUBMISSION, pkg_id=OTHER), PAIR, SwappedPackage),
        (SUBMISSION, replace(PAIR, digest=OTHER), CorruptedPackage),
    ):
        with pytest.raises(error, match="R6"):
            verify_submission(submission, pair, PACKAGE)


def test_r7_a_publication_agrees_with_the_chain() -> None:
    assert verify_publication(PUBLISHED, PACKAGE) is PUBLISHED
    for published, package, error in (
        (replace(PUBLISHED, version=6), PACKAGE, SwappedPackage),
        (replace(PUBLISHED, product=OVEN), PACKAGE, SwappedPackage),
        (PUBLISHED, replace(PACKAGE, status=PackageStatus.WITHDRAWN), UnapprovedPackage),
        (replace(PUBLISHED, length=LENGTH - 1), PACKAGE, EndlessData),
    ):
        with pytest.raises(error, match="R7"):
            verify_publication(published, package)


def test_a3_the_lower_of_two_versions_is_updated() -> None:
    assert compare_versions(1, 2) is LowerVersion.MINE
    assert compare_versions(2, 1) is LowerVersion.THEIRS
    assert compare_versions(2, 2) is LowerVersion.NEITHER


def test_a6_a_piece_is_in_its_place_and_as_long_as_it_has_to_be() -> None:
    last = PackageChunk(LAMP, 5, CHUNK_LENGTH, bytes(10))
    assert verify_chunk("A6", last, PUBLISHED, CHUNK_LENGTH) == bytes(10)
    for chunk, error in (
        (replace(last, data=bytes(11)), EndlessData),
        (replace(last, data=bytes(9)), EndlessData),
        (replace(last, offset=0), SwappedPackage),
        (replace(last, product=OVEN), SwappedPackage),
        (replace(last, version=4), SwappedPackage),
    ):
        with pytest.raises(error, match="A6"):
            verify_chunk("A6", chunk, PUBLISHED, CHUNK_LENGTH)


def test_a7_data_and_a_product_are_those_expected() -> None:
    assert verify_data("A7", DIGEST, DIGEST) == DIGEST
    assert verify_product("A1", LAMP, LAMP) == LAMP
    for recorded in (OTHER, None):
        with pytest.raises(CorruptedPackage):
            verify_data("A7", DIGEST, recorded)
    with pytest.raises(MixedUpProduct):
        verify_product("A1", OVEN, LAMP)


@pytest.mark.parametrize(
    ("problem", "attack"),
    [
        (UnknownPackage(bytes(32)), SwappedPackage),
        (NotApproved(bytes(32), 3), UnapprovedPackage),
        (Withdrawn(bytes(32)), UnapprovedPackage),
        (DigestMismatch(bytes(32), bytes(32), bytes(32)), CorruptedPackage),
        (ForgedVersionId("R4", "of another kind"), UpdateRefused),
    ],
)
def test_a9_the_chains_refusal_is_named_after_the_attack(
    problem: VerificationFailed, attack: type[UpdateRefused]
) -> None:
    refusal = named_refusal("A9", problem)
    assert type(refusal) is attack
    assert str(refusal).startswith("A9: ")


def test_a10_what_authority_and_chain_vouch_for_may_be_installed() -> None:
    assert verify_verdict(VERDICT, CANDIDATE, LAMP, 4) == InstalledPackage(LAMP, 5, PKG_ID, DIGEST, LENGTH)


Twist = Callable[[Candidate], Candidate]


def asked(**fields: object) -> Twist:
    return lambda candidate: replace(candidate, question=replace(candidate.question, **fields))  # type: ignore[arg-type]


def on_chain(**fields: object) -> Twist:
    return lambda candidate: replace(candidate, package=replace(candidate.package, **fields))  # type: ignore[arg-type]


def offered(**fields: object) -> Twist:
    return lambda candidate: replace(candidate, offer=replace(candidate.offer, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("twist", "error"),
    [
        (asked(nonce=b"x" * 32), ForgedVerdict),
        (asked(pkg_id=OTHER), ForgedVerdict),
        (asked(digest=OTHER), ForgedVerdict),
        (offered(upt_id=b"x" * 32), SwappedPackage),
        (on_chain(status=PackageStatus.RECORDED), UnapprovedPackage),
        (on_chain(status=PackageStatus.WITHDRAWN), UnapprovedPackage),
        (on_chain(version=6), ForgedVerdict),
        (on_chain(product=OVEN), ForgedVerdict),
        (on_chain(pkg_id=OTHER), ForgedVerdict),
        (on_chain(digest=OTHER), CorruptedPackage),
        (on_chain(length=LENGTH + 1), EndlessData),
    ],
)
def test_a10_nothing_else_may_be_installed(twist: Twist, error: type[UpdateRefused]) -> None:
    with pytest.raises(error, match="A10"):
        verify_verdict(VERDICT, twist(CANDIDATE), LAMP, 4)


@pytest.mark.parametrize("installed", [5, 6])
def test_a10_a_version_that_is_not_higher_is_a_rollback(installed: int) -> None:
    with pytest.raises(RollbackAttack):
        verify_verdict(VERDICT, CANDIDATE, LAMP, installed)


def test_a10_another_product_is_refused() -> None:
    with pytest.raises(MixedUpProduct):
        verify_verdict(VERDICT, CANDIDATE, OVEN, 0)
