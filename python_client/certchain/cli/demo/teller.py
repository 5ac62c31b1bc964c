"""How a demonstration tells what happens, and checks every word of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from certchain.cli.output import Output, Values, plain
from certchain.errors import CertchainError, DemoFailed

Refusal = TypeVar("Refusal", bound=CertchainError)

_INDENT = 12


@dataclass(slots=True)
class Teller:
    """What has been told so far. A claim that does not hold ends the demonstration with ``DemoFailed``."""

    output: Output
    told: list[Values] = field(default_factory=list)
    _scene: str = ""

    def scene(self, title: str) -> None:
        """Begins a scene."""
        self._scene = title
        self._print(Text(f"\n{title}", style="bold"))

    def tell(self, step: str, sentence: str) -> None:
        """Says what has happened, and in which step of the protocol."""
        self.told.append({"scene": self._scene, "step": step, "told": sentence})
        self._print(Text(f"  {step:<{_INDENT - 2}}", style="cyan").append(plain(sentence).plain, style="default"))

    def require(self, claim: str, holds: bool) -> None:
        """Raises ``DemoFailed`` unless the claim holds."""
        if not holds:
            raise DemoFailed(claim)

    def refused(self, kind: type[Refusal], attempt: Callable[[], object]) -> Refusal:
        """The refusal that an attempt ends with. Raises ``DemoFailed`` when it succeeds, or ends in another way."""
        try:
            attempt()
        except kind as refusal:
            return refusal
        except CertchainError as other:
            raise DemoFailed(f"a {kind.__name__} was due, and what came was: {other}") from other
        raise DemoFailed(f"a {kind.__name__} was due, and the attempt succeeded")

    def _print(self, text: Text) -> None:
        if not self.output.as_json:
            Console(file=self.output.results, highlight=False, soft_wrap=True).print(text)
