"""An operator works at a certification server over HTTPS, by name, and nobody else does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from certchain.channel.http import TEXT_LIMIT, HttpPeer
from certchain.channel.http_connection import PeerTls
from certchain.channel.operations import HttpOperations
from certchain.encoding.digest import enrolment_context
from certchain.encoding.message import from_cbor
from certchain.errors import (
    CertificateMissing,
    InformationChanged,
    KeyAlreadyEnrolled,
    LoginLocked,
    LoginRefused,
    OperatorRequired,
    RegistrationNotActive,
    RegistrationRefused,
    SealInvalid,
    UnknownRecord,
    WrongPeer,
)
from certchain.keys import KeyPair, ServerTls, TlsIdentity, TlsKey, client_context
from certchain.models.certification import Signed, UserDeviceInformation
from certchain.models.enrolment import Enrolled, EnrolmentAnswer, EnrolmentRequest
from certchain.models.entry import LostKeyEntry, Subject, SubjectKind, UnlockEntry
from certchain.models.identifier import Party, PartyKind, RegistrationId, UserId
from certchain.models.production import DeviceDescription
from certchain.services import running
from certchain.services.operator import operator_router
from certchain.services.problem import refusing_app
from certchain.verification.statement import Identity
from tests.household import Household
from tests.tls import LOCK, OLGA, SERVER, Certificates, now

TABLET = UserDeviceInformation("Tab 4", "Android", "t1")
GATE = DeviceDescription("Acme", "bolt", "gate")


@dataclass(slots=True)
class Centre:
    """A certification centre whose operators are elsewhere."""

    home: Household = field(default_factory=Household)
    certificates: Certificates = field(init=False)
    url: str = ""

    def __post_init__(self) -> None:
        self.certificates = Certificates(self.home.server.identity.network)

    def operations(self, name: Any = OLGA, answerer: Party | None = None) -> HttpOperations:
        return HttpOperations(self.url, self.certificates.identity(name), answerer or self.home.server.identity.party)

    def request(self, kind: PartyKind, keys: KeyPair, **described: Any) -> Signed:
        """What a party's own software signs to be enrolled."""
        nothing = dict.fromkeys(("device", "user_device", "service", "membership"))
        asked = EnrolmentRequest(certificate_request=TlsKey.generate().request(), **nothing | described)
        return Identity(self.home.server.identity.network, Party(kind, 0), keys).sign(asked)

    def opened(self, answer: EnrolmentAnswer, keys: KeyPair) -> Enrolled:
        context = enrolment_context(self.home.server.identity.network, keys.public)
        return from_cbor(Enrolled, keys.open(context, answer.sealed))


@pytest.fixture
def centre() -> Iterator[Centre]:
    centre = Centre()
    app = refusing_app([])
    app.state.clock = centre.home.clock
    app.include_router(operator_router(centre.home.server.role.operations))
    centre.home.clock.seconds = now()
    tls = ServerTls(centre.certificates.server(centre.home.server.identity.party))
    with running(app, tls=tls) as url:
        centre.url = url
        yield centre


def test_an_operator_enrols_a_user_a_user_device_and_a_device(centre: Centre) -> None:
    olga, phone, gate = centre.operations(), KeyPair.generate(), KeyPair.generate()
    assert olga.enrol_user("Boris") == UserId(2)
    assert centre.home.database.user(UserId(2))[0] == "Boris"

    enrolled = centre.opened(olga.admit(centre.request(PartyKind.USER_DEVICE, phone, user_device=TABLET)), phone)
    assert enrolled.party == Party(PartyKind.USER_DEVICE, 2)
    enrolled = centre.opened(olga.admit(centre.request(PartyKind.DEVICE, gate, device=GATE)), gate)
    assert enrolled.party == Party(PartyKind.DEVICE, 2)
    assert centre.home.server.authority.certificate.read(enrolled.certificate).name == enrolled.party


def test_an_answer_is_for_who_has_the_exchange_key(centre: Centre) -> None:
    mine, thiefs = KeyPair.generate(), KeyPair.generate()
    answer = centre.operations().admit(centre.request(PartyKind.DEVICE, mine, device=GATE))
    with pytest.raises(SealInvalid):
        centre.opened(answer, thiefs)


def test_keys_are_enrolled_once_and_services_not_at_all(centre: Centre) -> None:
    olga, keys = centre.operations(), KeyPair.generate()
    olga.admit(centre.request(PartyKind.DEVICE, keys, device=GATE))
    with pytest.raises(KeyAlreadyEnrolled):
        olga.admit(centre.request(PartyKind.DEVICE, keys, device=replace(GATE, serial="another")))
    with pytest.raises(KeyAlreadyEnrolled):
        olga.admit(centre.request(PartyKind.USER_DEVICE, keys, user_device=TABLET))
    with pytest.raises(RegistrationRefused):
        olga.admit(centre.request(PartyKind.SERVICE, KeyPair.generate(), service="custodian-9"))


