"""`certchain demo`: the whole story on a chain in the process, with every claim checked as it is made."""

from certchain.cli.demo.story import demo

__all__ = ["demo"]
