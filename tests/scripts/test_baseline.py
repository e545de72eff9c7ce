"""The yardsticks: they see every frame, and capture as the published recipe does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
CUTS = ("--slides", "3", "--no-film", "--no-builds", "--no-fades", "--no-pointer", "--no-revisits")


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPTS / script, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three slides with hard cuts and nothing that moves, 15 s."""
    out = tmp_path_factory.mktemp("lecture") / "cuts.mp4"
    assert run("make_lecture", out, "--size", "320x180", "--duration", "15", *CUTS).returncode == 0
    return out


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert isinstance(made, dict)
    return made


def test_decode_sees_every_frame(lecture: Path) -> None:
    assert told(run("baseline", "decode", lecture))["frames"] == 300


@pytest.mark.parametrize("method", ["knn", "gmg", "frame_diff"])
def test_each_slide_of_hard_cuts_is_captured_while_it_is_shown(lecture: Path, tmp_path: Path, method: str) -> None:
    said = told(run("baseline", method, lecture, "-o", tmp_path / "out"))
    slides = json.loads(lecture.with_suffix(".truth.json").read_text())["slides"]
    assert said["frames"] == 300
    assert len(list((tmp_path / "out").iterdir())) == len(said["captures"])
    late = 0.5 + 85 / 20  # the difference waits 85 frames
    for slide in slides[: 2 if method == "frame_diff" else 3]:
        assert any(slide["start"] - 0.1 <= t < slide["end"] + late for t in said["captures"])


@pytest.mark.parametrize("method", ["decode", "knn"])
def test_a_missing_file_is_named(method: str) -> None:
    done = run("baseline", method, "no-such.mp4")
    assert done.returncode == 66
    assert "no-such.mp4" in done.stderr
