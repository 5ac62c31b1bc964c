"""The noun that the commands of the log are added to."""

from certchain.cli.command import noun

log = noun("log", "The login log: every certification, good or bad, its audit and its proofs.")
