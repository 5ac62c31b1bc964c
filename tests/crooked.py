"""A server that does to its clients what a good one would not: it sends whatever bytes a test says, as slowly as it says."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[socket.socket, str], None]
"""What is done on a connection once a request was read: its path is given."""


@dataclass
class Crooked:
    url: str
    paths: list[str] = field(default_factory=list)
    connections: int = 0


def whole(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def sending(answer: bytes) -> Script:
    return lambda connection, path: connection.sendall(answer)


def trickling(answer: bytes, pause: float) -> Script:
    """A byte, and then a byte, and then a byte."""

    def script(connection: socket.socket, path: str) -> None:
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return script


@contextmanager
def crooked(script: Script) -> Iterator[Crooked]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Crooked(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=_accept, args=(listener, server, script), daemon=True).start()
        yield server


def _accept(listener: socket.socket, server: Crooked, script: Script) -> None:
    with suppress(OSError):  # the test is over
        while True:
            connection, _ = listener.accept()
            server.connections += 1
            threading.Thread(target=_converse, args=(connection, server, script), daemon=True).start()


def _converse(connection: socket.socket, server: Crooked, script: Script) -> None:
    with connection, connection.makefile("rb") as asked, suppress(OSError):
        while line := asked.readline():
            path = line.split()[1].decode()
            length = 0
            while (header := asked.readline()) != b"\r\n":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            asked.read(length)
            server.paths.append(path)
            script(connection, path)
            if path.endswith("?cut"):
                return


def then_closing(script: Script) -> Script:
    """The same, and then the connection is closed."""

    def closing(connection: socket.socket, path: str) -> None:
        script(connection, path)
        connection.shutdown(socket.SHUT_RDWR)

    return closing