def test_a_request_whose_answer_was_lost_is_answered_again_and_enrols_nobody_else(centre: Centre) -> None:
    """Until other keys are in force: then the request is of the past."""
    olga, gate, phone = centre.operations(), KeyPair.generate(), KeyPair.generate()
    for request, keys in (
        (centre.request(PartyKind.DEVICE, gate, device=GATE), gate),
        (centre.request(PartyKind.USER_DEVICE, phone, user_device=TABLET), phone),
    ):
        lost, again = (centre.opened(olga.admit(request), keys) for _ in range(2))
        assert again.party == lost.party
        fresh = KeyPair.generate()
        described = {"device": GATE} if keys is gate else {"user_device": TABLET}
        olga.rotate(lost.party, centre.request(lost.party.kind, fresh, **described))
        with pytest.raises(KeyAlreadyEnrolled):
            olga.admit(request)


def test_a_lost_phone_is_stopped_and_comes_back_with_fresh_keys(centre: Centre) -> None:
    home, olga = centre.home, centre.operations()
    home.register()
    index = home.server.log_store.size()
    assert olga.report_lost(home.phone.id, "stolen") == (RegistrationId(1),)
    with pytest.raises(RegistrationNotActive):
        home.certify()
    body = home.server.log.reader.entries(index, 1)[0].body
    assert body
    assert body.entry == LostKeyEntry(home.phone.id, "olga", "stolen")

    keys, party = KeyPair.generate(), home.phone.identity.party
    with pytest.raises(InformationChanged):
        olga.rotate(party, centre.request(PartyKind.USER_DEVICE, keys, user_device=TABLET))
    answer = olga.rotate(party, centre.request(PartyKind.USER_DEVICE, keys, user_device=home.phone.information))
    assert centre.opened(answer, keys).party == party
    home.phone.identity = Identity(home.phone.identity.network, party, keys)
    home.phone.restart()
    olga.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, "a fresh secret")
    home.certify("a fresh secret")


def test_a_locked_user_is_unlocked_on_record(centre: Centre) -> None:
    home, olga = centre.home, centre.operations()
    home.register()
    for _ in range(5):
        with pytest.raises(LoginRefused):
            home.certify("guessed")
    home.clock.seconds += 10
    with pytest.raises(LoginLocked):
        home.certify()
    alice = Subject(SubjectKind.USER, home.alice)
    index = olga.unlock(alice, "identified in person")
    body = home.server.log.reader.entries(index, 1)[0].body
    assert body
    assert body.entry == UnlockEntry(alice, "olga", "identified in person")
    home.clock.seconds += 10
    home.certify()
    with pytest.raises(UnknownRecord):
        olga.unlock(Subject(SubjectKind.USER, 99), "")


def test_registrations_are_suspended_reinstated_divided_anew_and_revoked(centre: Centre) -> None:
    home, olga, first = centre.home, centre.operations(), RegistrationId(1)
    home.register()
    olga.suspend(first)
    with pytest.raises(RegistrationNotActive):
        home.certify()
    olga.reinstate(first)
    home.certify()
    olga.redivide(first)
    home.certify()
    olga.revoke(first)
    with pytest.raises(RegistrationNotActive):
        home.certify()


def test_only_an_operator_gets_in(centre: Centre) -> None:
    """A party's own certificate is not enough, and none is less."""
    with pytest.raises(OperatorRequired):
        centre.operations(LOCK)
    peer, asked = json.dumps({"name": "Mallory"}).encode(), {"Content-Type": "application/json"}
    for identity, refusal in ((centre.certificates.identity(LOCK), OperatorRequired), (None, CertificateMissing)):
        reply = HttpPeer(centre.url, 5, _tls(centre, identity)).post("operator/users", peer, TEXT_LIMIT, asked)
        assert (reply.status, json.loads(reply.body)["error"]) == (403, refusal.__name__)
    assert centre.home.account("anyone").registrations.user_count() == 1


def test_an_operator_speaks_to_no_other_server(centre: Centre) -> None:
    with pytest.raises(WrongPeer):
        centre.operations(answerer=SERVER if centre.home.server.identity.party != SERVER else LOCK).enrol_user("Boris")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"name": 7}', b'{"name": ""}', b'{"name": "x", "admin": true}', b'{"name": "\\ud800"}']
)
def test_what_is_no_request_is_refused_by_name(centre: Centre, body: bytes) -> None:
    peer = HttpPeer(centre.url, 5, _tls(centre, centre.certificates.identity(OLGA)))
    reply = peer.post("operator/users", body, TEXT_LIMIT, {"Content-Type": "application/json"})
    assert reply.status == 400
    assert json.loads(reply.body)["error"] == "MalformedRequest"
    assert reply.media_type == "application/problem+json"


def _tls(centre: Centre, identity: TlsIdentity | None) -> PeerTls:
    """Of a client that shows this certificate, or none."""
    return PeerTls(client_context(centre.certificates.ca.certificate, identity), lambda _: None)
