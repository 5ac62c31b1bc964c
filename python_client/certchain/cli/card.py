"""A network's card: what another home has to know of a network to join it."""

from dataclasses import dataclass, replace
from pathlib import Path

from certchain.cli.file import read_file, write_file
from certchain.cli.record import CERTIFICATION_SERVER, ServiceRecord
from certchain.cli.workspace import Workspace
from certchain.config import write_configuration
from certchain.encoding.document import from_document, to_document
from certchain.errors import MalformedValue, RecordExists
from certchain.keys import CaCertificate
from certchain.ledger.deployment import Deployment

FORMAT = "certchain/network-card/v1"
JOINED = "joined"
"""What a joined home calls its network in its settings."""


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """Nothing in it is secret, but who takes it relies on it: ``ca`` says whom to trust, and ``deployment`` which contracts.

    ``deployment`` is the deployment file's text, ``node`` the address of a chain's node, ``ca`` the CA's certificate (DER); the
    certification server is a service by number, with its two public keys and its address.
    """

    format: str
    deployment: str
    node: str
    ca: bytes
    server: int
    server_signing: bytes
    server_exchange: bytes
    server_url: str


def network_card(workspace: Workspace, node: str, server_url: str) -> NetworkCard:
    """The card of the network that this home has deployed. Raises ``ConfigurationInvalid``, ``MalformedValue`` for no https address."""
    if not server_url.startswith("https://"):
        raise MalformedValue("address", f"{server_url!r} is not https://")
    server = workspace.records.read(ServiceRecord, CERTIFICATION_SERVER)
    return NetworkCard(
        format=FORMAT,
        deployment=Deployment.load(workspace.home.deployment).to_json(),
        node=node,
        ca=workspace.keyring.authority().certificate.der,
        server=server.number,
        server_signing=bytes.fromhex(server.signing),
        server_exchange=bytes.fromhex(server.exchange),
        server_url=server_url,
    )


def write_card(path: Path, card: NetworkCard) -> None:
    """Writes a card for others. Raises ``StorageUnavailable``."""
    write_file(path, to_document(card))


def read_card(path: Path) -> NetworkCard:
    """Raises ``StorageUnavailable``, and ``MalformedMessage`` or ``MalformedValue`` for what is no card."""
    card = from_document(NetworkCard, read_file(path))
    if card.format != FORMAT:
        raise MalformedValue("network card", f"its format is not {FORMAT}")
    return card


def join(workspace: Workspace, card: NetworkCard) -> None:
    """Makes this home one of the card's network. Raises ``RecordExists`` for a home that belongs to a network already."""
    home = workspace.home
    if home.deployment.exists():
        raise RecordExists("network", str(home.deployment))
    deployment = Deployment.from_json(card.deployment, "the network card's deployment")
    CaCertificate(deployment.identity, card.ca)  # of this network, or nothing is kept
    settings = replace(
        workspace.configuration,
        network=JOINED,
        networks={JOINED: card.node},
        certification_server=card.server_url,
        login_log_mode=deployment.login_log_mode.value,
    )
    write_configuration(home.configuration, settings)
    workspace.configuration = settings
    record = ServiceRecord(card.server, card.server_signing.hex(), card.server_exchange.hex())
    workspace.records.write(CERTIFICATION_SERVER, record)
    write_file(home.ca, card.ca)
    deployment.save(home.deployment)  # last: until then the home can be joined again
