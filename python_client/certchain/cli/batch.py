"""`certchain batch`: a manufacturer's production batches, from which devices enrol by themselves."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.command import command, noun
from certchain.cli.output import Result
from certchain.cli.party import Cast
from certchain.cli.workspace import Workspace
from certchain.config.file import FOR_ALL, Draft, make_folder
from certchain.encoding.document import to_document
from certchain.encoding.message import to_cbor
from certchain.encoding.moment import moment
from certchain.errors import StorageUnavailable, UnknownRecord
from certchain.models.production import BatchNumber, DeviceMembership
from certchain.storage.production_list import ProductionList

batch = noun("batch", "Production batches, from which devices enrol by themselves.")

DeviceList = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A CSV file: manufacturer,model,serial,signing_key,exchange_key, one device a line in the order of their places.",
        show_default=False,
    ),
]


@command(batch, "anchor")
def anchor(workspace: Workspace, file: DeviceList) -> Result:
    """Anchors a list of up to 1,000,000 devices on the chain, in one transaction."""
    with workspace.output.progress("Reading the devices"):
        anchored = Cast(workspace).factory.anchor(ProductionList(file))
    values = {
        "batch": anchored.number,
        "devices": anchored.size,
        "root": anchored.root,
        "anchored_at": moment(anchored.anchored_at),
    }
    return Result(f"Batch {anchored.number} with {anchored.size} devices is anchored.", values)


@command(batch, "prove")
def prove(
    workspace: Workspace,
    file: DeviceList,
    *,
    number: Annotated[int, typer.Option("--batch", min=1, help="The batch's number.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The file to write.", show_default=False)],
    serial: Annotated[str | None, typer.Option("--serial", help="Only the device with this serial number.")] = None,
) -> Result:
    """Writes each device's place in its batch, with the proof: for one device as JSON, for all as a sequence of CBOR (RFC 8742)."""
    found = Cast(workspace).factory.memberships(BatchNumber(number), ProductionList(file))
    with workspace.output.progress("Proving"):
        written = _write(out, map(to_cbor, found)) if serial is None else _write(out, [_one(found, serial)])
    devices = "1 device is" if written == 1 else f"{written} devices are"
    return Result(f"The place of {devices} proven.", {"batch": number, "devices": written, "file": out})


def _one(found: Iterable[DeviceMembership], serial: str) -> bytes:
    for membership in found:
        if membership.device.serial == serial:
            return to_document(membership)
    raise UnknownRecord("device of the batch", serial)


def _write(path: Path, items: Iterable[bytes]) -> int:
    count = 0
    try:
        make_folder(path.absolute().parent)
        with Draft(path.absolute(), FOR_ALL) as draft:
            for item in items:
                draft.write(item)
                count += 1
            draft.keep()
    except OSError as problem:
        raise StorageUnavailable(f"{path}: {problem.strerror}") from problem
    return count
