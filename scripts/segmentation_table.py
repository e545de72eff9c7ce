#!/usr/bin/env python3
"""Turn the figures of bench_segmentation into its Markdown report, from the file that --json wrote.

    scripts/segmentation_table.py masks.json

It measures nothing. Exits with 1 if a target was missed and --check was given.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from verdict import Verdict

SESSION, STAGE, REMBG, BARE, TORCH = "session", "stage", "rembg", "onnxruntime", "PyTorch"
MOST_OF_SESSION = 1.15
LEAST_OVER_REMBG = {"cpu": 1.5, "cuda": 3.0}
MOST_APART = 2.0  # of 255, GPU and CPU

# Dense tensor-core TFLOP/s as the vendor states them: fp32 networks run in TF32, the runtime's default.
PEAKS: Mapping[str, Mapping[str, float]] = {
    "H200": {"fp32": 495, "fp16": 989},
    "H100": {"fp32": 495, "fp16": 989},
    "A100": {"fp32": 156, "fp16": 312},
    "L40S": {"fp32": 183, "fp16": 362},
    "L4": {"fp32": 60, "fp16": 121},
    "A10": {"fp32": 62, "fp16": 125},
    "T4": {"fp32": 8.1, "fp16": 65},  # it has no TF32
}


@dataclass(frozen=True, slots=True)
class Case:
    """A network on a device. ``gflop``: of one picture, 0 if not known."""

    net: str
    precision: str
    batch: int
    device: str
    gflop: float = 0.0

    @property
    def text(self) -> str:
        """For the table."""
        return f"{self.net} {self.precision}, batch {self.batch}, {self.device}"


@dataclass(slots=True)
class Result:
    """What one contestant took: ``ns`` of each call of each round; a call is ``Case.batch`` pictures.

    ``memory``: bytes on the GPU. ``apart``: most that its masks differ from those of the CPU, of 255. ``failure``: why
    there is nothing.
    """

    case: Case
    name: str
    about: str = ""
    ns: list[list[int]] = field(default_factory=list)
    memory: int = 0
    apart: float | None = None
    failure: str = ""

    @property
    def ms(self) -> float:
        """Median over the rounds of the median of a call, per call."""
        return statistics.median(statistics.median(each) for each in self.ns) / 1e6


def ratio(one: Result | None, other: Result | None) -> float | None:
    """How many times as long ``one`` takes as ``other``, each round by itself; None if one did not run.

    Rounds are what is compared: what else the machine did then, it did to both.
    """
    if one is None or other is None or not one.ns or not other.ns:
        return None
    return statistics.median(statistics.median(a) / statistics.median(b) for a, b in zip(one.ns, other.ns, strict=True))


def report(results: Sequence[Result], machine: str, rounds: Mapping[str, int], not_run: Sequence[str]) -> str:
    """The whole report as Markdown."""
    told = ", ".join(f"{net} {count}" for net, count in rounds.items())
    columns = ("network", "contestant", "ms", "masks/s", "x session", "of peak", "GPU MiB", "off the CPU's, of 255")
    lines = [f"{machine}. Rounds in turn: {told}.", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for case in _cases(results):
        by_name = _named(results, case)
        lines += [_row(result, by_name.get(SESSION), machine) for result in by_name.values()]
    lines += ["", "| target | measured | |", "|---|---|---|", *map(str, verdicts(results))]
    if not_run:
        lines += ["", "Not run:", "", *(f"* {line}" for line in not_run)]
    return "\n".join(lines)


def verdicts(results: Sequence[Result]) -> list[Verdict]:
    """The targets, network by network."""
    found: list[Verdict] = []
    for case in _cases(results):
        by_name = _named(results, case)
        stage = by_name.get(STAGE)
        of_session = ratio(stage, by_name.get(SESSION))
        if of_session is not None:
            target = f"{case.text}: stage at most {MOST_OF_SESSION:g} x the session"
            found.append(Verdict(target, f"{of_session:.3f}", of_session <= MOST_OF_SESSION))
        if REMBG in by_name:
            least = LEAST_OVER_REMBG[case.device]
            over = ratio(by_name[REMBG], stage)
            target = f"{case.text}: at least {least:g} x rembg"
            found.append(Verdict(target, *(("-", None) if over is None else (f"{over:.2f}", over >= least))))
        if stage is not None and stage.apart is not None and case.precision == "fp32":
            target = f"{case.text}: masks within {MOST_APART:g}/255 of the CPU's"
            found.append(Verdict(target, f"{stage.apart:.2f}", stage.apart <= MOST_APART))
    return found


def of_peak(case: Case, ms: float, machine: str) -> float | None:
    """Share of what the card could compute at most; None for a card that is not in the table, or for the CPU."""
    peak = next((peaks for name, peaks in PEAKS.items() if name in machine.replace("-", " ").split()), None)
    if case.device != "cuda" or peak is None or not case.gflop:
        return None
    return case.gflop * case.batch / ms / peak[case.precision]  # GFLOP / ms is TFLOP/s


def _row(result: Result, session: Result | None, machine: str) -> str:
    case = result.case
    name = f"{result.name} ({result.about})" if result.about else result.name
    if result.failure:
        return f"| {case.text} | {name}. **Not measured**: {result.failure} " + "| " * 6 + "|"
    against, share = ratio(result, session), of_peak(case, result.ms, machine)
    cells = [
        f"{result.ms:.1f}",
        f"{1000 * case.batch / result.ms:.1f}",
        "-" if against is None else f"{against:.2f}",
        "-" if share is None else f"{share:.1%}",
        f"{result.memory / 2**20:.0f}" if result.memory else "-",
        "-" if result.apart is None else f"{result.apart:.2f}",
    ]
    return f"| {case.text} | {name} | {' | '.join(cells)} |"


def _cases(results: Iterable[Result]) -> list[Case]:
    return list(dict.fromkeys(result.case for result in results))


def _named(results: Iterable[Result], case: Case) -> dict[str, Result]:
    return {result.name: result for result in results if result.case == case}


def main(arguments: list[str] | None = None) -> int:
    """Print the report of a file of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="what bench_segmentation --json wrote")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target was missed")
    options = parser.parse_args(arguments)
    read = json.loads(options.file.read_text())
    results = [Result(**{**one, "case": Case(**one["case"])}) for one in read["results"]]
    print(report(results, read["machine"], read["rounds"], read["not_run"]))
    return 1 if options.check and any(verdict.met is False for verdict in verdicts(results)) else 0


if __name__ == "__main__":
    sys.exit(main())
