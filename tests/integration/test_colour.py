"""The whole command on slides that differ in hue alone, encoded as a recorder does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from hues import GREEN, RED, chart, film, remark
from media import Bgr

SLIDETAP = Path(sys.executable).with_name("slidetap")


def converted(path: Path, *options: str) -> list[dict[str, object]]:
    folder = path.with_suffix("")
    subprocess.run([SLIDETAP, "convert", path, "--output", folder, *options], check=True, timeout=100)
    return [
        {**slide, "path": folder / slide["file"]}
        for slide in json.loads((folder / "slides.json").read_text())["slides"]
    ]


def hue(slide: dict[str, object]) -> str:
    """Of most of what is coloured on its picture."""
    image = cv2.imread(str(slide["path"])).astype(int)
    red, green = ((image[:, :, 2] - image[:, :, 1] > 40).sum(), (image[:, :, 1] - image[:, :, 2] > 40).sum())
    return "red" if red > green else "green"


@pytest.mark.parametrize("options", [(), ("--sparse",), ("--method", "live")])
def test_two_charts_that_differ_in_hue_are_two_pages(tmp_path: Path, options: tuple[str, ...]) -> None:
    path = film(tmp_path / "charts.mp4", [(chart(RED), 4), (chart(GREEN), 4)])
    assert [hue(slide) for slide in converted(path, *options)] == ["red", "green"]


@pytest.mark.parametrize(
    ("before", "after"), [(remark(RED), remark(GREEN)), (chart(RED), chart(GREEN, RED, RED, RED, RED))]
)
def test_a_part_that_changes_its_hue_is_a_state_of_one_page(tmp_path: Path, before: Bgr, after: Bgr) -> None:
    slides = converted(film(tmp_path / "states.mp4", [(before, 4), (after, 4)]))
    assert len(slides) == 1
    assert (
        "merged"
        in subprocess.run(
            [SLIDETAP, "explain", tmp_path / "states", "2"], check=True, capture_output=True, text=True
        ).stdout
    )
