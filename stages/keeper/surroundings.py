"""What a keeper of lectures reaches outside of itself; tests give it clocks that stand and jobs that do nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stages.keeper.claim import Claim, claim
from stages.keeper.job import Begin, Job
from stages.keeper.lecture_time import boot_id


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``mono``, ``wall``: clocks in ns. ``free``: bytes that are free at a path. ``claim``: holds a folder."""

    mono: Callable[[], int] = time.monotonic_ns
    wall: Callable[[], int] = time.time_ns
    boot: Callable[[], str] = boot_id
    free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
    begin_job: Begin = Job
    claim: Claim = claim
