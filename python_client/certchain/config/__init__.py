"""Settings as values, and the clock that roles are given."""
