"""The whole command on a file that holds frames only where something changes, as screen recorders write it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from media import Bgr, write_video

SLIDETAP = Path(sys.executable).with_name("slidetap")
LINES = ("what a cache is", "why it misses", "how it is filled", "when it is emptied", "what it costs")


def slide(number: int) -> Bgr:
    """A few thin lines: two of these differ in less than a third of the picture."""
    image = np.full((360, 640, 3), 245, np.uint8)
    for row in range(3):
        words = f"{LINES[(number + row) % len(LINES)]}, {number + 1}.{row + 1}"
        cv2.putText(image, words, (40, 80 + 90 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (30, 30, 30), 2, cv2.LINE_AA)
    return image


@pytest.mark.parametrize("pause_s", [3, 25])
def test_slides_that_stand_still_without_a_frame_are_pages(tmp_path: Path, pause_s: int) -> None:
    pictures = [slide(number) for number in range(5) for _ in range(2)]
    times_ms = [1000 * pause_s * number + after_ms for number in range(5) for after_ms in (0, 40)]
    path = write_video(tmp_path / "screen.mkv", pictures, pts_ms=times_ms)
    subprocess.run([SLIDETAP, "convert", path, "--output", tmp_path / "out"], check=True, timeout=100)
    slides = json.loads((tmp_path / "out" / "slides.json").read_text())["slides"]
    assert [round(each["first_pts"]) for each in slides] == [pause_s * number for number in range(5)]
