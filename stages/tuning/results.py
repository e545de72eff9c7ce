"""What candidates scored, which is best, and tables and plots of that for people and machines. Pure but for rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.frame import SECOND_NS
from pipeline.stage import validated
from stages.tuning.grid import KINDS, Candidate, Setting
from stages.tuning.scoring import Score, score
from stages.tuning.truth import Truth

if TYPE_CHECKING:
    from rich.table import Table

_BAR = 32  # characters of a bar of F1 1.00
_EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Result:
    """``slides``: all that came out, also what counts for nothing."""

    candidate: Candidate
    strict: Score
    lenient: Score
    slides: int

    def facts(self) -> dict[str, object]:
        """For machines."""
        return {
            "method": self.candidate.method,
            "settings": dict(self.candidate.settings),
            "strict_f1": round(self.strict.f1, 4),
            "precision": round(self.strict.precision, 4),
            "recall": round(self.strict.recall, 4),
            "lenient_f1": round(self.lenient.f1, 4),
            "pages": self.strict.pages,
            "wanted": self.strict.wanted,
            "duplicates": self.strict.duplicates,
            "slides": self.slides,
        }


@dataclass(frozen=True, slots=True)
class Series:
    """Of one method, the best strict F1 at each value of the key that is swept first, by value."""

    method: str
    key: str
    points: tuple[tuple[Setting, float], ...]


def scored(truth: Truth, candidates: Sequence[Candidate], times_ns: Iterable[Sequence[int]]) -> list[Result]:
    """A result for each candidate, from the times of its slides' pictures."""
    results = []
    for candidate, found in zip(candidates, times_ns, strict=True):
        times = [time / SECOND_NS for time in found]
        results.append(Result(candidate, score(truth, times), score(truth, times, strict=False), len(times)))
    return results


def best(results: Sequence[Result]) -> Result:
    """The highest strict F1; of equal ones lenient F1 decides, then duplicates, then what is nearest to its preset, as
    one clip is no reason to leave it; then the order in which they were tried.
    """
    return min(results, key=lambda r: (-r.strict.f1, -r.lenient.f1, r.strict.duplicates, r.candidate.changes))


def series(results: Sequence[Result]) -> list[Series]:
    """One for each method of which something was swept; the preset as it is stands at its own value."""
    made = []
    for method in dict.fromkeys(result.candidate.method for result in results):
        own = [result for result in results if result.candidate.method == method]
        key = next((c.settings[0][0] for r in own if (c := r.candidate).settings), None)
        if key is None:
            continue
        highest: dict[Setting, float] = {}
        for result in own:
            value = dict(result.candidate.settings).get(key, _plain(method, key))
            if value is not None:
                highest[value] = max(highest.get(value, 0.0), result.strict.f1)
        made.append(Series(method, key, tuple(sorted(highest.items(), key=_by_value))))
    return made


def table(results: Sequence[Result]) -> Table:
    """For people: the best first."""
    from rich.table import Table

    chosen = best(results)
    made = Table(box=None, pad_edge=False)
    for name in ("method", "settings"):
        made.add_column(name)
    for name in ("strict F1", "precision", "recall", "lenient F1", "pages / slides", "duplicates"):
        made.add_column(name, justify="right")
    for result in sorted(results, key=lambda r: (r is not chosen, -r.strict.f1, -r.lenient.f1)):
        s = result.strict
        figures = (f"{s.f1:.2f}", f"{s.precision:.2f}", f"{s.recall:.2f}", f"{result.lenient.f1:.2f}")
        counts = (f"{s.pages} / {s.wanted}", str(s.duplicates))
        made.add_row(
            result.candidate.method, result.candidate.words, *figures, *counts, style="bold" if result is chosen else ""
        )
    return made


def bars(drawn: Sequence[Series]) -> str:
    """The plot for a terminal: a bar of strict F1 for each value."""
    lines = []
    for each in drawn:
        lines += ["", f"{each.method}: strict F1 by {each.key}"]
        width = max(len(str(value)) for value, _ in each.points)
        lines += [f"  {value!s:>{width}}  {_bar(f1):<{_BAR}}  {f1:.2f}" for value, f1 in each.points]
    return "\n".join(lines[1:])


def _bar(f1: float) -> str:
    full, part = divmod(round(f1 * _BAR * 8), 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def _plain(method: str, name: str) -> Setting | None:
    """What a preset has for ``stage.key``; None if it leaves that to the method itself."""
    stage, _, key = name.partition(".")
    value = getattr(validated(KINDS[stage], Candidate(method).properties()[stage]), key)
    return value if isinstance(value, bool | int | float | str) else None


def _by_value(point: tuple[Setting, float]) -> tuple[bool, float, str]:
    """Numbers by size, then words by alphabet."""
    value = point[0]
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")


def summary(result: Result, of: int) -> str:
    """What is best, in one line."""
    s = result.strict
    return (
        f"best of {of}: {result.candidate.method}, {result.candidate.words}: strict F1 {s.f1:.2f}, "
        f"{s.found} of {s.wanted} slides on {s.pages} pages, {s.duplicates} duplicates"
    )
