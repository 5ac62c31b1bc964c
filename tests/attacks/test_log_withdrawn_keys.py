"""Attack: whoever has the keys that the log's server had before goes on signing with them."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.errors import KeyNotInForce
from certchain.keys import KeyPair
from certchain.models.log import LogMode
from tests.audited import Watch, changed


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


def rotated(watch: Watch) -> KeyPair:
    new = KeyPair.generate()
    watch.book.accounts("authority").registrations.rotate_service_keys(watch.server, new.public)
    return new


def goes_on(watch: Watch, new: KeyPair) -> None:
    """The server starts again with its new keys."""
    watch.book.server = replace(watch.book.server, keys=new)
    watch.book.restart()
    watch.book.flush()


@pytest.mark.parametrize("seen", [True, False], ids=["seen before", "never seen"])
def test_a_log_that_goes_on_under_withdrawn_keys_is_refused(watch: Watch, seen: bool) -> None:
    if seen:
        watch.auditor.audit(watch.followed())
    old, new = watch.book.server.keys.public, rotated(watch)
    leaves = watch.leaves()
    more = [replace(changed(leaves[at]), index=300 + at, at=leaves[-1].at) for at in range(50)]
    forged = watch.followed(watch.signed([*leaves, *more]), keys=(old, new.public))
    deeds: tuple[Any, ...] = (watch.auditor.audit, watch.auditor.follow, watch.auditor.compare)
    for deed in deeds:
        with pytest.raises(KeyNotInForce):
            deed(forged)
    with pytest.raises(KeyNotInForce):
        watch.auditor.prove(replace(forged, anchored=None), 320)


def test_what_the_chain_has_was_signed_for_by_the_keys_of_then(watch: Watch) -> None:
    """The rotation takes back nothing."""
    old, new = watch.book.server.keys.public, rotated(watch)
    log = watch.followed(keys=(old, new.public))
    assert watch.auditor.audit(log).size == watch.auditor.follow(log).size == 300


@pytest.mark.parametrize("unanchored", [0, 50])
def test_an_honest_log_goes_on_under_the_new_keys(watch: Watch, unanchored: int) -> None:
    """Its newest checkpoint is signed anew; the auditor knows by which keys it saw the one before, and needs the new ones only."""
    watch.book.record(unanchored)
    watch.book.engine.publication.publish()
    watch.auditor.audit(watch.followed())
    new = rotated(watch)
    goes_on(watch, new)
    for more in (0, 30):
        watch.book.record(more)
        watch.book.flush()
        log = watch.followed(keys=(new.public,))
        assert watch.auditor.follow(log).size == watch.auditor.audit(log).size == 300 + unanchored + more
