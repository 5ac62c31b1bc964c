"""The binding value of channels whose transport exports no secrets."""

from certchain.encoding.preimage import digest


def https_binding(server: bytes, client: bytes, conversation: bytes) -> bytes:
    """H("https-channel", server, client, conversation): certificates by their SHA-256, and 16 bytes that the client draws."""
    return digest("https-channel", server, client, conversation).value
