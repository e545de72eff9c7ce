#!/usr/bin/env python3
"""Turn the figures of bench_live into its Markdown report; from the file that --json wrote, as often as you like.

    scripts/live_table.py live.json

It measures nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from live_figures import percentile

MOST_LATER_S = 1.0  # than settle_time


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured with ``streams`` pipelines at once. Lists have an entry per pipeline, ``delays_s`` one per
    view that was found; ``dropped``, ``cores`` and ``pss`` (bytes) are sums over the pipelines.
    """

    streams: int
    seconds: float
    delays_s: list[float]
    missed: int
    extra: int
    dropped: dict[str, int]
    cores: dict[str, float]
    camera_cores: float
    analysed: int
    recorded_bytes: int
    unrecorded: dict[str, int] = field(default_factory=dict)
    pss: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether nothing was lost."""
        return not self.dropped and not self.failures


def report(results: Sequence[Result], media: str, machine: str, settle_s: float) -> str:
    """The whole report as Markdown."""
    rows = [_row(result) for result in sorted(results, key=lambda each: each.streams)]
    names = (
        *(
            "streams",
            "frames dropped",
            "cores used",
            "a stream",
            "of which",
            "memory a stream",
            "p50 delay",
            "p95 delay",
            "views found",
            "missed",
        ),
        *("extra", "recorded", "not recorded"),
    )
    head = (f"| {' | '.join(names)} |", "|---" * len(names) + "|")
    return "\n".join((f"{media}. {machine}.", "", *head, *rows, "", *verdicts(results, settle_s)))


def verdicts(results: Sequence[Result], settle_s: float) -> list[str]:
    """The targets, judged by the run with one stream, and how many streams were carried."""
    lines = ["| target | measured | |", "|---|---|---|"]
    one = next((result for result in results if result.streams == 1), None)
    if one is not None and not one.failures:
        lines.append(_line("no frame dropped by analysis, one stream", _drops(one), one.held))
        late = percentile(one.delays_s, 95)
        limit_s = settle_s + MOST_LATER_S
        target = f"p95 delay from calm to durable <= settle_time + {MOST_LATER_S:g} s = {limit_s:g} s"
        lines.append(_line(target, _seconds(late), None if late is None else late <= limit_s))
    carried = carries(results)
    more = "" if any(result.dropped for result in results) else "at least "
    lines.append(_line("streams carried before the first drop", f"{more}{carried}", None if more else carried > 0))
    return lines


def carries(results: Sequence[Result]) -> int:
    """The most streams with which nothing was lost, with fewer neither; 0 if not even with one."""
    carried = 0
    for result in sorted(results, key=lambda each: each.streams):
        if not result.held:
            break
        carried = result.streams
    return carried


def next_streams(results: Sequence[Result], first: int, most: int) -> int | None:
    """How many to try next: twice as many until something is lost, then half way between; None when it is known."""
    if not results:
        return first
    lost = min((result.streams for result in results if not result.held), default=None)
    held = max(
        (result.streams for result in results if result.held and (lost is None or result.streams < lost)), default=0
    )
    if lost is None:
        return min(held * 2, most) if held < most else None
    return (held + lost) // 2 if lost - held > 1 else None


def _line(target: str, measured: str, met: bool | None) -> str:
    word = {True: "met", False: "missed", None: ""}[met]
    return f"| {target} | {measured} | {word} |"


def _row(result: Result) -> str:
    if result.failures:
        return f"| {result.streams} | **not measured**: {'; '.join(result.failures)} " + "| " * 11 + "|"
    parts = ", ".join(f"{name} {share:.2f}" for name, share in result.cores.items())
    cores = sum(result.cores.values())
    memory = f"{sum(result.pss.values()) / result.streams / 2**20:.0f} MiB" if result.pss else "-"
    p50, p95 = (_seconds(percentile(result.delays_s, percent)) for percent in (50, 95))
    cells = (
        *(
            str(result.streams),
            _drops(result),
            f"{cores:.2f}",
            f"{cores / result.streams:.3f}",
            parts,
            memory,
            p50,
            p95,
        ),
        *(str(len(result.delays_s)), str(result.missed), str(result.extra)),
        *(f"{result.recorded_bytes / 1e6:.1f} MB", _sum(result.unrecorded)),
    )
    return f"| {' | '.join(cells)} |"


def _drops(result: Result) -> str:
    return f"{_sum(result.dropped)} of {result.analysed + sum(result.dropped.values())}"


def _sum(lost: Mapping[str, int]) -> str:
    return ", ".join(f"{count} ({name})" for name, count in lost.items()) or "0"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def to_json(results: Sequence[Result], media: str, machine: str, settle_s: float) -> str:
    """What ``from_json`` reads."""
    told: Mapping[str, object] = {
        "media": media, "machine": machine, "settle_s": settle_s, "results": [asdict(result) for result in results],
    }  # fmt: skip
    return json.dumps(told, indent=1) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Print the report of a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="what bench_live --json wrote")
    told = json.loads(parser.parse_args(arguments).file.read_text())
    results = [Result(**result) for result in told["results"]]
    print(report(results, told["media"], told["machine"], told["settle_s"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
