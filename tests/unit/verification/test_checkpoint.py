"""Checkpoints: signed by one key, which is named, and by no other."""

from dataclasses import replace

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.note import NoteSignature, checkpoint_text, key_id, signed_note
from certchain.errors import CheckpointInvalid
from certchain.keys import KeyPair
from certchain.models.digest import Digest
from certchain.models.identifier import Party, PartyKind
from certchain.models.log import Checkpoint
from certchain.models.registration import PublicKeys
from certchain.verification.checkpoint import sign_checkpoint, verify_checkpoint

KEYS, THIEF = KeyPair.generate(), KeyPair.generate()
CHECKPOINT = Checkpoint(
    "certchain/aa/login-log", 5, Digest(bytes(32)), Party(PartyKind.SERVICE, 1), key_thumbprint(KEYS.public)
)


def test_a_checkpoint_verifies_under_the_keys_that_signed_it() -> None:
    assert verify_checkpoint(sign_checkpoint(CHECKPOINT, KEYS), KEYS.public) == CHECKPOINT


def test_a_checkpoint_by_other_keys_is_refused() -> None:
    with pytest.raises(CheckpointInvalid, match="another key"):
        verify_checkpoint(sign_checkpoint(CHECKPOINT, THIEF), KEYS.public)


def test_a_checkpoint_that_names_other_keys_is_refused() -> None:
    """The same signing key beside another exchange key is another pair."""
    mixed = PublicKeys(KEYS.public.signing, THIEF.public.exchange)
    with pytest.raises(CheckpointInvalid, match="thumbprint"):
        verify_checkpoint(sign_checkpoint(CHECKPOINT, KEYS), mixed)


def test_a_checkpoint_whose_text_was_changed_is_refused() -> None:
    note = sign_checkpoint(CHECKPOINT, KEYS)
    with pytest.raises(CheckpointInvalid, match="signature"):
        verify_checkpoint(note.replace("\n5\n", "\n6\n"), KEYS.public)


def test_a_signature_under_another_name_is_refused() -> None:
    text = checkpoint_text(CHECKPOINT)
    signature = NoteSignature("me", key_id("me", KEYS.public.signing), KEYS.sign(text.encode()))
    with pytest.raises(CheckpointInvalid, match="another key"):
        verify_checkpoint(signed_note(text, signature), KEYS.public)


def test_a_second_signature_is_refused() -> None:
    """Nothing vouches for it here, so a file could be changed there unnoticed."""
    note = sign_checkpoint(CHECKPOINT, KEYS)
    second = sign_checkpoint(replace(CHECKPOINT), THIEF).splitlines(keepends=True)[-1]
    with pytest.raises(CheckpointInvalid, match="more than one"):
        verify_checkpoint(note + second, KEYS.public)
