"""Fuzzing: whatever bytes come, each reader gives back what was written, or refuses with an error of ours."""

import resource
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import cbor2
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from certchain.channel import envelope
from certchain.channel.envelope import Envelope, EnvelopeKind, decode_message
from certchain.encoding.base_64 import from_base64
from certchain.encoding.checkpoint import parse_checkpoint, parse_checkpoint_body
from certchain.encoding.digest import statement
from certchain.encoding.document import from_document
from certchain.encoding.entry import KINDS, entry_bytes, read_entry
from certchain.encoding.evidence import read_evidence
from certchain.encoding.kind import KIND
from certchain.encoding.leaf import parse_leaf
from certchain.encoding.leaf_bundle import read_places
from certchain.encoding.message import from_cbor, to_cbor
from certchain.encoding.note import parse_note, parse_signatures, parse_vkey
from certchain.encoding.tile import parse_bundle, parse_tile_path
from certchain.encoding.witness import parse_add_checkpoint, parse_size_line
from certchain.errors import CertchainError, error_classes
from certchain.keys import CertificateAuthority, KeyPair, SealingKey, TlsKey
from certchain.keys.certificate import parse_certificate, parse_name_uri
from certchain.models.alert import Alert, AlertDocument
from certchain.models.app import AppRelease, ReleaseFile
from certchain.models.certification import Signed
from certchain.models.enrolment import Enrolled, EnrolmentRequest
from certchain.models.identifier import Party, PartyKind
from certchain.models.production import BatchMembership, DeviceDescription
from certchain.verification.enrolment import verify_enrolment
from certchain.verification.statement import Identity
from tests.fuzzing import examples, no_faults
from tests.tls import LOCK, NETWORK, Certificates, now

MODELS: dict[str, Any] = {
    **envelope._models(),
    **error_classes(),
    **{model.__name__: model for model in (Alert, AppRelease, ReleaseFile, Enrolled, BatchMembership, Envelope)},
    **{model.__name__: model for model in KINDS.values()},
}
CERTIFICATES = Certificates()
CERTIFICATE = CERTIFICATES.identity(LOCK).certificate
REQUEST = TlsKey.generate().request()
NEWCOMER = Identity(NETWORK, Party(PartyKind.DEVICE, 0), KeyPair.generate())
NEWCOMERS = EnrolmentRequest(
    certificate_request=REQUEST,
    device=DeviceDescription("Acme", "bolt", "1"),
    user_device=None,
    service=None,
    membership=None,
)
MOST_MEMORY = 64 << 20


@pytest.fixture(autouse=True, scope="module")
def threads_end_well() -> Iterator[None]:
    """No thread is left with an exception."""
    with no_faults():
        yield


def refuses_or_reads(read: Callable[[Any], object], data: object) -> object | None:
    """What was read, or nothing after a refusal of ours. Any other exception is a finding."""
    try:
        return read(data)
    except CertchainError:
        return None


names = st.sampled_from(sorted(MODELS))
field_names = st.sampled_from(sorted({name for model in MODELS.values() for name in model.__annotations__}))
atoms = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.binary(max_size=70)
    | st.text(max_size=20)
    | names
    | st.sampled_from([bytes(32), bytes(16), "device", "user-device", "service", "message", "error", "login"])
)
values = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(field_names | st.integers(), inner, max_size=8),
    max_leaves=20,
)


numbers = st.integers(-1, 3) | st.integers(-(2**65), 2**65)
octets = st.sampled_from([bytes(32), bytes(16), b""]) | st.binary(max_size=70)
BASIC: dict[Any, Any] = {
    int: numbers,
    bytes: octets,
    str: st.text(max_size=8),
    bool: st.booleans(),
    type(None): st.none(),
}


