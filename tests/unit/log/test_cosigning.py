"""Gathering cosignatures: all witnesses at once, none for ever, and nothing counts but what verifies."""

import threading
import time

import pytest

from certchain.errors import CosignaturesMissing, MalformedValue, WitnessConflict
from certchain.log import Cosigning, KnownWitness
from certchain.models.note import AddCheckpoint
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures
from tests.logbook import Logbook
from tests.witnesses import WitnessTwin, away, cosigning, hanging, three


def witnessed(witnesses: list[WitnessTwin], quorum: int, patience: float = 10.0, grace: float = 10.0) -> Logbook:
    book = Logbook(cosigning=cosigning(witnesses, quorum, patience, grace))
    for witness in witnesses:
        witness.watch(book.engine.publication.origin, book.server.keys.public.signing)
    book.record(3)
    return book


def cosigned_by(book: Logbook) -> list[str]:
    """Whose cosignatures the published checkpoint has; the log's own signature verifies in any case."""
    note = book.engine.publication.checkpoint()
    assert verify_checkpoint(note, book.server.keys.public).size == book.store.size()
    return sorted(found.witness for found in verify_cosignatures(note, book.cosigning.keys, 0))


def test_every_witness_cosigns_each_checkpoint_by_a_proof_from_the_one_before() -> None:
    witnesses = three()
    book = witnessed(witnesses, quorum=3)
    book.engine.publication.publish()
    assert cosigned_by(book) == [witness.name for witness in witnesses]
    book.record(300)
    book.engine.publication.publish()
    assert cosigned_by(book) == [witness.name for witness in witnesses]
    assert [request.old_size for request in witnesses[0].asked] == [0, 3]
    assert book.cosigning.problems == {}


def test_a_witness_that_has_seen_more_than_is_remembered_is_asked_again_from_there() -> None:
    """As after a restart of the log's server: it says where it is, and gets the proof from there."""
    witnesses = three()
    book = witnessed(witnesses, quorum=3)
    book.engine.publication.publish()
    book.record(5)
    book.cosigning = cosigning(witnesses, 3)
    book.restart()
    book.engine.publication.publish()
    assert cosigned_by(book) == [witness.name for witness in witnesses]
    assert [request.old_size for request in witnesses[0].asked] == [0, 0, 3]


def test_a_quorum_is_enough_and_who_is_away_is_named() -> None:
    witnesses = three()
    witnesses[2].instead = away
    book = witnessed(witnesses, quorum=2)
    book.engine.publication.publish()
    assert cosigned_by(book) == [witnesses[0].name, witnesses[1].name]
    assert list(book.cosigning.problems) == [witnesses[2].name]
    assert "nobody is there" in book.cosigning.problems[witnesses[2].name]


def test_without_a_quorum_nothing_is_published() -> None:
    witnesses = three()
    book = witnessed(witnesses, quorum=2)
    book.engine.publication.publish()
    before = book.engine.publication.checkpoint()
    book.record()
    witnesses[1].instead = witnesses[2].instead = away
    with pytest.raises(CosignaturesMissing) as caught:
        book.engine.publication.publish()
    assert (caught.value.found, caught.value.quorum) == (1, 2)
    assert book.engine.publication.checkpoint() == before
    witnesses[1].instead = None
    assert book.engine.publication.publish().size == 4
    assert cosigned_by(book) == [witnesses[0].name, witnesses[1].name]


def test_a_witness_that_hangs_is_waited_for_so_long_and_not_asked_again_until_it_has_ended() -> None:
    witnesses, release = three(), threading.Event()
    witnesses[0].instead = hanging(release)
    book = witnessed(witnesses, quorum=2, patience=0.2)
    began = time.monotonic()
    book.engine.publication.publish()
    assert time.monotonic() - began < 5
    assert "in time" in book.cosigning.problems[witnesses[0].name]
    book.record()
    book.engine.publication.publish()
    assert len(witnesses[0].asked) == 1
    assert "earlier question" in book.cosigning.problems[witnesses[0].name]
    release.set()
    witnesses[0].instead = None
    while book.cosigning._busy:
        threading.Event().wait(0.001)
    book.record()
    book.engine.publication.publish()
    assert cosigned_by(book) == [witness.name for witness in witnesses]


