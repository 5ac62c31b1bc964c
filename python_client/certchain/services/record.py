"""A service's own log for its operator: one line of JSON for each record, on the standard error output, and no secrets in it.

Records come from Python's ``logging``, ours and libraries', and are written by structlog. What is bound to a request's context, as who
asks, is in each of its records.
"""

import logging
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, ProcessorReturnValue, WrappedLogger

SECRET_NAMES = (
    "authorization",
    "factor",
    "key",
    "password",
    "passphrase",
    "private",
    "salt",
    "secret",
    "seed",
    "share",
    "token",
    "user_name",
)
"""A field whose name contains one of these, in whatever case, is shown without its value."""
HIDDEN = "(not shown)"
_QUIET = ("asyncio", "urllib3", "web3", "alembic")


def set_up_log(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Has every record of this process written to ``stream``, from ``level`` on; libraries that talk much, from warnings on."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.processors.JSONRenderer(sort_keys=True, default=_shown),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=after, foreign_pre_chain=before))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> ProcessorReturnValue:
    """A processor: fields with a secret's name lose their value, at any depth, and bytes are never shown."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: object) -> object:
    if any(secret in name.lower() for secret in SECRET_NAMES):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _hidden(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", each) for each in value]
    return _shown(value) if isinstance(value, bytes | bytearray | memoryview) else value


def _shown(value: object) -> object:
    """What JSON has no form for: bytes by their length alone, anything else by its type, for a model may hold a secret."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"({len(value)} bytes)"
    return f"({type(value).__name__})"
