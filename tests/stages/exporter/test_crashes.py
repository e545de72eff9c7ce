"""Killed at every single step towards the disk: journal and pictures agree, and the next process goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import crashes
import pytest

MEMORY = "/dev/shm"  # thousands of syncs; a process that dies loses nothing of what it wrote, wherever that is


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    "kind", ["conversions", "replacements", "lectures", "conversions with a presenter", "lectures with a presenter"]
)
def test_a_process_killed_at_any_step_leaves_whole_pictures_and_its_successor_the_undisturbed_result(
    root: Path, kind: str
) -> None:
    command = [sys.executable, crashes.__file__, kind, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["wrong"] == [], done.stderr
    assert told["steps"] > 50
