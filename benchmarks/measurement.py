"""One measured cost and its bound, and how they are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from breakdown import PARTS
from chain import Cost
from rich.table import Column, Table

SMALL = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: the gas of ``cost`` divided among ``pieces``, and what a piece may cost at most."""

    name: str
    cost: Cost
    pieces: int = 1
    bound: float | None = None

    @property
    def gas(self) -> float:
        """What one piece costs."""
        return self.cost.gas / self.pieces

    @property
    def held(self) -> bool:
        """Whether the bound is; without one there is nothing to exceed."""
        return self.bound is None or self.gas <= self.bound


def comparison(title: str, rows: Iterable[Row]) -> Table:
    """Each measurement with its bound."""
    table = Table("", title=title, title_justify="left")
    for column in ("gas a piece", "bound", ""):
        table.add_column(column, justify="right")
    for row in rows:
        verdict = "" if row.bound is None else "[green]held[/]" if row.held else "[red]exceeded[/]"
        table.add_row(row.name, shown(row.gas), "" if row.bound is None else shown(row.bound), verdict)
    return table


def whereabouts(piece: str, rows: Sequence[Row]) -> Table:
    """Where each gas goes, a piece."""
    table = Table(Column("", no_wrap=True), title=f"Where the gas of {piece} goes", title_justify="left")
    for row in rows:
        table.add_column(row.name.replace(", ", "\n"), justify="right", no_wrap=True)
    for part in PARTS:
        table.add_row(part, *(shown(row.cost.parts.get(part, 0) / row.pieces) for row in rows))
    table.add_section()
    table.add_row("together", *(shown(row.gas) for row in rows))
    return table


def shown(gas: float) -> str:
    """In whole gas, or with two places where there is little of it."""
    return f"{gas:,.2f}" if 0 < gas < SMALL else f"{gas:,.0f}"
