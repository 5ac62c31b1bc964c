"""A list is read page by page."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = st.one_of(st.integers(0, 12), st.integers(2**256 - 3, 2**256 - 1))


@given(offset=NUMBERS, limit=NUMBERS, count=NUMBERS)
@settings(max_examples=50, deadline=None)
def test_a_page_has_what_is_left_and_at_most_the_limit(libraries: Any, offset: int, limit: int, count: int) -> None:
    """None past the end, and no overflow anywhere."""
    assert libraries.pageLength(offset, limit, count).call() == max(0, min(limit, count - offset))
