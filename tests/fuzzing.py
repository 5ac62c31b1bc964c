"""How long random input is thrown, and what else than a refusal came of it."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, settings

SECONDS = float(os.environ.get("CERTCHAIN_FUZZ_SECONDS", "40"))
"""For all of ``tests/fuzz`` together, about: in the suite less than a minute; ``make fuzz`` takes ten."""
_USUAL = 40.0


def examples(usual: int) -> settings:
    """So many examples in the suite, and more when there is more time; the same ones in every run of the suite."""
    count = max(1, round(usual * SECONDS / _USUAL))
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=SECONDS <= _USUAL,
        database=None,
        suppress_health_check=HealthCheck.all(),
    )


@contextmanager
def no_faults() -> Iterator[None]:
    """Within, no thread ends by an exception, no event loop meets one that nobody handles, and nothing is left unraisable."""
    met: list[Any] = []
    loop_handler = asyncio.BaseEventLoop.call_exception_handler

    def noted(loop: asyncio.BaseEventLoop, context: dict[str, Any]) -> None:
        met.append(context)
        loop_handler(loop, context)

    hooks = threading.excepthook, sys.unraisablehook
    threading.excepthook = sys.unraisablehook = met.append
    asyncio.BaseEventLoop.call_exception_handler = noted  # type: ignore[method-assign]
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = hooks
        asyncio.BaseEventLoop.call_exception_handler = loop_handler  # type: ignore[method-assign]
    assert met == []
