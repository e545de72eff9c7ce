#!/usr/bin/env python3
"""Soak, files: kill one stage of a conversion at a random time; the result must equal that of an undisturbed run.

Compared are the slides, their pictures, visits and times; left out are the ledger and what tells one run from another.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from victims import await_pid, hit

SLIDETAP = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "slidetap"
STAGES = ("decoder", "bgsub", "trigger", "dedup", "exporter")
_ENOUGH_S = 120.0


@dataclass(slots=True)
class Tally:
    """Of one stage: ``late`` kills found the process ended; ``different`` and ``failed`` are what must not be."""

    rounds: int = 0
    late: int = 0
    identical: int = 0
    different: int = 0
    failed: int = 0
    extra_s: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def convert(video: Path, out: Path, kill: tuple[str, float] | None = None) -> tuple[int, float, bool, str]:
    """Convert; ``kill``: a stage and the seconds after which it is killed. Returns exit code, seconds,
    whether it hit, and errors.
    """
    begun = time.monotonic()
    command: list[str | Path] = [SLIDETAP, "convert", video, "-o", out, "--no-pdf", "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        struck = False
        if kill is not None:
            stage, after_s = kill
            pid = await_pid(stage, process.pid, 10)
            time.sleep(max(0.0, begun + after_s - time.monotonic()))
            struck = pid is not None and process.poll() is None and hit(pid, signal.SIGKILL)
        assert process.stderr is not None
        try:
            _, errors = process.communicate(timeout=_ENOUGH_S)
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
            errors += f"; it hung: killed after {_ENOUGH_S:g} s"
    return process.returncode, time.monotonic() - begun, struck, errors.strip()


def outcome(folder: Path) -> Any:
    """What must be equal: slides with their files' bytes, visits, times, reasons."""
    listed = json.loads((folder / "slides.json").read_text())
    slides = listed["slides"]
    for slide in slides:
        slide["picture"] = hashlib.sha256((folder / slide["file"]).read_bytes()).hexdigest()
    files = sorted(path.name for path in (folder / "slides").iterdir())
    return {"complete": listed["complete"], "slides": slides, "files": files}


def soak(video: Path, folder: Path, rounds: int, seed: int) -> dict[str, Tally]:
    """``rounds`` kills of each stage in turn. Raises RuntimeError if not even the undisturbed run ends well."""
    chance = random.Random(seed)
    code, usual_s, _, errors = convert(video, folder / "undisturbed")
    if code:
        raise RuntimeError(f"the undisturbed run ended with {code}: {errors}")
    wanted = outcome(folder / "undisturbed")
    tallies = {stage: Tally() for stage in STAGES}
    for number in range(rounds):
        for stage, tally in tallies.items():
            out = folder / f"{stage}-{number}"
            after_s = chance.uniform(0.15, 0.95) * usual_s
            code, took_s, struck, errors = convert(video, out, (stage, after_s))
            _judge(tally, out, code, struck, errors, wanted)
            if struck:
                tally.extra_s.append(took_s - usual_s)
            shutil.rmtree(out, ignore_errors=True)
    return tallies


def _judge(tally: Tally, out: Path, code: int, struck: bool, errors: str, wanted: Any) -> None:
    tally.rounds += 1
    tally.late += not struck
    if code:
        tally.failed += 1
        tally.problems.append(f"{out.name}: exit code {code}: {errors[-300:]}")
    elif outcome(out) == wanted:
        tally.identical += 1
    else:
        tally.different += 1
        tally.problems.append(f"{out.name}: another result than the undisturbed run")
