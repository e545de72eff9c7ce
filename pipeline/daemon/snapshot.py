"""What is known of a running pipeline at one moment: the loop makes it, the HTTP thread reads it. Never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pipeline.messages import Ledger
from pipeline.states import State

# What a live source says of itself; see its `source` message.
SOURCE_STATES = ("connecting", "live", "stalled", "black", "frozen", "no-signal", "lost")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a stage tells; a counter if its name ends in ``_total``, else a gauge."""

    name: str
    stage: str
    value: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``degraded``: a sentence for each thing that is not as it should be. ``taken_s``: monotonic."""

    pipeline: str
    taken_s: float
    ready: bool = False
    links: Collection[str] = ()
    ledgers: Mapping[str, Ledger] = field(default_factory=dict)
    states: Mapping[str, State] = field(default_factory=dict)
    restarts: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    degraded: tuple[str, ...] = ()
