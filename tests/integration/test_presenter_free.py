"""Somebody walks before the slides, and the result has the slides without them: from the command to the pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pages
import pikepdf
import pytest
from media import write_video
from people import finder, is_person, person, slide, sway

from stages.exporter import index
from stages.exporting import check

WIDTH, HEIGHT, FPS = 320, 180, 10
SLIDES = 2


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody stands left for the first half of each slide, walks over, and stands right."""
    folder = tmp_path_factory.mktemp("lecture")
    places = [0.25] * 30 + list(np.linspace(0.25, 0.75, 20)) + [0.75] * 30
    frames = [
        person(slide(number, WIDTH, HEIGHT), place + sway(index / FPS))
        for number in range(SLIDES)
        for index, place in enumerate(places)
    ]
    video = write_video(folder / "lecture.mp4", frames, rate=FPS)
    model = finder(folder / "green.onnx")
    command = [sys.executable, "-m", "stages", "convert", video, "-o", folder / "out", "--presenter", model]
    ended = subprocess.run(
        [*command, "--device", "cpu", "--pages", "presenter-free"], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return folder / "out"


def test_each_slide_is_there_without_who_stands_before_it(result: Path) -> None:
    made = index.read(result)
    assert len(made.slides) == SLIDES and check(result) == []
    for number, found in enumerate(made.slides):
        assert found.presenter is not None
        assert found.presenter.hidden_percent > 5 and found.presenter.revealed_percent > 95
        assert is_person(pages.read(result / found.file)).mean() > 0.05, "as seen"
        free = pages.read(result / found.presenter.file)
        assert not is_person(free).any()
        assert np.median(np.abs(free.astype(int) - slide(number, WIDTH, HEIGHT))) < 4


def test_the_documents_show_them_if_that_was_asked_for(result: Path) -> None:
    with pikepdf.open(result / "slides.pdf") as pdf:
        for page in pdf.pages:
            (image,) = page.get_images().values()
            shown = np.asarray(pikepdf.PdfImage(image).as_pil_image().convert("RGB"))[..., ::-1]
            assert not is_person(shown.astype(np.uint8)).any()


def test_no_frame_is_unaccounted_for(result: Path) -> None:
    ledger = index.read(result).ledger
    assert ledger is not None
    assert {name for name, account in ledger.items() if account["missing"]} == set()
