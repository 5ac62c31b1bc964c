"""The command line: `certchain` and its nouns. It parses, asks and shows; rules live below."""

from certchain.cli.main import main

__all__ = ["main"]