def written_as(kind: Any) -> Any:
    """Values as they are written for a type, of the right form; what they say is anything."""
    kind = getattr(kind, "__supertype__", kind)
    if get_origin(kind) in {Union, UnionType}:
        return st.one_of([written_as(each) for each in get_args(kind)])
    if get_origin(kind) is tuple:
        return st.lists(written_as(get_args(kind)[0]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from([each.value for each in kind])
    if is_dataclass(kind):
        return st.deferred(lambda: fields_of(kind))
    return BASIC.get(kind, values)


@cache
def fields_of(model: Any) -> Any:
    """A map of a model's fields, of which now and then one is of another form."""
    hints = get_type_hints(model)
    usual = st.fixed_dictionaries({each.name: written_as(hints[each.name]) for each in fields(model)})
    return usual | st.tuples(usual, field_names, values).map(lambda drawn: drawn[0] | {drawn[1]: drawn[2]})


@st.composite
def shaped(draw: Any) -> tuple[str, bytes]:
    """A model's name, and a map with all of its fields: what comes past a reader's first look."""
    name = draw(names)
    return name, cbor2.dumps(draw(fields_of(MODELS[name])), canonical=True)


@st.composite
def changed(draw: Any, data: bytes) -> bytes:
    """Bytes with a few of them replaced, removed or inserted."""
    for _ in range(draw(st.integers(1, 4))):
        place, length = draw(st.integers(0, len(data))), draw(st.integers(0, 4))
        data = data[:place] + draw(st.binary(max_size=4)) + data[place + length :]
    return data


# ---------------------------------------------------------------------------------------------------------------- messages


@examples(150)
@given(name=names, data=st.binary(max_size=200) | values.map(cbor2.dumps))
def test_any_bytes_as_any_model(name: str, data: bytes) -> None:
    read = refuses_or_reads(lambda each: from_cbor(MODELS[name], each), data)
    assert read is None or to_cbor(read) == data


@examples(200)
@given(shape=shaped())
def test_any_values_in_the_fields_of_a_model(shape: tuple[str, bytes]) -> None:
    name, data = shape
    read = refuses_or_reads(lambda each: from_cbor(MODELS[name], each), data)
    event("read" if read is not None else "refused")
    assert read is None or to_cbor(read) == data


@examples(200)
@given(shape=shaped(), kind=st.sampled_from(list(EnvelopeKind)))
def test_any_body_in_an_envelope_of_any_type(shape: tuple[str, bytes], kind: EnvelopeKind) -> None:
    name, body = shape
    refuses_or_reads(decode_message, to_cbor(Envelope(kind, name, body)))


@examples(150)
@given(data=st.binary(max_size=300) | values.map(cbor2.dumps) | changed(to_cbor(NEWCOMER.sign(NEWCOMERS))))
def test_any_bytes_as_an_envelope_or_a_signed_message(data: bytes) -> None:
    refuses_or_reads(decode_message, data)
    refuses_or_reads(lambda each: from_cbor(Signed, each), data)


@pytest.mark.parametrize("head", [0x5B, 0x7B, 0x9B, 0xBB], ids=["bytes", "text", "array", "map"])
@pytest.mark.parametrize("length", [2**20, 2**32, 2**40, 2**63, 2**64 - 1])
def test_a_claimed_length_alone_takes_no_memory(head: int, length: int) -> None:
    """An array of so many items is announced, and none of them comes."""
    data, before = bytes([head]) + length.to_bytes(8), most_memory()
    for read in (decode_message, read_entry, lambda each: from_cbor(tuple[bytes, ...], each)):
        with pytest.raises(CertchainError):
            read(data)
    assert most_memory() - before < MOST_MEMORY


def most_memory() -> int:
    """Bytes that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@pytest.mark.parametrize("opening", [b"\x81", b"\xa1\x00", b"\xc1", b"\x9f", b"\xd8\x1d", b"\xd8\x1c"])
def test_what_is_nested_deeply_is_refused(opening: bytes) -> None:
    """A thousand and a hundred thousand levels: no stack overflows."""
    for depth in (1_000, 100_000):
        for read in (decode_message, read_entry):
            with pytest.raises(CertchainError):
                read(opening * depth)


# --------------------------------------------------------------------------------------------------------------- log entries


@st.composite
def entries(draw: Any) -> bytes:
    """The fields of an entry."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    return cbor2.dumps({KIND: kind, **draw(fields_of(KINDS[kind]))}, canonical=True)


@examples(200)
@given(data=st.binary(max_size=200) | values.map(cbor2.dumps) | entries())
def test_any_bytes_as_an_entry(data: bytes) -> None:
    read: Any = refuses_or_reads(read_entry, data)
    assert read is None or entry_bytes(read) == data


TEXTS = (
    parse_note,
    parse_signatures,
    parse_vkey,
    parse_checkpoint,
    parse_checkpoint_body,
    parse_add_checkpoint,
    parse_size_line,
    parse_tile_path,
    from_base64,
    lambda text: parse_name_uri(NETWORK, text),
)
BINARY = (parse_leaf, parse_bundle, read_places, read_evidence, lambda data: from_document(AlertDocument, data))
NOTE = "certchain/log\n3\n" + "A" * 43 + "=\n\n\N{EM DASH} certchain/log " + "B" * 40 + "\n"


@st.composite
def noted(draw: Any) -> str:
    text = NOTE
    for _ in range(draw(st.integers(0, 4))):
        place, length = draw(st.integers(0, len(text))), draw(st.integers(0, 4))
        text = text[:place] + draw(st.text(max_size=3)) + text[place + length :]
    return text


@examples(150)
@given(text=st.text(max_size=100) | noted(), place=st.integers(0, len(TEXTS) - 1))
def test_any_text_to_the_readers_of_notes_and_names(text: str, place: int) -> None:
    refuses_or_reads(TEXTS[place], text)


@examples(150)
@given(
    data=st.binary(max_size=200) | changed(b'{\n  "format": "certchain/alert/v1"\n}\n'),
    place=st.integers(0, len(BINARY) - 1),
)
def test_any_bytes_to_the_readers_of_files(data: bytes, place: int) -> None:
    refuses_or_reads(BINARY[place], data)


# -------------------------------------------------------------------------------------------------- certificates, enrolment


@examples(200)
@given(data=st.binary(max_size=200) | changed(CERTIFICATE))
def test_any_bytes_as_a_certificate(data: bytes) -> None:
    """One with another byte anywhere is nobody's."""
    refuses_or_reads(parse_certificate, data)
    read = refuses_or_reads(CERTIFICATES.ca.certificate.read, data)
    assert read is None or data == CERTIFICATE
    refuses_or_reads(CertificateAuthority.from_private_bytes, data)


@examples(150)
@given(data=st.binary(max_size=200) | changed(REQUEST))
def test_any_bytes_as_a_certificate_request(data: bytes) -> None:
    refuses_or_reads(lambda each: CERTIFICATES.ca.issue(each, LOCK, now=now()), data)


@st.composite
def enrolments(draw: Any) -> Signed:
    """A signature by the newcomer over a request of any content, or over anything."""
    body = draw(changed(to_cbor(NEWCOMERS)) | values.map(cbor2.dumps) | st.binary(max_size=100))
    signed = NEWCOMER.sign(NEWCOMERS)
    if draw(st.booleans()):
        return Signed(signed.kind, signed.signer, signed.keys, body, signed.signature)
    return _signed(body)


def _signed(body: bytes) -> Signed:
    said = statement(NETWORK, EnrolmentRequest.__name__, NEWCOMER.party, body)
    return Signed(EnrolmentRequest.__name__, NEWCOMER.party, NEWCOMER.keys.public, body, NEWCOMER.keys.sign(said))


@examples(200)
@given(signed=enrolments())
def test_any_enrolment_request(signed: Signed) -> None:
    refuses_or_reads(lambda each: verify_enrolment(each, NETWORK), signed)


@examples(150)
@given(sealed=st.binary(max_size=120), key=st.binary(min_size=32, max_size=32))
def test_any_bytes_as_something_sealed(sealed: bytes, key: bytes) -> None:
    assert refuses_or_reads(lambda each: NEWCOMER.keys.open(b"", each), sealed) is None
    assert refuses_or_reads(lambda each: SealingKey(key).open(b"", each), sealed) is None
