"""A stage inside its process: its accounts, its state, where its pads lead. Implements ``stage.Context``.

The node calls the stage and passes on what it gives out; it knows the links only as something to offer items to.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pipeline.caps import Caps
from pipeline.errors import CapsError, ConfigError, PipelineError, StageError
from pipeline.frame import Event, EventKind, Frame, Item, Meta, Output, Picture, To, caps_event
from pipeline.messages import Described, Element, Ledger, StateChanged, Warn
from pipeline.runner.routes import Surroundings, Target, Token
from pipeline.runner.spec import NodeSpec
from pipeline.stage import AnyStage, Source, Stage, validated
from pipeline.states import State, may_move


def load_class(factory: str) -> type[AnyStage]:
    """Import a stage class by its import string. Raises ConfigError."""
    module_name, _, class_name = factory.partition(":")
    try:
        kind = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as e:
        raise ConfigError(f"cannot import '{factory}': {e}") from e
    if not (isinstance(kind, type) and issubclass(kind, (Source, Stage))):
        raise ConfigError(f"'{factory}' is no stage class")
    return kind


def load(spec: NodeSpec, context: Any) -> AnyStage:
    """Import and build a stage. Raises ConfigError for an import string or properties that are wrong."""
    kind = load_class(spec.factory)
    made: AnyStage = kind(validated(kind.properties_type, spec.properties), context)
    return made


def _item(output: Output) -> Item:
    return output.item if isinstance(output, To) else output


def _nobody_waits() -> None:
    pass


class Node:
    """One stage of this process."""

    def __init__(self, spec: NodeSpec, surroundings: Surroundings, incarnation: int = 0, began_ns: int = 0) -> None:
        self.name = spec.name
        self.incarnation, self.began_ns = incarnation, began_ns
        self.state = State.NULL
        self._around = surroundings
        self._received = self._sent = self._held = self._lost_pictures = self._busy_ns = self._last_pts_ns = 0
        self._dropped: Counter[str] = Counter()
        self._targets: dict[str, list[Target]] = {}
        self._at_hand: Token | None = None
        self.stage = load(spec, self)
        self._pads = list(self.stage.src_caps)

    # -- what the worker calls --

    @property
    def has_room(self) -> bool:
        return all(self.room(pad) for pad in self._targets)

    def connect(self, pad: str, target: Target) -> None:
        """Lead a src pad ("" is the default one) to ``target``. Raises ConfigError for a pad that is not there."""
        if not self._pads:
            raise ConfigError(f"'{self.name}' has no src pad; nothing can come after it")
        if pad and pad not in self._pads:
            raise ConfigError(f"'{self.name}' has no src pad '{pad}'; it has: {', '.join(self._pads)}")
        self._targets.setdefault(pad or self._pads[0], []).append(target)

    def describe(self) -> Described:
        """The pads of the stage."""
        sink = str(self.stage.sink_caps) if isinstance(self.stage, Stage) else None
        return Described(self.name, sink, {pad: str(caps) for pad, caps in self.stage.src_caps.items()})

    def move(self, new: State) -> None:
        """The one door through which state moves; it is announced."""
        if not may_move(self.state, new):
            raise StageError(f"'{self.name}' cannot go from {self.state} to {new}")
        old, self.state = self.state, new
        self._around.send(StateChanged(self.name, old, new))

    def accept(self, item: Item, token: Token) -> None:
        """Do the work on one item and pass on what comes of it. ``token`` is held by the caller meanwhile."""
        stage = self.stage
        if isinstance(stage, Source):
            raise StageError(f"'{self.name}' is a source and takes no items")
        self._at_hand = token
        try:
            with self._named():
                if isinstance(item, Frame):
                    self._work(stage, item, token)
                elif item.kind is EventKind.CAPS:
                    self._set_caps(stage, item, token)
                elif item.kind is EventKind.EOS:
                    self._drain(stage, token)
                    self._to_all(item, token)
                    self.move(State.PAUSED)
                else:
                    self._route(self._spread(stage.handle(item)), token)
        finally:
            self._at_hand = None

    def tick(self) -> None:
        """A second has passed; what the stage gives out because of it is passed on."""
        if self.state is not State.PLAYING:
            return
        token = Token(_nobody_waits)
        with self._named():
            begin = time.perf_counter_ns()
            outputs = list(self.stage.tick())
            self._busy_ns += time.perf_counter_ns() - begin
            if isinstance(self.stage, Source):
                self._received += sum(isinstance(_item(output), Frame) for output in outputs)
            self._route(self._spread(outputs), token)
        token.release()

    def told(self, name: str, data: Meta) -> None:
        """Hand the stage what it was told."""
        with self._named():
            self.stage.told(name, data)

    def emit(self, output: Output, token: Token) -> None:
        """Pass on what a source produced."""
        item = _item(output)
        if isinstance(item, Frame):
            self._received += 1
            self._last_pts_ns = item.pts_ns
        if isinstance(item, Event) and item.kind is EventKind.EOS:
            self._to_all(item, token)
            self.move(State.PAUSED)
        else:
            self._route((output,), token)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Whatever goes wrong inside is a PipelineError that names this stage."""
        try:
            yield
        except PipelineError as e:
            e.stage = e.stage or self.name
            raise
        except MemoryError as e:
            raise self.failure("out of memory; lower the analysis width, or fuse stages") from e
        except Exception as e:
            raise self.failure(f"{type(e).__name__}: {e}") from e

    def repeated(self) -> None:
        """Account for a frame that a restarted neighbour gave once more."""
        self._received += 1
        self._dropped["repeated"] += 1

    def failure(self, text: str) -> StageError:
        """A StageError that names this stage."""
        error = StageError(text)
        error.stage = self.name
        return error

    def spent(self, busy_ns: int) -> None:
        """Account for time in the stage's own code."""
        self._busy_ns += busy_ns

    def lost_picture(self) -> None:
        """Account for a picture that found no room in the pool."""
        self._lost_pictures += 1

    @property
    def ledger(self) -> Ledger:
        return Ledger(
            self._received,
            self._sent,
            self._held,
            dict(self._dropped),
            self._lost_pictures,
            last_pts_ns=self._last_pts_ns,
            busy_ns=self._busy_ns,
        )

    # -- Context: what the stage calls --

    def post(self, name: str, data: Meta) -> None:
        self._around.send(Element(self.name, name, data))

    def warn(self, text: str) -> None:
        self._around.send(Warn(self.name, text))

    def take(self, frame: Frame) -> Picture | None:
        picture = self._around.take(frame)
        if picture is None and frame.image is not None:
            self._lost_pictures += 1
        return picture

    def dropped(self, reason: str, count: int) -> None:
        self._dropped[reason] += count
        if isinstance(self.stage, Source):
            self._received += count

    def held(self, change: int) -> None:
        self._held += change

    def defer(self) -> Callable[[], None]:
        token = self._at_hand
        if token is None:
            raise self.failure("defer() outside of process() and handle()")
        token.hold()
        return token.release

    def room(self, pad: str) -> bool:
        return all(target.has_room for target in self._targets.get(pad, ()))

    # -- inside --

    def _work(self, stage: Stage[Any], frame: Frame, token: Token) -> None:
        self._received += 1
        self._last_pts_ns = frame.pts_ns
        before = (self._held, sum(self._dropped.values()))
        begin = time.perf_counter_ns()
        outputs = list(stage.process(frame))
        self._busy_ns += time.perf_counter_ns() - begin
        if not self._pads and before == (self._held, sum(self._dropped.values())):
            self._sent += 1  # a sink has used the frame
        self._route(outputs, token)

    def _set_caps(self, stage: Stage[Any], event: Event, token: Token) -> None:
        caps = Caps.parse(str(event.data["caps"]))
        if not stage.sink_caps.can_link(caps):
            raise CapsError(f"takes {stage.sink_caps}, but was given {caps}")
        made: Mapping[str, Caps] = stage.set_caps(caps)
        self._route((To(pad, caps_event(made[pad], event.pts_ns)) for pad in self._pads), token)

    def _drain(self, stage: Stage[Any], token: Token) -> None:
        for output in stage.drain():
            if output is not None:
                self._route((output,), token)
            self._around.alive()

    def _to_all(self, event: Event, token: Token) -> None:
        self._route((To(pad, event) for pad in self._pads), token)

    def _spread(self, outputs: Iterable[Output]) -> Iterator[Output]:
        """An event that names no pad concerns whoever is behind any of them."""
        for output in outputs:
            if isinstance(output, Event):
                yield from (To(pad, output) for pad in self._pads)
            else:
                yield output

    def _route(self, outputs: Iterable[Output], token: Token) -> None:
        for output in outputs:
            pad, item = (output.pad, output.item) if isinstance(output, To) else ("", output)
            if not self._pads or (pad and pad not in self._pads):
                if isinstance(item, Frame):
                    raise StageError(f"sent a frame to a src pad '{pad}' that it does not have")
                continue
            targets = self._targets.get(pad or self._pads[0], ())
            if isinstance(item, Frame):
                if targets:
                    self._sent += 1
                else:
                    self._dropped["unlinked"] += 1
            for target in targets:
                target.accept(item, token)
