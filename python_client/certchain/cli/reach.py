"""How a party of this home reaches those of other homes: services over HTTPS, IoT devices over CoAP."""

from collections.abc import Callable

from certchain.channel import Channel, ServiceChannel
from certchain.channel.coap import CoapAddress, CoapChannel
from certchain.channel.operations import HttpOperations
from certchain.cli.operator import operator_identity
from certchain.cli.record import ContactRecord
from certchain.cli.renewal import LastingChannel
from certchain.cli.workspace import Workspace
from certchain.errors import MalformedValue
from certchain.keys import TlsIdentity
from certchain.models.identifier import DeviceId, Party, device_party
from certchain.verification.statement import Identity

_SCHEME = "coap://"


def over_https(workspace: Workspace, url: str, current: Callable[[], TlsIdentity], answerer: Party) -> ServiceChannel:
    """A channel to a service, which has to be ``answerer``, closed with the workspace."""
    channel = LastingChannel(url, current, answerer)
    workspace.closing.callback(channel.close)
    return channel


def operations_over_https(workspace: Workspace, server: Party) -> HttpOperations:
    """The certification server as this home's operator works at it. Raises ``UnknownRecord`` when this is no operator's home."""
    operations = HttpOperations(workspace.configuration.certification_server, operator_identity(workspace), server)
    workspace.closing.callback(operations.close)
    return operations


def device_over_coap(workspace: Workspace, contact: ContactRecord, identity: Identity) -> Channel:
    """A channel to an IoT device of another home, for a party of this one."""
    address, device = coap_address(contact.address), device_party(DeviceId(contact.number))
    channel = CoapChannel(address, identity, device, workspace.reader.registrations.public_keys)
    workspace.closing.callback(channel.close)
    return channel


def coap_address(url: str) -> CoapAddress:
    """Where ``coap://HOST:PORT`` is. Raises ``MalformedValue``."""
    host, _, port = url.removeprefix(_SCHEME).rpartition(":")
    if not url.startswith(_SCHEME) or not host or not port.isdecimal():
        raise MalformedValue("address", f"{url!r} is not coap://HOST:PORT")
    return CoapAddress(host.strip("[]"), int(port))
