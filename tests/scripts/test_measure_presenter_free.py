"""The measurement of presenter-free slides, on clips drawn here: what it compares with what, and what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pages
import pytest
from media import write_video
from people import is_person, person, slide

from pipeline.frame import Layout, Picture, Plane
from pipeline.testing import Harness
from stages.exporter import Exporter

SCRIPT = Path(__file__).parents[2] / "scripts" / "measure_presenter_free"
SIZE = (320, 180)
PLACES = [0.3, 0.7]  # where somebody stands in the picture as seen, and at another moment


def clips(folder: Path, how: str = "--walk") -> None:
    """talk.mp4, composed of slides.mp4 and people.mp4, and its truth."""
    shown = [slide(1)] * 20
    write_video(folder / "slides.mp4", shown)
    write_video(folder / "people.mp4", [np.full((180, 320, 3), 200, np.uint8)] * 12)
    write_video(folder / "talk.mp4", [person(picture, PLACES[0]) for picture in shown])
    source = f"tools/compose.py slides.mp4 people.mp4 talk.mp4 {how}"
    (folder / "talk.truth.json").write_text(json.dumps({"source": source, "slides": []}))


def result(folder: Path, masked: bool = True, view: Plane | None = None) -> None:
    """As a conversion of talk.mp4 would leave it; without ``masked`` the person gets into the presenter-free slide."""
    harness = Harness(Exporter, location=str(folder / "results" / "talk"), pdf=False)
    for place, at_s in zip(PLACES, (1.0, 1.5), strict=True):
        picture = person(slide(1), place) if view is None else view
        mask = cv2.dilate(is_person(picture).astype(np.uint8) * 255, np.ones((7, 7), np.uint8))
        hidden = np.asarray(mask if masked else pages.hiding(0.9, 1.0, SIZE), np.uint8)
        frame = pages.page(1, at_s) if at_s == 1.0 else pages.reveal(1, at_s, None, fill=True)
        shown = Picture(Layout("bgr24", *SIZE), (picture,))
        harness.push(pages.before(type(frame)(0, frame.pts_ns, frame.caps, image=shown, meta=frame.meta), hidden))
    harness.eos()


def measured(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, SCRIPT, "--data", folder, *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def figures(folder: Path) -> dict[str, float]:
    done = measured(folder, "--results", folder / "results", "--json", folder / "figures.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "| talk | 1 |" in done.stdout and "| clip | slides | least, dB |" in done.stdout
    (row,) = json.loads((folder / "figures.json").read_text())
    found: dict[str, float] = row
    return found


def test_a_slide_without_the_person_is_near_the_clip_without_them(tmp_path: Path) -> None:
    clips(tmp_path)
    result(tmp_path)
    found = figures(tmp_path)
    assert found["free_db"] > 30 and found["behind_db"] > 30
    assert found["as_seen_db"] < 20
    assert found["revealed_percent"] > 99


def test_a_person_that_was_left_in_it_is_seen_in_the_figures(tmp_path: Path) -> None:
    clips(tmp_path)
    result(tmp_path, masked=False)
    found = figures(tmp_path)
    assert found["free_db"] < 20 and found["behind_db"] < 10


def test_what_is_beside_a_face_cam_is_measured_by_itself(tmp_path: Path) -> None:
    clips(tmp_path, "--pip --corner tl --width 0.25")
    view = slide(1)
    view[3:63, 3:83] = 0  # 80 x 60, 3 px from the edges: the room, without anybody in it
    result(tmp_path, view=view)
    found = figures(tmp_path)
    assert found["free_db"] < 25 and found["beside_db"] > 30


def test_of_a_room_the_projected_slide_is_compared(tmp_path: Path) -> None:
    clips(tmp_path, "--room --quad 0.2,0.1,0.8,0.1,0.8,0.7,0.2,0.7")
    wall = np.full((180, 320, 3), 200.0)
    small = cv2.resize(slide(1), (192, 108), interpolation=cv2.INTER_AREA).astype(float) * 0.8 + 25
    view = wall.copy()
    view[18:126, 64:256] = small * 0.85 + wall[18:126, 64:256] * 0.15
    view[:, :40] = 0  # not of the slide
    result(tmp_path, view=view.astype(np.uint8))
    assert figures(tmp_path)["free_db"] > 20


@pytest.mark.parametrize(("arguments", "code"), [([], 64), (["--only", "absent", "--model", "x"], 66)])
def test_what_is_missing_is_one_line(tmp_path: Path, arguments: list[str], code: int) -> None:
    clips(tmp_path)
    done = measured(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (code, "") and len(done.stderr.splitlines()) == 1


def test_a_conversion_that_fails_ends_the_measurement(tmp_path: Path) -> None:
    clips(tmp_path)
    done = measured(tmp_path, "--model", "x", "--slidetap", "/bin/false")
    assert done.returncode == 70 and "exit code 1 of: /bin/false convert" in done.stderr.splitlines()[-1]


def test_a_clip_that_was_not_composed_is_left_out(tmp_path: Path) -> None:
    clips(tmp_path)
    (tmp_path / "talk.truth.json").write_text(json.dumps({"slides": []}))
    assert measured(tmp_path, "--model", "x").returncode == 66
