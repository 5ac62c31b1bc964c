"""What the log's measurements found, beside what was asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rich.table import Table

_AT = (0.50, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, its figures as shown, what was asked for, and whether that holds (``None``: nothing was)."""

    name: str
    shown: Sequence[str]
    bound: str = ""
    held: bool | None = None


def spread(name: str, values: Sequence[float], least: float | None = None) -> Figure:
    """Rates of several rounds: the smallest, the median, the largest. The median has to be ``least`` or more."""
    shown = [f"{value:,.0f}" for value in (min(values), median(values), max(values))]
    return Figure(name, shown, *at_least(median(values), least))


def quantiles(name: str, values: Sequence[float], most: float | None = None) -> Figure:
    """Times in seconds, shown in milliseconds: the median, the 95th and 99th percentile. The last has to be below ``most``."""
    ordered = sorted(values)
    found = [ordered[min(int(len(ordered) * at), len(ordered) - 1)] for at in _AT]
    held = None if most is None else found[-1] < most
    return Figure(
        name, [f"{1000 * value:,.1f}" for value in found], "" if most is None else f"< {1000 * most:,.0f}", held
    )


def at_least(value: float, least: float | None) -> tuple[str, bool | None]:
    """A lower bound as it is shown, and whether it holds."""
    return ("", None) if least is None else (f"≥ {least:,.0f}", value >= least)


def table(title: str, columns: Iterable[str], figures: Iterable[Figure]) -> Table:
    """The rows with their bounds."""
    shown = Table("", title=title, title_justify="left")
    for column in (*columns, "bound", ""):
        shown.add_column(column, justify="right")
    for figure in figures:
        verdict = "" if figure.held is None else "[green]held[/]" if figure.held else "[red]missed[/]"
        shown.add_row(figure.name, *figure.shown, figure.bound, verdict)
    return shown
