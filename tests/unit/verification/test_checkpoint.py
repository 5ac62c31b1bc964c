"""Checkpoints: signed by the log's key, cosigned by as many known witnesses as are asked for; whoever else signed is ignored."""

import json
from pathlib import Path
from typing import Any

import pytest

from certchain import merkle
from certchain.encoding.checkpoint import checkpoint_text
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.note import key_id, parse_note, parse_vkey, signature_lines, signed_note
from certchain.errors import CheckpointInvalid, CosignaturesMissing, MalformedValue
from certchain.keys import KeyPair
from certchain.models.digest import Digest
from certchain.models.identifier import Party, PartyKind
from certchain.models.log import Checkpoint, Cosignature
from certchain.models.note import CheckpointBody, KeyType, NoteKey, NoteSignature
from certchain.models.registration import PublicKeys
from certchain.verification.checkpoint import (
    add_cosignatures,
    sign_checkpoint,
    sign_cosignature,
    verify_checkpoint,
    verify_cosignatures,
    verify_log_checkpoint,
)
from certchain.verification.note import verify_signatures

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8")
)
KEYS, THIEF, ANNE, BERT = (KeyPair.generate() for _ in range(4))
CHECKPOINT = Checkpoint(
    "certchain/aa/login-log", 5, Digest(bytes(32)), Party(PartyKind.SERVICE, 1), key_thumbprint(KEYS.public)
)
NOTE = sign_checkpoint(CHECKPOINT, KEYS)
WITNESSES = {"anne.example": ANNE.public.signing, "bert.example": BERT.public.signing}
NOW = 1_800_000_000


def line_of(note: str) -> str:
    """The last signature line of a note."""
    return note.splitlines(keepends=True)[-1]


def garbled(line: str) -> str:
    """The same line with one letter of the signature changed."""
    at = len(line) - 20
    return line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :]


def log_key(name: str = CHECKPOINT.origin, keys: KeyPair = KEYS) -> NoteKey:
    return NoteKey(name, KeyType.ED25519, keys.public.signing)


# ------------------------------------------------------------------------------------------------------------ the log's word


def test_a_checkpoint_verifies_under_the_keys_that_signed_it() -> None:
    assert verify_checkpoint(NOTE, KEYS.public) == CHECKPOINT


def test_a_checkpoint_by_other_keys_is_refused() -> None:
    with pytest.raises(CheckpointInvalid, match="not signed by the log's key"):
        verify_checkpoint(sign_checkpoint(CHECKPOINT, THIEF), KEYS.public)


def test_a_checkpoint_that_names_other_keys_is_refused() -> None:
    """The same signing key beside another exchange key is another pair."""
    mixed = PublicKeys(KEYS.public.signing, THIEF.public.exchange)
    with pytest.raises(CheckpointInvalid, match="thumbprint"):
        verify_checkpoint(NOTE, mixed)


def test_a_checkpoint_whose_text_was_changed_is_refused() -> None:
    with pytest.raises(CheckpointInvalid, match="does not verify"):
        verify_checkpoint(NOTE.replace("\n5\n", "\n6\n"), KEYS.public)


def test_a_signature_under_another_name_is_not_the_log_s() -> None:
    text = checkpoint_text(CHECKPOINT)
    signature = NoteSignature("me", key_id(log_key("me")), KEYS.sign(text.encode()))
    with pytest.raises(CheckpointInvalid, match="not signed by the log's key"):
        verify_checkpoint(signed_note(text, (signature,)), KEYS.public)


def test_signatures_of_others_are_ignored_before_and_behind_the_log_s() -> None:
    text, (own,) = parse_note(NOTE)
    _, (other,) = parse_note(sign_checkpoint(CHECKPOINT, THIEF))
    stranger = NoteSignature("stranger.example", bytes(4), b"whatever")

    assert verify_checkpoint(signed_note(text, (stranger, own, other)), KEYS.public) == CHECKPOINT
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(signed_note(text, (stranger, other)), KEYS.public)


def test_a_line_under_the_log_s_name_and_key_id_has_to_verify_even_beside_a_good_one() -> None:
    with pytest.raises(CheckpointInvalid, match="does not verify"):
        verify_checkpoint(NOTE + garbled(line_of(NOTE)), KEYS.public)
    with pytest.raises(CheckpointInvalid, match="does not verify"):
        verify_checkpoint(NOTE.replace(line_of(NOTE), garbled(line_of(NOTE)) + line_of(NOTE)), KEYS.public)


def test_a_cosignature_by_the_log_s_key_is_no_signature_of_the_log() -> None:
    text, _ = parse_note(NOTE)
    cosigned = f"{text}\n" + sign_cosignature(NOTE, CHECKPOINT.origin, KEYS, NOW)
    with pytest.raises(CheckpointInvalid, match="not signed by the log's key"):
        verify_checkpoint(cosigned, KEYS.public)


# ---------------------------------------------------------------------------------------------------------- other logs' words


@pytest.mark.parametrize("size", range(16))
def test_another_implementation_s_checkpoints_hold_and_their_roots_are_ours(size: int) -> None:
    log = PUBLISHED["log"]
    body = verify_log_checkpoint(log["checkpoints"][size], (parse_vkey(log["vkey"]),))
    leaves = [merkle.leaf_hash(leaf.encode()) for leaf in log["leaves"]]

    assert body == CheckpointBody("example.com/log/testdata", size, merkle.root(leaves[:size]))


