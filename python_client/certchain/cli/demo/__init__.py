"""`certchain demo`: the whole story on a chain in the process, with every claim checked as it is made."""
