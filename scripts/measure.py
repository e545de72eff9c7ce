#!/usr/bin/env python3
"""Run a command and say what it took: wall time, CPU time, peak memory of it and all its children together.

    scripts/measure.py slidetap convert lecture.mp4 -o out

Memory is PSS from /proc/PID/smaps_rollup: a page that several processes share counts once. It is sampled every 50 ms,
which itself costs CPU time; with --no-memory nothing is sampled. bench_speed imports this.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.05
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Measured:
    """``wall_s``, ``cpu_s`` of all processes; ``peak_pss`` in bytes, 0 if not sampled; ``exit_code``; ``errors``: the
    end of what was written to standard error. ``first_s``: when a line came that the caller waited for, if one did.
    """

    wall_s: float
    cpu_s: float
    peak_pss: int
    exit_code: int
    errors: str
    first_s: float | None = None


def measure(
    command: Sequence[str | Path],
    sample_s: float = SAMPLE_S,
    awaited: Callable[[str], bool] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Measured:
    """Run ``command`` to its end. ``sample_s`` 0 leaves memory out; ``awaited`` judges each line of its output.

    Raises FileNotFoundError if there is no such command.
    """
    with tempfile.TemporaryFile() as errors:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        watch = Watch(process.pid, sample_s) if sample_s else None
        first_s: float | None = None
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                if first_s is None and awaited is not None and awaited(line):
                    first_s = time.monotonic() - begun
        code = process.wait()
        wall_s = time.monotonic() - begun
        peak = watch.end() if watch else 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        errors.seek(0)
        tail = errors.read().decode(errors="replace")[-2000:]
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall_s, cpu_s, peak, code, tail, first_s)


class Watch:
    """Samples the memory of a process and its descendants in a thread, until ``end``."""

    def __init__(self, pid: int, every_s: float) -> None:
        self._pid, self._every_s = pid, every_s
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> int:
        """Stop; the peak in bytes."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            self._peak = max(self._peak, sum(map(pss, tree(self._pid))))


def tree(root: int) -> set[int]:
    """``root`` and all its descendants, by parent; a session of their own does not hide them."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir(PROC):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            parent = int(stat.rpartition(")")[2].split()[1])  # the name before it may hold anything
            children.setdefault(parent, []).append(int(entry.name))
    found, left = {root}, [root]
    while left:
        for child in children.get(left.pop(), ()):
            found.add(child)
            left.append(child)
    return found


def pss(pid: int) -> int:
    """Proportional set size in bytes; 0 once the process has ended."""
    try:
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass  # ended, or about to
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Measure the command of the command line. Returns its exit code."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--no-memory", action="store_true", help="do not sample memory")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the command and its arguments")
    options = parser.parse_args(arguments)
    if not options.command:
        parser.error("give a command to measure")
    try:
        took = measure(options.command, 0 if options.no_memory else SAMPLE_S)
    except FileNotFoundError:
        print(f"measure: there is no command '{options.command[0]}'", file=sys.stderr)
        return 127
    memory = "" if options.no_memory else f", {took.peak_pss / 2**20:.0f} MiB at the peak"
    print(f"{took.wall_s:.2f} s, {took.cpu_s:.2f} s of CPU{memory}, exit code {took.exit_code}")
    if took.exit_code:
        print(took.errors, file=sys.stderr)
    return took.exit_code


if __name__ == "__main__":
    sys.exit(main())
