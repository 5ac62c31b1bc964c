"""An alert's document proves what it says, to whoever has the server's keys; every change to it shows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.document import from_document, to_document
from certchain.errors import (
    AlertInvalid,
    CertchainError,
    CheckpointInvalid,
    CosignaturesMissing,
    MalformedValue,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.models.alert import Alert, AlertDocument, AlertRule
from certchain.models.digest import Digest
from certchain.models.entry import HoldEntry, LoginOutcome
from certchain.models.identifier import DeviceId
from certchain.models.log import OpenedBody
from certchain.verification.alert import LONGEST_DOCUMENT, verify_alert, verify_recorded
from certchain.verification.recognition import Threshold, can_be_sign
from tests.alarms import Watch, certified, refused
from tests.logged import ALICE


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    """A burst of three failures among good logins."""
    watch = Watch()
    watch.turn(certified(), refused(), certified(), refused(), refused(), certified())
    yield watch
    watch.recogniser.stop()


def changed(watch: Watch, change: Callable[[AlertDocument], AlertDocument]) -> bytes:
    return to_document(change(from_document(AlertDocument, watch.document())))


def proof(document: AlertDocument, **given: Any) -> AlertDocument:
    return replace(document, proof=replace(document.proof, **given))


def test_a_document_proves_rule_device_and_entries(watch: Watch) -> None:
    proven = verify_alert(watch.document(), watch.alerts()[0].digest, key_thumbprint(watch.book.server.keys.public))
    assert (proven.alert.rule, proven.alert.device, proven.number) == (AlertRule.FAILURE_BURST, 1, 1)
    assert [entry.leaf.index for entry in proven.entries] == [1, 3, 4]
    assert {entry.entry.reason for entry in proven.entries} == {"LoginRefused"}  # type: ignore[union-attr]
    assert proven.checkpoint.size == 6


CHANGES: dict[str, Callable[[AlertDocument], AlertDocument]] = {
    "an entry left out": lambda d: proof(d, entries=d.proof.entries[1:]),
    "another order": lambda d: proof(d, entries=d.proof.entries[::-1]),
    "no entries": lambda d: proof(d, entries=()),
    "a body changed": lambda d: proof(
        d, entries=(replace(d.proof.entries[0], body=OpenedBody(bytes(32), refused())), *d.proof.entries[1:])
    ),
    "a path changed": lambda d: proof(d, entries=(replace(d.proof.entries[0], path=()), *d.proof.entries[1:])),
    "other keys": lambda d: proof(d, keys=KeyPair.generate().public),
    "another format": lambda d: replace(d, format="certchain-alert/v2"),
    "another proof's format": lambda d: proof(d, format="certchain-log-proof/v2"),
    "another rule": lambda d: replace(d, rule=AlertRule.KEY_ON_TWO_DEVICES),
    "another device": lambda d: replace(d, device=DeviceId(2)),
    "another salt": lambda d: replace(d, salt=bytes(32)),
    "another network": lambda d: replace(d, network=bytes(32)),
    "another signature": lambda d: replace(d, signature=bytes(64)),
    "shown and withheld": lambda d: replace(d, withheld=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_document_that_was_changed_proves_nothing(
    watch: Watch, change: Callable[[AlertDocument], AlertDocument]
) -> None:
    with pytest.raises((AlertInvalid, CheckpointInvalid)):
        verify_alert(changed(watch, change))


def test_every_byte_counts(watch: Watch) -> None:
    data = watch.document()
    number = data.index(b'"number": 1') + len(b'"number": ')  # where the chain has it, which only the chain can say
    for place in range(0, len(data), 13):
        if place != number:
            with pytest.raises(CertchainError):
                verify_alert(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_an_entry_that_is_no_sign_of_the_rule_makes_no_alert_though_the_server_signs_it(watch: Watch) -> None:
    """The server cannot show a good login as a failure, nor an entry about another device as the alert's."""
    honest = watch.alerts()[0].alert
    leaves = tuple(entry.leaf for entry in watch.book.everything())
    lies = (
        replace(honest, entries=leaves[1:3]),
        replace(honest, device=DeviceId(2)),
        replace(honest, rule=AlertRule.BAD_INTEGRITY),
    )
    for lie in lies:
        kept = replace(watch.alerts()[0], alert=lie)
        watch.store._alerts[kept.digest] = kept
        with pytest.raises(AlertInvalid):
            verify_alert(watch.document())
    watch.store._alerts[kept.digest] = replace(kept, alert=honest)


def test_digest_signer_and_witnesses_can_be_asked_for(watch: Watch) -> None:
    with pytest.raises(AlertInvalid):
        verify_alert(watch.document(), Digest(bytes(32)))
    with pytest.raises(WrongSigner):
        verify_alert(watch.document(), thumbprint=key_thumbprint(KeyPair.generate().public))
    with pytest.raises(CosignaturesMissing):
        verify_alert(watch.document(), witnesses={"anne.example": bytes(32)}, quorum=1)


def test_the_chain_has_this_alert_or_it_is_nobodys(watch: Watch) -> None:
    proven, recorded = verify_alert(watch.document()), watch.ledger.alerts.alert(1)
    assert verify_recorded(proven, recorded) == proven
    others = ({"number": 2}, {"rule": AlertRule.BAD_INTEGRITY}, {"device": DeviceId(2)}, {"digest": Digest(bytes(32))})
    for other in others:
        with pytest.raises(AlertInvalid):
            verify_recorded(proven, replace(recorded, **other))


def test_what_is_no_document_is_refused_whatever_it_is() -> None:
    for data in (b"", b"{}", b"\xff", b"[" * 100_000, b" " * (LONGEST_DOCUMENT + 1)):
        with pytest.raises(AlertInvalid):
            verify_alert(data)


def test_what_can_be_a_sign_is_told_by_rule_whatever_the_policy() -> None:
    expected = {
        AlertRule.FAILURE_BURST: refused(),
        AlertRule.CHALLENGE_REPLAYED: refused("ChallengeRejected", "C9"),
        AlertRule.BAD_INTEGRITY: refused("IntegrityFailed", "C5"),
        AlertRule.KEY_ON_TWO_DEVICES: certified(),
        AlertRule.SUSPENDED_REGISTRATION: refused("RegistrationNotActive", "C11", registered=1),
        AlertRule.RECALLED_PACKAGE: certified(),
    }
    for rule, entry in expected.items():
        assert can_be_sign(entry, rule)
        assert not can_be_sign(HoldEntry(ALICE, "case", "court"), rule)
    assert not can_be_sign(certified(), AlertRule.FAILURE_BURST)
    assert not can_be_sign(replace(certified(), outcome=LoginOutcome.REFUSED), AlertRule.BAD_INTEGRITY)


def test_what_no_alert_or_threshold_can_be_is_refused(watch: Watch) -> None:
    alert = watch.alerts()[0].alert
    for given in ({"entries": ()}, {"salt": b""}, {"entries": alert.entries * 1000}):
        with pytest.raises(MalformedValue):
            replace(alert, **given)
    for count, seconds in ((-1, 1), (1, 0), (1001, 1)):
        with pytest.raises(MalformedValue):
            Threshold(count, seconds)
    assert isinstance(alert, Alert)
