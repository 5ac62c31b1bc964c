"""Protected conversations between parties, behind one seam: ``Channel`` and its in-memory twin ``MemoryChannel``."""

from certchain.channel.interface import Channel, Connection, Conversation, Handler, ServiceChannel
from certchain.channel.memory import MemoryChannel

__all__ = ["Channel", "Connection", "Conversation", "Handler", "MemoryChannel", "ServiceChannel"]
