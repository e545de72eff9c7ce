"""A slide that is built up, through a whole conversion with builds = all: one page, and every state in a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from media import Bgr, write_video

from stages.exporter import index
from stages.exporter.model import Index
from stages.exporting import check

LINES = ("what a pipeline is", "and what it is not", "why it has stages", "and when it ends")


def built_up(count: int) -> Bgr:
    """A slide with so many of its points."""
    picture = np.full((360, 640, 3), 245, np.uint8)
    for row, line in enumerate(LINES[:count]):
        cv2.putText(picture, line, (40, 80 + 70 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (90, 40, 20), 2)
    return picture


def other() -> Bgr:
    picture = np.full((360, 640, 3), 30, np.uint8)
    cv2.circle(picture, (320, 180), 120, (220, 220, 90), -1)
    return picture


def converted(folder: Path, builds: str) -> Index:
    video = folder / "built.mp4"
    if not video.exists():
        pictures = [image for count in (1, 2, 3, 4) for image in [built_up(count)] * 30] + [other()] * 30
        write_video(video, pictures, rate=10)
    command = [
        sys.executable,
        "-m",
        "stages",
        "convert",
        video,
        "-o",
        folder / builds,
        "--builds",
        builds,
        "--fused",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=90)
    return index.read(folder / builds)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Index, Index]:
    folder = tmp_path_factory.mktemp("built")
    return folder, converted(folder, "all"), converted(folder, "final")


def test_each_state_has_a_file_and_the_last_is_the_page(results: tuple[Path, Index, Index]) -> None:
    folder, kept, _ = results
    grown, plain = kept.slides
    assert [state.version for state in grown.states] == [1, 2, 3, 4]
    for number, state in enumerate(grown.states):
        assert 3 * number <= state.pts < 3 * (number + 1)
    assert (grown.states[-1].file, grown.states[-1].pts_ns) == (grown.file, grown.picture_pts_ns)
    assert plain.states == []
    assert len(list((folder / "all" / "slides").iterdir())) == 5
    assert check(folder / "all") == []
    with pikepdf.open(folder / "all" / "slides.pdf") as pdf:
        assert len(pdf.pages) == 2


def test_pages_and_visits_are_those_of_final(results: tuple[Path, Index, Index]) -> None:
    _, kept, final = results
    for one, other in zip(kept.slides, final.slides, strict=True):
        assert (one.sha256, one.picture_pts_ns, one.hash) == (other.sha256, other.picture_pts_ns, other.hash)
        assert [(visit.start_ns, visit.end_ns) for visit in one.visits] == [
            (visit.start_ns, visit.end_ns) for visit in other.visits
        ]
    assert all(slide.states == [] for slide in final.slides)
    assert kept.transients == final.transients
    assert kept.ledger is not None and kept.ledger["dedup"]["missing"] == 0
