"""Times as people and programs read them."""

from datetime import UTC, datetime


def moment(seconds: int) -> str:
    """Seconds since the epoch in UTC (RFC 3339), or the number itself for a time that no calendar has: a log's leaf can claim any."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)
