"""What is shown as an entry is what its leaf commits to, or it is refused."""

from dataclasses import replace

import pytest

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import entry_commitment
from certchain.errors import BodyChanged
from certchain.models.entry import HoldEntry, ReleaseEntry, RetentionEntry, Subject, SubjectKind
from certchain.models.log import LogLeaf, OpenedBody
from certchain.verification.entry import verify_body

HOLD = HoldEntry(Subject(SubjectKind.USER, 3), "case 17", "court order")
BODY = OpenedBody(bytes(range(32)), HOLD)
LEAF = LogLeaf(5, 1_800_000_000, entry_commitment(BODY.salt, entry_bytes(HOLD)))


def test_the_body_that_was_committed_to_is_returned() -> None:
    assert verify_body(LEAF, BODY) is BODY


@pytest.mark.parametrize(
    "body",
    [
        OpenedBody(bytes(32), HOLD),
        OpenedBody(b"", HOLD),
        OpenedBody(BODY.salt, replace(HOLD, reason="court orders")),
        OpenedBody(BODY.salt, ReleaseEntry(HOLD.held, HOLD.name, HOLD.reason)),
        OpenedBody(BODY.salt, RetentionEntry(0, "\ud800")),
    ],
)
def test_another_salt_text_or_kind_is_refused(body: OpenedBody) -> None:
    with pytest.raises(BodyChanged) as refusal:
        verify_body(LEAF, body)
    assert refusal.value.index == 5
