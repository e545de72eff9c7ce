"""The numbers that stages tell in ``figures`` messages: checked, bounded, forgotten with the stage. Pure.

A stage may be wrong about them in any way; the metrics stay valid Prometheus text and do not grow.
"""

from __future__ import annotations

import math
import re

from pipeline.daemon.snapshot import Figure
from pipeline.frame import Meta

MOST_FIGURES = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COUNTER = "_total"
# Endings with a meaning of their own in Prometheus' format.
_RESERVED = ("_bucket", "_count", "_sum", "_created", "_info")


class Figures:
    """The newest value of each figure of each stage."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], float] = {}
        self._said: set[str] = set()

    def hear(self, stage: str, data: Meta) -> list[str]:
        """Take them over; a sentence for whatever is left out, the first time."""
        problems: list[str] = []
        for name, value in data.items():
            problem = self._problem(stage, name, value)
            if problem is None and isinstance(value, int | float):
                self._values[stage, name] = float(value)
            elif problem is not None and stage not in self._said:
                self._said.add(stage)
                problems.append(problem)
        return problems

    def forget(self, stage: str) -> None:
        """Its process has ended: gauges would go on to tell of a past; counters are kept."""
        for key in [key for key in self._values if key[0] == stage and not key[1].endswith(_COUNTER)]:
            del self._values[key]

    def value(self, name: str) -> float | None:
        """The largest that any stage tells under this name."""
        return max((value for (_, told), value in self._values.items() if told == name), default=None)

    def all(self) -> tuple[Figure, ...]:
        """In order of name and stage."""
        return tuple(
            Figure(name, stage, value)
            for (stage, name), value in sorted(self._values.items(), key=lambda x: x[0][::-1])
        )

    def _problem(self, stage: str, name: str, value: object) -> str | None:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name.endswith(_RESERVED):
            return f"figure {str(name)[:64]!r} is left out: no name that Prometheus would take"
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300 or math.isnan(value):
            return f"figure '{name}' is left out: {str(value)[:40]!r} is no finite number"
        if (stage, name) not in self._values and len(self._values) >= MOST_FIGURES:
            return f"figure '{name}' is left out: there are {MOST_FIGURES} already"
        return None
