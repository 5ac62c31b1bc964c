"""Bodies under subject keys: what is kept of an entry besides its leaf, and what is left of it once the key is gone.

A body is a salt and the entry, encrypted with AES-256-GCM-SIV (RFC 8452) under the key of its subject for a period of 30 days. The nonce
is the entry's index; the context names the log and the index, so that no body passes for another's.

No two entries of a log have one index, but an index may be sealed for twice: after a group that the disk did not take, the next one
gets it. GCM-SIV bears that: who has both sealed bodies learns at most whether they are the same, and each has a salt of its own.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from certchain.encoding.entry import read_entry
from certchain.encoding.leaf import SALT_LENGTH, body_context, entry_commitment, leaf_bytes
from certchain.errors import LogDamaged, MalformedMessage
from certchain.merkle import leaf_hash
from certchain.models.entry import Subject
from certchain.models.log import LogLeaf, OpenedBody, SealedEntry, SubjectKey, key_period
from certchain.storage import SubjectKeyStore
from certchain.verification.entry import verify_body

_NONCE_LENGTH = 12

Body = tuple[Subject, bytes]
"""Whom an entry is about, and the entry as ``entry_bytes`` writes it."""


def seal_bodies(
    keys: SubjectKeyStore, origin: str, first: int, at: int, bodies: Sequence[Body]
) -> tuple[list[SealedEntry], list[bytes]]:
    """The bodies as entries of the log ``origin`` from index ``first`` on, all logged at ``at``; and their leaf hashes (32 bytes each).

    The keys are issued in one call, and durable before any entry is: they are not held here, so that none outlives its destruction.
    Raises what ``SubjectKeyStore.issue`` raises.
    """
    period = key_period(at)
    issued = keys.issue({(subject, period) for subject, _ in bodies})
    ciphers = {subject: (key.number, AESGCMSIV(key.value)) for (subject, _), key in issued.items()}
    salts = os.urandom(SALT_LENGTH * len(bodies))
    entries, leaf_hashes = list[SealedEntry](), list[bytes]()
    for place, (subject, body) in enumerate(bodies):
        index, salt = first + place, salts[place * SALT_LENGTH : (place + 1) * SALT_LENGTH]
        number, cipher = ciphers[subject]
        leaf = LogLeaf(index, at, entry_commitment(salt, body))
        sealed = cipher.encrypt(index.to_bytes(_NONCE_LENGTH), salt + body, body_context(origin, index))
        entries.append(SealedEntry(leaf, number, sealed))
        leaf_hashes.append(leaf_hash(leaf_bytes(leaf)).value)
    return entries, leaf_hashes


def open_body(key: SubjectKey, origin: str, entry: SealedEntry) -> OpenedBody:
    """What the entry says, found to be what its leaf commits to.

    Raises ``LogDamaged`` for sealed bytes that were changed, or are of another place or log; ``BodyChanged`` for another body.
    """
    index = entry.leaf.index
    try:
        nonce, context = index.to_bytes(_NONCE_LENGTH), body_context(origin, index)
        opened = AESGCMSIV(key.value).decrypt(nonce, entry.sealed, context)
        body = OpenedBody(opened[:SALT_LENGTH], read_entry(opened[SALT_LENGTH:]))
    except (InvalidTag, ValueError):  # ValueError: shorter than a tag
        raise LogDamaged("bodies", "the body does not open under its subject's key", index) from None
    except MalformedMessage as problem:
        raise LogDamaged("bodies", str(problem), index) from problem
    return verify_body(entry.leaf, body)
