"""`certchain subscriber`: who is told of alerts, and what became of it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from certchain.channel.mqtt import parse_broker
from certchain.cli.argument import Name
from certchain.cli.command import command, noun
from certchain.cli.output import Result, listed
from certchain.cli.recogniser import notification_store
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.models.notification import DeliveryState, Subscriber

subscriber = noun("subscriber", "Who is told of alerts: webhooks, and topics of MQTT brokers.")

Address = Annotated[
    str,
    typer.Argument(
        help="https://… of a webhook, or mqtts://broker:8883/topic; without the s, no TLS.", show_default=False
    ),
]


@command(subscriber, "add", beside_others=True)
def add(
    workspace: Workspace,
    name: Name,
    address: Address,
    *,
    bodies: Annotated[bool, typer.Option("--bodies", help="Show the subscriber what entries say.")] = False,
    ca: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) that the other end's leads to.", show_default=False)
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="A file with user:password for the broker.", show_default=False)
    ] = None,
) -> Result:
    """Has somebody told of every alert from now on. They see numbers and never names; what entries say, only with --bodies."""
    files = (str(path.resolve()) if path else "" for path in (ca, credentials))
    added = Subscriber(name, address, bodies, *files)
    if address.startswith("mqtt"):
        parse_broker(address)
    notification_store(workspace).put_subscriber(added)
    return Result(f"{name} is told of every alert from now on.", {"subscriber": name, "address": address})


@command(subscriber, "list", beside_others=True)
def list_subscribers(workspace: Workspace) -> Result:
    """Lists who is told, and how many deliveries wait for each, or are dead."""
    store = notification_store(workspace)
    waiting = Counter(each.subscriber for each in store.deliveries(DeliveryState.WAITING))
    dead = Counter(each.subscriber for each in store.deliveries(DeliveryState.DEAD))
    rows = [
        {
            "subscriber": each.name,
            "address": each.address,
            "bodies": each.bodies,
            "waiting": waiting[each.name],
            "dead": dead[each.name],
        }
        for each in store.subscribers()
    ]
    return listed("subscriber", rows)


@command(subscriber, "deliveries", beside_others=True)
def deliveries(
    workspace: Workspace,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.", show_default=False)] = None,
) -> Result:
    """Lists deliveries, the newest first: what was taken, what waits and until when, what is dead and why."""
    rows = [
        {
            "delivery": each.id.hex(),
            "subscriber": each.subscriber,
            "state": each.state,
            "attempts": each.attempts,
            "due": moment(each.due),
            "problem": each.problem or None,
            "digest": each.digest,
        }
        for each in notification_store(workspace).deliveries(state)
    ]
    return Result("There is 1 delivery." if len(rows) == 1 else f"There are {len(rows)} deliveries.", rows)


@command(subscriber, "retry", beside_others=True)
def retry(workspace: Workspace, name: Name) -> Result:
    """Has a subscriber's dead deliveries tried again."""
    store, now = notification_store(workspace), workspace.clock.now()
    dead = [each for each in store.deliveries(DeliveryState.DEAD) if each.subscriber == name]
    for each in dead:
        store.keep_delivery(replace(each, state=DeliveryState.WAITING, attempts=0, due=now))
    return Result(f"{len(dead)} deliveries to {name} are tried again.", {"subscriber": name, "deliveries": len(dead)})


@command(subscriber, "remove", beside_others=True)
def remove(workspace: Workspace, name: Name) -> Result:
    """Tells somebody nothing more; what waits for them is dropped."""
    notification_store(workspace).remove_subscriber(name)
    return Result(f"{name} is told nothing more.", {"subscriber": name})
