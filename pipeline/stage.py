"""The contract of a stage. A stage sees frames and returns frames; never sockets, processes or signals.

Subclass ``Stage`` (or ``Source``), give it ``Properties``, pads, and one work method. The runner calls, in one
thread and in this order: the constructor with valid properties, ``start``, ``set_caps``, then ``process`` and
``handle`` as items come, with ``told`` and ``tick`` in between, ``drain`` once at EOS, and ``stop`` whatever happened.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Event, Frame, Meta, Output, Picture


class Properties(BaseModel):
    """Base of every stage's properties. Unknown keys are refused; each field has a description."""

    # A launch line and TOML read 2024 as a number, also where a name was meant.
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, coerce_numbers_to_str=True
    )


class Context(Protocol):
    """What a stage may ask of whoever drives it. The runner and ``testing.Harness`` implement it."""

    @property
    def incarnation(self) -> int:
        """How often the stage's process was restarted in this run: 0 the first time."""

    @property
    def began_ns(self) -> int:
        """CLOCK_MONOTONIC when the run began, in ns: the same for all incarnations."""

    def post(self, name: str, data: Meta) -> None:
        """Put an Element message on the bus."""

    def warn(self, text: str) -> None:
        """Put a Warning on the bus."""

    def take(self, frame: Frame) -> Picture | None:
        """The frame's picture in memory of the caller's own, or None if it has none or its slot was reused."""

    def dropped(self, reason: str, count: int) -> None:
        """Account for frames that go no further."""

    def held(self, change: int) -> None:
        """Account for a change in the number of frames kept for later."""

    def defer(self) -> Callable[[], None]:
        """Keep the item at hand unacknowledged until the function returned is called, once: until then a restarted
        process is given it again. Only inside ``process`` and ``handle``.
        """

    def room(self, pad: str) -> bool:
        """For a live source: whether the links of ``pad`` would send another frame at once; True if it is unlinked."""


P = TypeVar("P", bound=Properties)


class BaseStage(ABC, Generic[P]):
    """What sources and stages share: properties, pads, and a way to speak to the bus."""

    properties_type: ClassVar[type[Properties]] = Properties
    summary: ClassVar[str] = ""

    def __init__(self, properties: P, context: Context) -> None:
        self.properties = properties
        self.context = context

    @property
    @abstractmethod
    def src_caps(self) -> Mapping[str, Caps]:
        """Templates of the src pads by name, the default pad first; empty for a sink."""

    def start(self) -> None:
        """Acquire what the stage needs: files, models. Raises PipelineError."""

    def stop(self) -> None:
        """Release everything. Called once, also after an error."""

    def told(self, name: str, data: Meta) -> None:
        """Whoever runs the pipeline says something to this stage; the default takes no notice.

        A source may give out an event because of it. Raises PipelineError for what makes no sense.
        """

    def tick(self) -> Iterable[Output]:
        """Called by the run loop about once a second, also when nothing arrives; what it gives out is sent on."""
        return ()

    def drop(self, reason: str, count: int = 1) -> None:
        """Account for frames that go no further; ``reason`` is a short fixed word.

        For a source it also counts them as received.
        """
        self.context.dropped(reason, count)


class Source(BaseStage[P]):
    """A stage without a sink pad.

    A ``live`` source cannot wait: ``produce`` is asked again whatever the links hold, and asks ``context.room`` itself.
    """

    @property
    def live(self) -> bool:
        """Whether time passes without it; known after ``start``."""
        return False

    @property
    def descriptor(self) -> int | None:
        """A live source's file descriptor that is readable when ``produce`` has something to give."""
        return None

    @property
    def idle_s(self) -> float:
        """How long a live source that has nothing is left alone, if its descriptor says nothing."""
        return 0.05

    def negotiate(self, allowed: Mapping[str, Caps]) -> None:
        """Before ``produce``: what the far ends allow on each linked src pad. The default takes no notice."""

    @abstractmethod
    def produce(self) -> Iterator[Output | None]:
        """Yield frames in order of pts, a CAPS event before the first. The end of the iterator is EOS.

        A live source yields None when there is nothing to give now; it must never block for longer than 50 ms.

        A frame's ``image`` is a Picture whose planes need to stay valid only until the next step of the iterator.
        A picture that equals the one before may be given as the same object; it is then not copied again.
        """

    def finish(self) -> None:
        """Called when a drain was asked for: make ``produce`` end soon."""


class Stage(BaseStage[P]):
    """A stage with one sink pad and any number of src pads."""

    @property
    @abstractmethod
    def sink_caps(self) -> Caps:
        """Template of the sink pad."""

    def set_caps(self, caps: Caps) -> Mapping[str, Caps]:
        """Fixed caps arrived at the sink pad; return the fixed caps of each src pad. May happen again.

        The default passes the sink's fields on under each src pad's media type. Raises CapsError.
        """
        return {pad: Caps(template.media, caps.fields) for pad, template in self.src_caps.items()}

    @abstractmethod
    def process(self, frame: Frame) -> Iterable[Output]:
        """Do the work on one frame; each frame is sent on, dropped with a reason, or held."""

    def handle(self, event: Event) -> Iterable[Output]:
        """An event other than CAPS and EOS came by; the default passes it on."""
        return (event,)

    def drain(self) -> Iterator[Output | None]:
        """EOS: give out what is held. A generator that works for long yields None now and then to show life."""
        return iter(())

    def hold(self, change: int) -> None:
        """Account for frames kept for later: +1 when one is kept, -1 when it is sent on or dropped."""
        self.context.held(change)


AnyStage = Source[Any] | Stage[Any]


def validated(kind: type[Properties], given: Mapping[str, object]) -> Properties:
    """Check ``given`` against ``kind``. Raises ConfigError that names key and value, and what is allowed."""
    try:
        return kind.model_validate(dict(given))
    except ValidationError as e:
        problems = "; ".join(_problem(kind, error) for error in e.errors())
        raise ConfigError(problems) from e


def _problem(kind: type[Properties], error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "properties"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, kind.model_fields, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "it has: " + ", ".join(sorted(kind.model_fields))
        return f"unknown property '{key}'; {hint}"
    if error["type"] == "missing":
        return f"property '{key}' must be set"
    message = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:
        return message  # a rule over several properties, in the words of its stage
    return f"property '{key}' = {error['input']!r}: {message[:1].lower()}{message[1:]}"