def test_once_there_are_enough_the_late_ones_have_a_moment_and_no_more() -> None:
    witnesses, release = three(), threading.Event()
    witnesses[0].instead = hanging(release)
    book = witnessed(witnesses, quorum=2, patience=60, grace=0.05)
    began = time.monotonic()
    book.engine.publication.publish()
    assert time.monotonic() - began < 30
    release.set()


def test_witnesses_are_asked_at_the_same_time() -> None:
    witnesses, together = three(), threading.Barrier(3, timeout=10)

    for witness in witnesses:

        def meet(request: AddCheckpoint, witness: WitnessTwin = witness) -> str:
            together.wait()
            return witness.cosign(request)

        witness.instead = meet
    book = witnessed(witnesses, quorum=3)
    book.engine.publication.publish()
    assert len(cosigned_by(book)) == 3


def test_what_a_witness_answers_counts_only_when_it_is_its_own_good_signature() -> None:
    """Another's cosignature, one for another checkpoint, nonsense, nothing."""
    witnesses = three()
    wrong, other = witnesses[0], witnesses[1]
    book = witnessed(witnesses, quorum=2)
    book.engine.publication.publish()
    old_line = book.engine.publication.checkpoint().splitlines(keepends=True)
    earlier = next(line for line in old_line if wrong.name in line)
    for answer in (other.cosign, lambda _: earlier, lambda _: "nonsense\n", lambda _: ""):
        wrong.instead = answer
        book.record()
        book.engine.publication.publish()
        assert wrong.name not in cosigned_by(book)
        assert wrong.name in book.cosigning.problems


def test_a_witness_that_claims_to_have_seen_more_than_there_is_does_not_count() -> None:
    witnesses = three()

    def conflict(request: AddCheckpoint) -> str:
        raise WitnessConflict(request.old_size, 10**6)

    witnesses[0].instead = conflict
    book = witnessed(witnesses, quorum=2)
    book.engine.publication.publish()
    assert "1000000" in book.cosigning.problems[witnesses[0].name]


def test_a_witness_that_names_another_size_each_time_is_not_asked_for_ever() -> None:
    witnesses = three()
    witnesses[0].instead = lambda request: (_ for _ in ()).throw(
        WitnessConflict(request.old_size, len(witnesses[0].asked) % 3)
    )
    book = witnessed(witnesses, quorum=2)
    book.engine.publication.publish()
    assert len(witnesses[0].asked) == 3
    assert "another size" in book.cosigning.problems[witnesses[0].name]


def test_a_witness_that_could_not_be_asked_is_asked_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when there are too many threads already."""
    witnesses = three()
    book = witnessed(witnesses, quorum=2)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(CosignaturesMissing):
            book.engine.publication.publish()
    assert set(book.cosigning.problems) == {witness.name for witness in witnesses}
    assert all("can't start new thread" in problem for problem in book.cosigning.problems.values())
    book.engine.publication.publish()
    assert cosigned_by(book) == [witness.name for witness in witnesses]
    assert book.cosigning.problems == {}


def test_a_mistake_in_a_client_is_heard_of() -> None:
    witnesses = three()
    witnesses[0].instead = lambda _: "".join([1])  # type: ignore[list-item]
    book = witnessed(witnesses, quorum=2)
    with pytest.raises(TypeError):
        book.engine.publication.publish()


def test_a_quorum_is_of_the_witnesses_there_are_and_each_has_a_name_of_its_own() -> None:
    witness = three()[0].known()
    for quorum in (-1, 2):
        with pytest.raises(MalformedValue):
            Cosigning([witness], quorum)
    with pytest.raises(MalformedValue):
        Cosigning([witness, KnownWitness(witness.name, bytes(32), witness.client)])
    assert Cosigning([witness], 1).quorum == 1
