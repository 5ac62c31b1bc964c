"""The steps of the management database."""
