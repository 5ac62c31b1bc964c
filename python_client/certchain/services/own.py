"""A log's own service: in the process that writes it, or in another beside it that only reads."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from certchain.log import LogEngine, PublishedLog
from certchain.log.publication import anchored_note
from certchain.services.log import log_app
from certchain.services.submission import Submission
from certchain.storage import FileReader, LogStore


def engine_app(engine: LogEngine, token: str | None = None) -> FastAPI:
    """The service of the log's writer. While it runs, the keeper publishes and anchors in a thread.

    With a ``token`` (32 letters or more; ``MalformedValue`` for fewer) it takes entries from those who have it.
    """

    @asynccontextmanager
    async def keep(_: FastAPI) -> AsyncIterator[None]:
        engine.keeper.start()
        yield
        await run_in_threadpool(engine.keeper.stop)

    def behind() -> int:
        return engine.anchor.lacking(engine.writer.size())

    submission = None if token is None else Submission(engine.writer, behind, token)
    return log_app(
        engine.published,
        anchored=engine.publication.anchored,
        more_status=lambda: _status(engine),
        submission=submission,
        lifespan=keep,
    )


def published_app(store: LogStore, files: FileReader) -> FastAPI:
    """The service of a log that another process writes: ``store`` was opened without ``write``, ``files`` are the publication's."""
    return log_app(PublishedLog(store, files), anchored=lambda: anchored_note(files))


def _status(engine: LogEngine) -> Mapping[str, Any]:
    """How far the log is, and whether anything holds it up. What that is may speak of folders and addresses: the operator's log has it."""
    status = engine.keeper.status()
    return {
        "durable_size": status.size,
        "chain_size": status.chain_size,
        "behind": status.behind,
        "published_at": status.published_at,
        "publication_held_up": status.publication_problem is not None,
        "anchor_held_up": status.anchor_problem is not None,
    }
