"""`certchain network`: other homes join the network that one has deployed."""

from typing import Annotated

import typer

from certchain.cli.argument import File, Out
from certchain.cli.card import join, network_card, read_card, write_card
from certchain.cli.command import command, noun
from certchain.cli.network import node_address
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace

network = noun("network", "How other homes join the network that this one has deployed.")


@command(network, "card")
def card(
    workspace: Workspace,
    *,
    out: Out,
    server: Annotated[str, typer.Option("--server", help="Where the certification server answers: https://HOST:PORT.")],
    node: Annotated[
        str | None,
        typer.Option("--node", help="The chain's node, as others reach it; else the one that this home uses."),
    ] = None,
) -> Result:
    """Writes what another home has to know to join: contracts, node, the network's CA and certification server. Nothing in it is secret."""
    address = node or node_address(workspace.home, workspace.configuration)
    write_card(out, network_card(workspace, address, server))
    values = {"file": out, "network": workspace.reader.network, "node": address, "server": server}
    return Result(f"Others join with this file: {out}", values)


@command(network, "join")
def join_network(workspace: Workspace, file: File) -> Result:
    """Makes this home one of another's network, by its card. Take a card only from whom you trust to run the network."""
    known = read_card(file)
    join(workspace, known)
    values = {"home": workspace.home.folder, "network": workspace.reader.network, "server": known.server_url}
    return Result("This home has joined the network.", values)
