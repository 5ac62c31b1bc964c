"""Protected conversations between parties, behind one seam: in memory, over CoAP (`coap`), over HTTPS (`https`)."""

from certchain.channel.interface import Channel, Connection, Conversation, Handler, ServiceChannel
from certchain.channel.memory import MemoryChannel

__all__ = ["Channel", "Connection", "Conversation", "Handler", "MemoryChannel", "ServiceChannel"]
