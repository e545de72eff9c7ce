#!/usr/bin/env python3
"""Find the processes of a running slidetap by the stage they host, and say what they hold. For soak and its tests.

A child's standard error goes to a log named after its process: that tells them apart without asking the supervisor.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds: ``pss`` in bytes, and open file descriptors."""

    pss: int
    descriptors: int


def children(parent: int) -> list[int]:
    """The direct children of ``parent`` that still run; none if it has ended."""
    with contextlib.suppress(OSError):
        return [int(pid) for pid in (PROC / f"{parent}/task/{parent}/children").read_text().split()]
    return []


def pid_of(stage: str, parent: int) -> int | None:
    """The process of a stage, None while there is none."""
    for child in children(parent):
        with contextlib.suppress(OSError):
            if os.readlink(PROC / f"{child}/fd/2").endswith(f"/{stage}.log"):
                return child
    return None


def await_pid(stage: str, parent: int, deadline_s: float, other_than: int | None = None) -> int | None:
    """The process of a stage as soon as there is one (that is not ``other_than``); None if the time is up."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        found = pid_of(stage, parent)
        if found is not None and found != other_than:
            return found
        time.sleep(0.005)
    return None


def hit(pid: int, number: signal.Signals) -> bool:
    """Send a signal; whether the process was still there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def held(pid: int) -> Held | None:
    """What ``pid`` holds now, None if it has ended."""
    try:
        rollup = (PROC / f"{pid}/smaps_rollup").read_text()
        descriptors = len(os.listdir(PROC / f"{pid}/fd"))
    except OSError:
        return None
    lines = [line.split() for line in rollup.splitlines()]
    kib = next((int(words[1]) for words in lines if words[0] == "Pss:"), 0)
    return Held(kib << 10, descriptors)