@pytest.mark.parametrize("example", PUBLISHED["notes"], ids=lambda example: example["source"])
def test_the_published_notes_verify_under_their_keys_and_under_no_others(example: dict[str, str]) -> None:
    text, signatures = parse_note(example["note"])
    key = parse_vkey(example["vkey"])

    assert verify_signatures(text, signatures, (key,)) == {key: signatures[0]}
    assert verify_signatures(text, signatures, (log_key(key.name),)) == {}
    with pytest.raises(CheckpointInvalid):
        verify_signatures(text.replace("is", "was") + "\n", signatures, (key,))


def test_a_log_may_have_several_keys_and_needs_one_good_signature() -> None:
    both = (log_key(), log_key("other.example", THIEF))

    assert verify_log_checkpoint(NOTE, both) == verify_log_checkpoint(NOTE, both[:1])
    for keys in (both[1:], ()):
        with pytest.raises(CheckpointInvalid):
            verify_log_checkpoint(NOTE, keys)


def test_a_note_that_is_no_checkpoint_is_refused() -> None:
    example = PUBLISHED["notes"][0]
    with pytest.raises(CheckpointInvalid):
        verify_log_checkpoint(example["note"], (parse_vkey(example["vkey"]),))


# ---------------------------------------------------------------------------------------------------------- the witnesses' word


def cosigned(*witnesses: tuple[str, KeyPair]) -> str:
    return NOTE + "".join(sign_cosignature(NOTE, name, keys, NOW) for name, keys in witnesses)


def test_cosignatures_of_known_witnesses_make_the_quorum() -> None:
    note = cosigned(("anne.example", ANNE), ("bert.example", BERT))

    expected = (Cosignature("anne.example", NOW), Cosignature("bert.example", NOW))
    assert verify_cosignatures(note, WITNESSES, 2) == expected
    assert verify_checkpoint(note, KEYS.public) == CHECKPOINT


@pytest.mark.parametrize("quorum", [1, 2])
def test_too_few_cosignatures_are_refused(quorum: int) -> None:
    assert verify_cosignatures(NOTE, WITNESSES, 0) == ()
    with pytest.raises(CosignaturesMissing) as refusal:
        verify_cosignatures(NOTE, WITNESSES, quorum)
    assert refusal.value.values() == {"found": 0, "quorum": quorum}


def test_a_witness_counts_once_however_often_it_signed() -> None:
    again = sign_cosignature(NOTE, "anne.example", ANNE, NOW + 1)
    note = cosigned(("anne.example", ANNE)) + again
    assert len(verify_cosignatures(note, WITNESSES, 1)) == 1
    with pytest.raises(CosignaturesMissing):
        verify_cosignatures(note, WITNESSES, 2)


def test_a_witness_counts_once_under_however_many_names() -> None:
    """The cosigned message does not name the witness: one key under two names is one word."""
    both = {"anne.example": ANNE.public.signing, "also.example": ANNE.public.signing}
    note = cosigned(("anne.example", ANNE), ("also.example", ANNE))
    with pytest.raises(CosignaturesMissing):
        verify_cosignatures(note, both, 2)


def test_strangers_and_thieves_do_not_count() -> None:
    note = cosigned(("stranger.example", THIEF), ("anne.example", THIEF))
    with pytest.raises(CosignaturesMissing):
        verify_cosignatures(note, WITNESSES, 1)


def test_a_known_witness_s_bad_line_makes_the_note_invalid() -> None:
    line = sign_cosignature(NOTE, "anne.example", ANNE, NOW)
    with pytest.raises(CheckpointInvalid):
        verify_cosignatures(NOTE + garbled(line), WITNESSES, 0)


def test_a_cosignature_is_for_its_checkpoint_and_time_only() -> None:
    text, (own,) = parse_note(NOTE)
    _, (line,) = parse_note(f"{text}\n" + sign_cosignature(NOTE, "anne.example", ANNE, NOW))
    later = NoteSignature(line.name, line.key_id, (NOW + 1).to_bytes(8) + line.signature[8:])
    timeless = NoteSignature(line.name, line.key_id, bytes(8) + line.signature[8:])
    other = signed_note(text.replace("\n5\n", "\n6\n"), (own, line))

    for note in (signed_note(text, (own, later)), signed_note(text, (own, timeless)), other):
        with pytest.raises(CheckpointInvalid):
            verify_cosignatures(note, WITNESSES, 1)


def test_a_witness_has_a_clock() -> None:
    with pytest.raises(MalformedValue):
        sign_cosignature(NOTE, "anne.example", ANNE, 0)


# ---------------------------------------------------------------------------------------------------- taking a witness's answer


def test_a_witness_s_good_lines_join_the_note_once_and_others_stay_out() -> None:
    answer = sign_cosignature(NOTE, "stranger.example", THIEF, NOW) + sign_cosignature(NOTE, "anne.example", ANNE, NOW)
    note = add_cosignatures(NOTE, answer, WITNESSES)

    assert note == cosigned(("anne.example", ANNE))
    assert add_cosignatures(note, answer, WITNESSES) == note
    assert add_cosignatures(note, sign_cosignature(NOTE, "bert.example", BERT, NOW), WITNESSES) == cosigned(
        ("anne.example", ANNE), ("bert.example", BERT)
    )


def test_a_witness_s_bad_answer_is_refused() -> None:
    line = sign_cosignature(NOTE, "anne.example", ANNE, NOW)
    for answer in ("", "no\n", line[:-1], garbled(line), NOTE):
        with pytest.raises(CheckpointInvalid):
            add_cosignatures(NOTE, answer, WITNESSES)


def test_a_log_s_own_line_is_not_taken_for_a_witness_s() -> None:
    _, (own,) = parse_note(NOTE)

    assert add_cosignatures(NOTE, signature_lines((own,)), {CHECKPOINT.origin: KEYS.public.signing}) == NOTE
