"""`certchain product`: product lines on a hardware model, for which versions are counted."""

from typing import Annotated

import typer

from certchain.cli.argument import Name
from certchain.cli.command import command, noun
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast
from certchain.cli.record import ProductRecord
from certchain.cli.workspace import Workspace
from certchain.models.identifier import ProductId

product = noun("product", "Product lines on a hardware model, for which versions are counted.")


@command(product, "register")
def register(
    workspace: Workspace,
    name: Name,
    line: Annotated[str, typer.Option(help="The product line.", show_default=False)],
    hardware_model: Annotated[str, typer.Option(help="The hardware model.", show_default=False)],
) -> Result:
    """Registers a product line on a hardware model; it is the manufacturer's from now on."""
    workspace.records.require_new(ProductRecord, name)
    number = Cast(workspace).manufacturer.register_product(line, hardware_model)
    record = ProductRecord(number, line, hardware_model)
    workspace.records.write(name, record)
    return Result(f"Product {name} is registered as number {number}.", _values(workspace, name, record))


@command(product, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the products that this home knows."""
    values = [_values(workspace, name, record) for name, record in workspace.records.all(ProductRecord).items()]
    return listed("product", values)


@command(product, "show")
def show(workspace: Workspace, name: Name) -> Result:
    """Shows a product as the chain has it."""
    record = workspace.records.read(ProductRecord, name)
    values = _values(workspace, name, record)
    return Result(f"Product {name} has {values['versions']} versions.", values)


def _values(workspace: Workspace, name: str, record: ProductRecord) -> dict[str, object]:
    ledger = workspace.reader.updates
    on_chain = ledger.product(ProductId(record.number))
    return {
        "name": name,
        "number": record.number,
        "line": on_chain.line,
        "hardware_model": on_chain.hardware_model,
        "manufacturer": on_chain.manufacturer,
        "versions": ledger.version_count(ProductId(record.number)),
    }
