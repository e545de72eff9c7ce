"""The application's side of a daemon: it hears what the stages say, answers commands and tells the stages things.

The desk calls it from the supervisor's loop, in one thread; whatever it does must be done within milliseconds, or be
done a piece a turn. A PipelineError that it raises from ``command`` is the answer to whoever asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from pipeline.config import PipelineConfig
from pipeline.frame import Meta
from pipeline.messages import BusMessage

if TYPE_CHECKING:
    from pipeline.supervisor.desk import Control


@dataclass(frozen=True, slots=True)
class News:
    """A sentence for the log; ``trouble``: something went wrong that a person should see to."""

    text: str
    trouble: bool = False


class Keeper(Protocol):
    """What the desk asks of an application."""

    def begin(self, control: Control) -> None:
        """Before any process is started. A PipelineError raised here ends the run."""

    def hear(self, message: BusMessage) -> None:
        """One message of the bus, Down and Up included."""

    def turn(self) -> Sequence[News]:
        """Each turn of the loop, at most 0.1 s apart; what there is to tell people."""

    def command(self, name: str, arguments: Meta) -> Meta:
        """What came in over the control socket and is not the desk's own: ``start``, ``stop``, ``mark`` and so on.

        Returns what the answer holds, as JSON has it. Raises PipelineError for the one who asked; ConfigError for
        a command that is not known.
        """

    def status(self) -> Meta:
        """What ``status`` shows beside the stages, as JSON has it."""

    def reload(self, application: Mapping[str, Mapping[str, object]]) -> None:
        """The application's tables of a file that was read again. Raises ConfigError, and then keeps what it has."""

    def end(self) -> None:
        """The loop is over, the processes are gone."""


# Makes the keeper of a pipeline, or none if its file does not ask for one. Raises ConfigError.
KeeperFactory: TypeAlias = Callable[[PipelineConfig], Keeper | None]
