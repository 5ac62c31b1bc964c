"""An entry has one encoding, the known one, and nothing else is read as an entry."""

import json
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain import merkle
from certchain.encoding.document import from_document, to_document
from certchain.encoding.entry import entry_bytes, read_entry
from certchain.encoding.leaf import entry_commitment, leaf_bytes
from certchain.encoding.message import from_cbor, to_cbor
from certchain.encoding.tile import bundle
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.certification import AppStatus
from certchain.models.digest import Digest
from certchain.models.entry import (
    AppEntry,
    ErasureEntry,
    HoldEntry,
    LogEntry,
    LoginEntry,
    LoginOutcome,
    LostKeyEntry,
    ReleaseEntry,
    RetentionEntry,
    Subject,
    SubjectKind,
    UnlockEntry,
)
from certchain.models.identifier import DeviceId, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.models.log import LoggedEntry, LogLeaf, LogPage, OpenedBody

KNOWN = json.loads((Path(__file__).parents[2] / "vectors" / "log.json").read_text(encoding="utf-8"))
MODELS = {
    "hold": HoldEntry,
    "release": ReleaseEntry,
    "erasure": ErasureEntry,
    "retention": RetentionEntry,
    "unlock": UnlockEntry,
    "lost-key": LostKeyEntry,
    "app": AppEntry,
}
NUMBERS = st.integers(0, 2**63 - 1)
SUBJECTS = st.builds(Subject, st.sampled_from(SubjectKind), NUMBERS)
ENTRIES: st.SearchStrategy[LogEntry] = st.one_of(
    st.builds(
        LoginEntry,
        st.sampled_from(LoginOutcome),
        st.text(max_size=30),
        st.text(max_size=300),
        st.one_of(st.none(), st.binary(min_size=16, max_size=16)),
        st.one_of(st.none(), NUMBERS.map(UserId)),
        st.one_of(st.none(), NUMBERS.map(UserDeviceId)),
        NUMBERS.map(DeviceId),
        st.one_of(st.none(), NUMBERS.map(RegistrationId)),
    ),
    st.builds(HoldEntry, SUBJECTS, st.text(), st.text()),
    st.builds(ReleaseEntry, SUBJECTS, st.text(), st.text()),
    st.builds(ErasureEntry, SUBJECTS, NUMBERS, st.text()),
    st.builds(RetentionEntry, NUMBERS, st.text()),
    st.builds(UnlockEntry, SUBJECTS, st.text(), st.text()),
    st.builds(LostKeyEntry, NUMBERS.map(UserDeviceId), st.text(), st.text()),
    st.builds(
        AppEntry,
        st.text(),
        st.text(),
        NUMBERS.map(ServiceId),
        st.binary(min_size=32, max_size=32).map(Digest),
        st.sampled_from(AppStatus),
        NUMBERS,
        st.text(),
        st.text(),
    ),
)
LOGIN = LoginEntry(
    LoginOutcome.CERTIFIED, "C13", "", bytes(16), UserId(3), UserDeviceId(2), DeviceId(7), RegistrationId(11)
)
LOGIN_MAP: dict[str, Any] = cbor2.loads(entry_bytes(LOGIN))
HOLD_MAP: dict[str, Any] = {"kind": "hold", "held": {"kind": "user", "number": 3}, "name": "17", "reason": "court"}


def entry_of(fields: dict[str, Any]) -> LogEntry:
    """The entry that a vector describes."""
    values = {name: value for name, value in fields.items() if name != "kind"}
    for name in ("held", "erased", "unlocked"):
        if name in values:
            values[name] = Subject(SubjectKind(values[name]["kind"]), values[name]["number"])
    if fields["kind"] == "app":
        release = Digest(bytes.fromhex(values["release"]["value"]), values["release"]["algorithm"])
        values |= {"release": release, "status": AppStatus(values["status"])}
    if fields["kind"] != "login":
        return MODELS[fields["kind"]](**values)  # type: ignore[no-any-return]
    session = None if values["session"] is None else bytes.fromhex(values["session"])
    return LoginEntry(**values | {"outcome": LoginOutcome(values["outcome"]), "session": session})


def changed(fields: dict[str, Any], **other: Any) -> bytes:
    return cbor2.dumps(fields | other, canonical=True)


@pytest.mark.parametrize("index", range(len(KNOWN["entries"])))
def test_body_commitment_and_leaf_of_every_kind_are_the_known_ones(index: int) -> None:
    row = KNOWN["entries"][index]
    body = entry_bytes(entry_of(row["entry"]))
    commitment = entry_commitment(bytes.fromhex(row["salt"]), body)
    leaf = leaf_bytes(LogLeaf(index, row["at"], commitment))

    assert body.hex() == row["body"]
    assert commitment.value.hex() == row["commitment"]
    assert leaf.hex() == row["leaf"]
    assert merkle.leaf_hash(leaf).value.hex() == row["leaf_hash"]
    assert read_entry(body) == entry_of(row["entry"])


def test_every_kind_has_a_known_answer() -> None:
    assert {row["entry"]["kind"] for row in KNOWN["entries"]} == {"login", *MODELS}


