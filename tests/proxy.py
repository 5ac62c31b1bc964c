"""A node that answers slowly, wrongly or not at all: a small proxy in front of a real one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import requests

SLOWNESS = 1.0
"""How long a slow answer takes, in seconds."""

Answer = tuple[int, bytes] | None
"""Status and body, or nothing at all: the connection is closed."""


def _changed(question: bytes, forward: Callable[[bytes], bytes], **members: Any) -> Answer:
    answer = json.loads(forward(question))
    answer.pop("result", None)
    return 200, json.dumps(answer | members).encode()


def _slow(question: bytes, forward: Callable[[bytes], bytes]) -> Answer:
    answer = forward(question)
    time.sleep(SLOWNESS)
    return 200, answer


def _silent_after(question: bytes, forward: Callable[[bytes], bytes]) -> Answer:
    forward(question)
    return None


def _with_wrong_id(question: bytes, forward: Callable[[bytes], bytes]) -> Answer:
    answer = json.loads(forward(question))
    return 200, json.dumps(answer | {"id": answer["id"] + 1}).encode()


INTERNAL_ERROR = {"code": -32603, "message": "Internal error"}

FAULTS: dict[str, Callable[[bytes, Callable[[bytes], bytes]], Answer]] = {
    "silent before it asked": lambda question, forward: None,
    "silent after it asked": _silent_after,
    "slow": _slow,
    "answers with another number": _with_wrong_id,
    "answers no JSON": lambda question, forward: (200, b"\x00\xffgarbage"),
    "answers HTML": lambda question, forward: (200, b"<html><body>It works!</body></html>"),
    "answers a list": lambda question, forward: (200, b"[]"),
    "answers HTTP 500": lambda question, forward: (500, b"{}"),
    "answers HTTP 404": lambda question, forward: (404, b"not here"),
    "answers nothing": lambda question, forward: (200, b""),
    "answers without a result": _changed,
    "answers an object": lambda question, forward: _changed(question, forward, result={"it": "works"}),
    "answers no hexadecimal": lambda question, forward: _changed(question, forward, result="zz"),
    "has an internal error": lambda question, forward: _changed(question, forward, error=INTERNAL_ERROR),
}
"""Each way to fail, with or without having asked the node behind."""


@dataclass
class Proxy:
    """What stands between. ``fails`` decides, by a question's method and its place since the proxy was armed, how it fails."""

    target: str
    server: ThreadingHTTPServer
    fails: Callable[[str, int], str | None] = lambda method, place: None
    methods: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def arm(self, fails: Callable[[str, int], str | None]) -> None:
        """From the next question on."""
        self.methods, self.fails = [], fails

    def heal(self) -> list[str]:
        """No more faults; what was asked since it was armed."""
        asked = self.methods
        self.arm(lambda method, place: None)
        return asked

    def answer(self, question: bytes) -> Answer:
        method = json.loads(question)["method"]
        with self.lock:
            self.methods.append(method)
            fault = self.fails(method, len(self.methods))
        return FAULTS[fault](question, self.forward) if fault else (200, self.forward(question))

    def forward(self, question: bytes) -> bytes:
        return _asked(self.target, question)


class _Handler(BaseHTTPRequestHandler):
    proxy: ClassVar[Proxy]

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.proxy.answer(question)
        if answer is None:
            self.close_connection = True
            return
        status, body = answer
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked a slow node has gone

    def log_request(self, *_: object, **__: object) -> None:
        """Says nothing."""


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A proxy in front of ``target``, without any fault until it is armed."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        proxy = Proxy(target, server)
        handler.proxy = proxy  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield proxy
        server.shutdown()
        thread.join()


def command(url: str, method: str, *arguments: object) -> None:
    """Has a chain for development do something that no other chain does."""
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": arguments}
    assert "error" not in json.loads(_asked(url, json.dumps(question).encode())), method


def _asked(url: str, question: bytes) -> bytes:
    return requests.post(url, question, headers={"Content-Type": "application/json"}, timeout=30).content
