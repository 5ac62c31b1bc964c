"""The end of a CoAP channel that answers: a device's socket, and everything behind it."""

import logging
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiocoap import Context

from certchain.channel.coap.address import LIBRARY_LOG, CoapAddress, tuned
from certchain.channel.coap.gate import Gate
from certchain.channel.coap.handshake import Holder, exchange_scalar
from certchain.channel.coap.limit import CoapLimits
from certchain.channel.coap.loop import LoopThread
from certchain.channel.coap.site import Site
from certchain.channel.coap.table import Conversations, Handshakes
from certchain.channel.interface import Handler
from certchain.errors import PortTaken
from certchain.models.identifier import Party
from certchain.models.registration import PublicKeys

_LOOKUPS = 2
_log = logging.getLogger(__name__)


class CoapEndpoint:
    """Answers over CoAP with EDHOC and OSCORE; ``handler`` is asked in worker threads, one request of a conversation at a time.

    ``identity`` is the device's; ``public_keys`` says which keys the chain has in force for whoever wants to talk to it, and raises for
    nobody. ``port`` 0 takes any free one. ``ack_timeout`` (seconds) is CoAP's ACK_TIMEOUT. Raises ``MalformedValue`` when the identity's
    exchange key is not in this process. Thread-safe.
    """

    def __init__(
        self,
        identity: Holder,
        handler: Handler,
        public_keys: Callable[[Party], PublicKeys],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: CoapLimits | None = None,
        ack_timeout: float = 2,
    ) -> None:
        exchange_scalar(identity)
        self._bind = host, port
        self._limits = limits or CoapLimits()
        self._tuning = tuned(ack_timeout)
        self._handshakes = Handshakes(self._limits, time.monotonic)
        self._conversations = Conversations(self._limits)
        self._workers = ThreadPoolExecutor(self._limits.workers, "coap handler")
        self._lookups = ThreadPoolExecutor(_LOOKUPS, "coap keys")
        self._site = Site(
            holder=identity,
            handler=handler,
            public_keys=public_keys,
            limits=self._limits,
            tuning=self._tuning,
            handshakes=self._handshakes,
            conversations=self._conversations,
            workers=self._workers,
            lookups=self._lookups,
        )
        self._loop: LoopThread | None = None
        self._context: Context
        self._gate: Gate
        self._address: CoapAddress

    @property
    def address(self) -> CoapAddress:
        """Where it answers, once it is started."""
        return self._address

    def start(self) -> None:
        """Begins to answer. Raises ``PortTaken``."""
        _require_free(*self._bind)
        self._loop = LoopThread("coap endpoint")
        try:
            self._loop.run(self._open())
        except OSError as problem:
            self._loop.stop()
            raise PortTaken(self._bind[1]) from problem
        _log.info("The device answers at %s.", self._address)

    def stop(self) -> None:
        """Ends every conversation and the socket. A handler that is at work is not broken off; its answer goes nowhere."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        loop.run(self._close())
        loop.stop()
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._lookups.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> "CoapEndpoint":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _open(self) -> None:
        self._context = await Context.create_server_context(
            self._site, bind=self._bind, transports=["udp6"], loggername=LIBRARY_LOG
        )
        manager = self._context.request_interfaces[0].token_interface
        self._gate = Gate(manager, self._limits, self._tuning, self._handshakes, self._conversations)
        self._address = CoapAddress(
            self._bind[0], manager.message_interface.transport.get_extra_info("socket").getsockname()[1]
        )

    async def _close(self) -> None:
        self._conversations.end_all()
        await self._context.shutdown()


def _require_free(host: str, port: int) -> None:
    """Aiocoap shares a port with whoever has it. Raises ``PortTaken``."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.bind(address)
    except OSError as problem:
        raise PortTaken(port) from problem