def test_the_log_s_bundle_and_its_root_at_every_size_are_the_known_ones() -> None:
    leaves = [bytes.fromhex(row["leaf"]) for row in KNOWN["entries"]]
    tree = merkle.CompactRange()

    assert bundle(leaves).hex() == KNOWN["bundle"]
    for leaf, root in zip(leaves, KNOWN["roots"], strict=False):
        assert tree.root().value.hex() == root
        tree.append(merkle.leaf_hash(leaf))
    assert tree.root().value.hex() == KNOWN["roots"][-1]


@given(ENTRIES)
def test_every_entry_comes_back_and_is_written_like_any_other_message(entry: LogEntry) -> None:
    data = entry_bytes(entry)

    assert read_entry(data) == entry
    assert data == to_cbor(entry)
    keys = [cbor2.dumps(key) for key in cbor2.loads(data)]
    assert keys == sorted(keys)


@given(ENTRIES)
def test_an_entry_keeps_its_kind_in_messages_and_in_files(entry: LogEntry) -> None:
    leaf = LogLeaf(0, 1, Digest(bytes(32)))
    page = LogPage((LoggedEntry(leaf, OpenedBody(bytes(32), entry)), LoggedEntry(leaf, None)))

    assert from_cbor(LogPage, to_cbor(page)) == page
    assert from_document(LogPage, to_document(page)) == page
    assert entry_bytes(entry) in to_cbor(page)
    assert json.loads(to_document(page))["entries"][0]["body"]["entry"]["kind"] in {"login", *MODELS}


@given(st.binary(max_size=60))
def test_random_bytes_are_refused_or_are_an_entry_s_own(data: bytes) -> None:
    try:
        entry = read_entry(data)
    except MalformedMessage:
        return
    assert entry_bytes(entry) == data


@pytest.mark.parametrize("fields", [LOGIN_MAP, HOLD_MAP], ids=["login", "hold"])
def test_an_entry_that_is_cut_longer_or_changed_in_a_byte_is_another_or_none(fields: dict[str, Any]) -> None:
    data = changed(fields)
    for other in (*(data[:end] for end in range(len(data))), data + b"\0", data + data):
        with pytest.raises(MalformedMessage):
            read_entry(other)
    for at in range(len(data)):
        other = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            assert entry_bytes(read_entry(other)) == other
        except MalformedMessage:
            continue


@pytest.mark.parametrize(
    "data",
    [
        cbor2.dumps({}),
        cbor2.dumps([]),
        cbor2.dumps("login"),
        cbor2.dumps(None),
        cbor2.dumps({"kind": "login"}),
        cbor2.dumps({**LOGIN_MAP, "kind": "Login"}, canonical=True),
        changed(LOGIN_MAP, kind="logout"),
        changed(LOGIN_MAP, kind="hold"),
        changed(LOGIN_MAP, kind=None),
        changed(LOGIN_MAP, kind=["login"]),
        changed(LOGIN_MAP, more=1),
        changed(LOGIN_MAP, outcome="forgotten"),
        changed(LOGIN_MAP, outcome=1),
        changed(LOGIN_MAP, step=None),
        changed(LOGIN_MAP, step=b"C13"),
        changed(LOGIN_MAP, reason=0),
        changed(LOGIN_MAP, session=bytes(15)),
        changed(LOGIN_MAP, session="0" * 16),
        changed(LOGIN_MAP, user=True),
        changed(LOGIN_MAP, user=3.0),
        changed(LOGIN_MAP, user="3"),
        changed(LOGIN_MAP, device=None),
        changed(LOGIN_MAP, user_device=[2]),
        changed(LOGIN_MAP, registration=False),
        cbor2.dumps({name: LOGIN_MAP[name] for name in reversed(LOGIN_MAP)}),
        changed(HOLD_MAP, kind="login"),
        changed(HOLD_MAP, held={"kind": "nobody", "number": 3}),
        changed(HOLD_MAP, held={"kind": "user", "number": True}),
        changed(HOLD_MAP, held={"kind": "user"}),
        changed(HOLD_MAP, held=3),
        changed(HOLD_MAP, name=None),
        changed(HOLD_MAP, more=1),
        cbor2.dumps(HOLD_MAP),
        b"\x81" * 100_000,
        b"\xbb\x00\x00\x00\x7f\xff\xff\xff\xff",
    ],
)
def test_an_entry_of_another_kind_shape_or_order_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_entry(data)


def test_a_number_that_is_longer_than_it_has_to_be_is_refused() -> None:
    data = entry_bytes(LOGIN)
    longer = data.replace(b"fdevice\x07", b"fdevice\x18\x07")
    assert len(longer) == len(data) + 1
    with pytest.raises(MalformedMessage):
        read_entry(longer)


def test_a_text_that_is_not_unicode_is_refused_before_it_is_written() -> None:
    for entry in (
        LoginEntry(LoginOutcome.REFUSED, "C2", "\ud800", None, None, None, DeviceId(7), None),
        RetentionEntry(0, "\ud800"),
    ):
        with pytest.raises(MalformedValue):
            entry_bytes(entry)


def test_a_kind_is_not_read_as_another() -> None:
    with pytest.raises(MalformedMessage):
        from_cbor(ReleaseEntry, changed(HOLD_MAP))
    assert from_cbor(HoldEntry, changed(HOLD_MAP)) == read_entry(changed(HOLD_MAP))
