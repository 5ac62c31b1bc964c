"""The steps of a store of shares."""
