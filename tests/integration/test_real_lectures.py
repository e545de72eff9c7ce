"""Real recordings with hand-made truth, where they are at hand: the defaults find their slides, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SLIDETAP = Path(sys.executable).with_name("slidetap")
SLACK_S = 0.4  # a picture is that of 0.6 s before its view is left


@pytest.mark.parametrize("clip", ["letters_test", "demog_final"])
def test_each_slide_is_found_once_while_it_is_complete(clip: str, shared_data: Path, tmp_path: Path) -> None:
    command = [SLIDETAP, "convert", shared_data / f"{clip}.mp4", "--output", tmp_path / "out"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    truth = json.loads((shared_data / f"{clip}.truth.json").read_text())
    wanted, ignored = truth["slides"], truth.get("ignore", [])
    times = [slide["picture_pts"] for slide in json.loads((tmp_path / "out" / "slides.json").read_text())["slides"]]
    hits = [sum(slide["start"] - SLACK_S <= time <= slide["end"] + SLACK_S for time in times) for slide in wanted]
    assert hits == [1] * len(wanted)
    counted = [time for time in times if not any(gap["start"] <= time <= gap["end"] for gap in ignored)]
    assert len(counted) == len(wanted)
