"""Channels over CoAP (RFC 7252), agreed by EDHOC (RFC 9528) and protected by OSCORE (RFC 8613): user device or device to device."""

from certchain.channel.coap.address import CoapAddress
from certchain.channel.coap.channel import CoapChannel
from certchain.channel.coap.endpoint import CoapEndpoint
from certchain.channel.coap.limit import CoapLimits

__all__ = ["CoapAddress", "CoapChannel", "CoapEndpoint", "CoapLimits"]
