"""A benchmark's target and what became of it, as a row of a table. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, what was measured, and whether it was met; None where it was not measured."""

    target: str
    measured: str
    met: bool | None

    def __str__(self) -> str:
        word = {True: "met", False: "**missed**", None: "not measured"}[self.met]
        return f"| {self.target} | {self.measured} | {word} |"
