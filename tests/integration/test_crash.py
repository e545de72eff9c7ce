"""A stage is killed while a lecture is being converted: what was written is valid and listed, nothing stays behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ExitCode

SLIDETAP = Path(sys.executable).with_name("slidetap")
LINE = (
    "testsource duration=36000 width=320 height=180 ! bgsub ! trigger start_percent=0.2 settle_percent=0.2"
    " settle_time=0.6 ! dedup distance=10 ! exporter location=out"
)
STAGES = ["testsource", "bgsub", "trigger", "dedup", "exporter"]


def pid_of(stage: str, parent: int) -> int:
    """The process of a stage: the child whose standard error goes to that stage's log."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if os.readlink(f"/proc/{child}/fd/2").endswith(f"/{stage}.log"):
            return int(child)
    raise LookupError(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_stage_is_named_and_every_slide_written_before_is_valid_and_listed(stage: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [SLIDETAP, "launch", "--json", LINE], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        slides = (line for line in process.stdout if json.loads(line)["event"] == "slide")
        for _ in range(3):
            next(slides)
        os.kill(pid_of(stage, process.pid), signal.SIGKILL)
        complaint = process.stderr.read()
    assert process.returncode == ExitCode.SOFTWARE
    assert f"stage '{stage}': was killed by SIGKILL" in complaint
    folder = tmp_path / "out.partial"
    listed = json.loads((folder / "slides.json").read_text())
    assert listed["complete"] is False
    assert len(listed["slides"]) >= 3
    for slide in listed["slides"]:
        assert hashlib.sha256((folder / slide["file"]).read_bytes()).hexdigest() == slide["sha256"]
    assert not (tmp_path / "out").exists()
