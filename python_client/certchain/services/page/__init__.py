"""The pages of services, each in one file. The log's asks for nothing but the log, and checks in the browser what it shows."""

import hashlib
import re
from functools import cache
from importlib import resources

from fastapi import Request
from starlette.responses import Response

from certchain.encoding.base_64 import to_base64
from certchain.services.problem import SAFE

_LOG_PAGE = "log.html"


def page(_: Request) -> Response:
    """The endpoint. Nothing runs in the page but its own script, and it talks to nobody but where it came from."""
    text = page_text(_LOG_PAGE)
    policy = content_policy(text, styles=_source(text, "style")) + "; require-trusted-types-for 'script'"
    headers = {**SAFE, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
    return Response(text, headers=headers, media_type="text/html; charset=utf-8")


@cache
def page_text(name: str) -> str:
    """A page, as the package ships it."""
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def content_policy(text: str, *, scripts: str = "", styles: str) -> str:
    """The policy (Content-Security-Policy) of a page: its own script by its digest, and these sources besides; all else stays out."""
    return (
        f"default-src 'none'; connect-src 'self'; img-src data:; script-src {_source(text, 'script')} {scripts}".rstrip()
        + f"; style-src {styles}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _source(text: str, element: str) -> str:
    """What a policy calls the one element of this kind that has no attributes: the digest of its content."""
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
    return f"'sha256-{to_base64(hashlib.sha256(content.encode()).digest())}'"
