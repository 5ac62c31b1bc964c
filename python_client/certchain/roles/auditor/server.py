"""What an auditor asks a log's server for over a channel: entries with what they say, and the checkpoint that the chain has."""

from contextlib import suppress
from dataclasses import dataclass

from certchain.channel import ServiceChannel
from certchain.errors import LogInconsistent, UnknownRecord
from certchain.models.log import CheckpointQuestion, LoggedEntry, LogPage, LogPageQuestion, SignedCheckpoint
from certchain.verification.statement import Identity


@dataclass(frozen=True, slots=True)
class ServerEntries:
    """The entries as the certification server gives them to an enrolled auditor; an ``EntrySource``."""

    server: ServiceChannel
    identity: Identity

    def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
        """One page; see ``EntrySource``."""
        question = LogPageQuestion(first, limit, self.server.binding)
        return self.server.request(self.identity.sign(question), LogPage).entries


@dataclass(frozen=True, slots=True)
class ServerCheckpoint:
    """The newest checkpoint that the server has brought to the chain; for ``FollowedLog.anchored``."""

    server: ServiceChannel

    def signed(self) -> SignedCheckpoint:
        """The note with the keys that signed it, which count once the chain is found to have them. Raises ``UnknownRecord``."""
        return self.server.request(CheckpointQuestion(), SignedCheckpoint)

    def __call__(self) -> str | None:
        """The note, or ``None`` while nothing was brought to the chain, or while the server itself finds the chain to differ."""
        with suppress(UnknownRecord, LogInconsistent):
            return self.signed().note
        return None
