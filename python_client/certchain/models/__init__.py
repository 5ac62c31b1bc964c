"""Values: frozen dataclasses with no behaviour beyond checking themselves. One module a subject."""
