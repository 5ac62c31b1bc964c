"""Times as they are shown: also those that somebody has made up."""

import pytest

from certchain.encoding.moment import moment


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "1970-01-01T00:00:00Z"), (1_800_000_000, "2027-01-15T08:00:00Z"), (-1, "1969-12-31T23:59:59Z")],
)
def test_a_time_is_shown_in_utc(seconds: int, shown: str) -> None:
    assert moment(seconds) == shown


@pytest.mark.parametrize("seconds", [2**63, 2**64 - 1, 10**12, -(2**63)])
def test_a_time_that_no_calendar_has_is_shown_as_its_number(seconds: int) -> None:
    assert moment(seconds) == str(seconds)
