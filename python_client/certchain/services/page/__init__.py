"""The page that follows a log live, in one file: it asks for nothing but the log, and checks in the browser what it shows."""

import hashlib
import re
from functools import cache
from importlib import resources

from fastapi import Request
from starlette.responses import Response

from certchain.encoding.base_64 import to_base64
from certchain.services.problem import SAFE


def page(_: Request) -> Response:
    """The endpoint. Nothing runs in the page but its own script, and it talks to nobody but where it came from."""
    text = _text()
    policy = (
        f"default-src 'none'; connect-src 'self'; img-src data:; script-src {_source(text, 'script')}; "
        f"style-src {_source(text, 'style')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    )
    headers = {**SAFE, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
    return Response(text, headers=headers, media_type="text/html; charset=utf-8")


@cache
def _text() -> str:
    return resources.files(__name__).joinpath("log.html").read_text("utf-8")


def _source(text: str, element: str) -> str:
    """What a policy calls the one element of this kind: the digest of its content."""
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
    return f"'sha256-{to_base64(hashlib.sha256(content.encode()).digest())}'"
