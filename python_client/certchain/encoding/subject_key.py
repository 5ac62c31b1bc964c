"""What a subject's key is bound to where it is kept."""

from certchain.encoding.preimage import number, preimage, text
from certchain.models.entry import Subject


def subject_key_context(subject: Subject, period: int, key: int) -> bytes:
    """What a sealed subject key is bound to: whose it is, for which period, and its number."""
    return preimage("subject-key", text(subject.kind), number(subject.number), number(period), number(key))
