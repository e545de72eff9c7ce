#!/usr/bin/env python3
"""Turn the figures of bench_speed into its Markdown report; from the file that --json wrote, as often as you like.

    scripts/speed_table.py speed.json

It measures nothing. Exits with 1 if a target was missed and --check was given.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verdict import Verdict

DECODE, PLAIN, MIAVISC = "decode", "plain-knn", "miavisc-fck"
KNN, OURS, SPARSE = "slidetap-knn", "slidetap-full", "slidetap"
MOST_MEMORY = 600 << 20
MOST_GROWTH = 1.1
MOST_FIRST_S = 1.0
SHORT_GOP_S = 10  # seconds from one keyframe to the next; beyond, most of a file hangs on a few of them


@dataclass(slots=True)
class Result:
    """What was measured of one contestant: seconds of each round, bytes; ``failure`` says why there is nothing.

    ``first_s``: from the start of the command until it told of a frame that was through, an upper bound.
    """

    name: str
    what: str
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    peak_pss: int = 0
    long_peak_pss: int = 0
    failure: str = ""

    @property
    def seconds(self) -> float:
        """Median wall time."""
        return statistics.median(self.wall_s)


def report(results: Sequence[Result], media: Mapping[str, object], machine: str, rounds: int) -> str:
    """The whole report as Markdown."""
    by_name = {result.name: result for result in results}
    intro = (
        f"{media['name']}: {media['text']}, {media['seconds']:.0f} s. {machine}. Medians of {rounds} alternating runs."
    )
    head = (
        "| contestant | | wall s | x real time | of decode | x plain KNN | CPU s | peak MiB | long: MiB | first s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    )
    rows = [_row(result, by_name, float(str(media["seconds"]))) for result in results]
    targets = ("| target | measured | |", "|---|---|---|", *map(str, verdicts(by_name, _gop_s(media))))
    return "\n".join((intro, "", *head, *rows, "", *targets))


def verdicts(by_name: Mapping[str, Result], gop_s: float | None = None) -> list[Verdict]:
    """The targets of each way in which slidetap takes part. ``gop_s``: seconds from one keyframe to the next."""
    ours = by_name.get(OURS, Result(OURS, "", failure="left out"))
    peak = ours.peak_pss
    growth = ours.long_peak_pss / peak if peak and ours.long_peak_pss else None
    sparse_over_decode = 10.0 if gop_s is None or gop_s <= SHORT_GOP_S else 3.0
    return [
        _faster(by_name, KNN, PLAIN, 3.0),
        _faster(by_name, KNN, DECODE, 0.7),
        _faster(by_name, OURS, DECODE, 0.85),
        _faster(by_name, SPARSE, DECODE, sparse_over_decode),
        _faster(by_name, SPARSE, PLAIN, 50.0),
        _faster(by_name, SPARSE, MIAVISC, 20.0),
        Verdict(
            f"{OURS}: <= {MOST_MEMORY >> 20} MiB together",
            f"{peak / 2**20:.0f} MiB" if peak else "-",
            peak <= MOST_MEMORY if peak else None,
        ),
        Verdict(f"{OURS}: long file <= {MOST_GROWTH:g} x the memory", *_judged(growth, lambda v: v <= MOST_GROWTH)),
        *(_first(by_name, name) for name in (OURS, SPARSE)),
    ]


def _first(by_name: Mapping[str, Result], ours: str) -> Verdict:
    found = by_name.get(ours)
    first = statistics.median(found.first_s) if found is not None and found.first_s else None
    return Verdict(f"{ours}: first frame within {MOST_FIRST_S:g} s", *_judged(first, lambda v: v <= MOST_FIRST_S))


def _faster(by_name: Mapping[str, Result], ours: str, other: str, least: float) -> Verdict:
    found = by_name.get(ours)
    ratio = None if found is None else _ratio(by_name.get(other), found)
    return Verdict(f"{ours}: >= {least:g} x the speed of {other}", *_judged(ratio, lambda v: v >= least))


def _gop_s(media: Mapping[str, object]) -> float | None:
    """None of a file of figures that was written before it was told."""
    found = media.get("gop_s")
    return float(found) if isinstance(found, int | float) else None


def _judged(value: float | None, good: Callable[[float], bool]) -> tuple[str, bool | None]:
    return ("-", None) if value is None else (f"{value:.2f}", good(value))


def _ratio(other: Result | None, ours: Result) -> float | None:
    """How many times as fast as ``other``: the median over rounds, each round by itself. None if one did not run."""
    if other is None or other.failure or ours.failure or not other.wall_s or not ours.wall_s:
        return None
    return statistics.median(a / b for a, b in zip(other.wall_s, ours.wall_s, strict=True))


def _row(result: Result, by_name: Mapping[str, Result], media_s: float) -> str:
    if result.failure:
        return f"| {result.name} | {result.what}. **Not measured**: {result.failure} " + "| " * 8 + "|"
    if not result.wall_s:
        speed = ["-"] * 5
    else:
        ratios = (_ratio(by_name.get(name), result) for name in (DECODE, PLAIN))
        speed = [
            f"{result.seconds:.2f}",
            f"{media_s / result.seconds:.1f}",
            *("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
            f"{statistics.median(result.cpu_s):.2f}",
        ]
    memory = [f"{value / 2**20:.0f}" if value else "-" for value in (result.peak_pss, result.long_peak_pss)]
    first = f"{statistics.median(result.first_s):.2f}" if result.first_s else "-"
    return "| " + " | ".join((result.name, result.what, *speed, *memory, first)) + " |"


def main(arguments: list[str] | None = None) -> int:
    """Print the report of a file of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="what bench_speed --json wrote")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target was missed")
    options = parser.parse_args(arguments)
    read = json.loads(options.file.read_text())
    results = [Result(**one) for one in read["results"]]
    print(report(results, read["media"], read["machine"], read["rounds"]))
    by_name = {result.name: result for result in results}
    missed = any(verdict.met is False for verdict in verdicts(by_name, _gop_s(read["media"])))
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
