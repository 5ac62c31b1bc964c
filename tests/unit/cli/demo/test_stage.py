"""The demo's claims can fail, and then the demo does."""

import io
from collections.abc import Iterator

import pytest

from certchain.channel import MemoryChannel
from certchain.cli.demo.stage import Stage, stage
from certchain.cli.demo.wiretap import Wiretap
from certchain.cli.deploy import deploy
from certchain.cli.output import Output
from certchain.errors import DemoFailed, LoginRefused, UnknownDevice
from certchain.models.delivery import LatestQuestion
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import NOBODY, DeviceId, ProductId


@pytest.fixture
def here() -> Iterator[Stage]:
    with stage(Output(True, io.StringIO(), io.StringIO())) as here:
        yield here


def refuse() -> None:
    raise LoginRefused(4)


def test_a_claim_that_does_not_hold_ends_the_demo(here: Stage) -> None:
    here.require("two and two are four", holds=True)
    with pytest.raises(DemoFailed, match="two and two are five"):
        here.require("two and two are five", holds=False)


def test_an_attack_has_to_be_refused_by_its_own_name(here: Stage) -> None:
    assert here.refused(LoginRefused, refuse).attempts_left == 4
    with pytest.raises(DemoFailed, match="a UnknownDevice was due, and what came"):
        here.refused(UnknownDevice, refuse)
    with pytest.raises(DemoFailed, match="succeeded"):
        here.refused(LoginRefused, lambda: None)


def test_a_refusal_has_to_be_the_logs_last_entry(here: Stage) -> None:
    here.run(deploy)
    entry = LoginEntry(LoginOutcome.REFUSED, "C2", "LoginRefused", None, None, None, DeviceId(1), None)
    here.cast.log.engine.writer.record(entry)
    leaf, found = here.logged("C2", LoginRefused)
    assert (leaf.index, found) == (0, entry)
    with pytest.raises(DemoFailed, match="last entry is"):
        here.logged("C5", LoginRefused)


def test_what_is_no_login_is_not_taken_for_one(here: Stage) -> None:
    here.run(deploy)
    here.cast.log.retention.set_retention(30, "policy")
    with pytest.raises(DemoFailed, match="entry 0 is a login"):
        here.entry(0)


def test_a_stage_leaves_nothing_behind() -> None:
    with stage(Output(True, io.StringIO(), io.StringIO())) as here:
        folder = here.workspace.home.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_what_is_told_is_shown_to_people_and_kept_for_programs() -> None:
    results = io.StringIO()
    with stage(Output(False, results, io.StringIO())) as here:
        here.scene("1. A scene")
        here.tell("C1", "Something happens.")
    assert "  C1        Something happens." in results.getvalue()
    assert here.told == [{"scene": "1. A scene", "step": "C1", "told": "Something happens."}]


def test_a_wiretap_is_a_channel_with_someone_on_it() -> None:
    inner = MemoryChannel(lambda _, message: message, asker=NOBODY, answerer=NOBODY)
    tap = Wiretap(inner, change=lambda _: LatestQuestion(ProductId(2)), forge=lambda _: LatestQuestion(ProductId(3)))
    assert tap.request(LatestQuestion(ProductId(1)), LatestQuestion).product == 3
    assert tap.heard == [LatestQuestion(ProductId(1))]
    assert (tap.binding, tap.export("x", b"", 8)) == (inner.binding, inner.export("x", b"", 8))
    assert tap.peer == inner.peer
    tap.close()
