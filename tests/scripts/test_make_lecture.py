"""The script that renders the test lecture into a file: a video that decodes to what the truth says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from stages.testsource.properties import TestSourceProperties
from stages.testsource.rendering import Renderer
from stages.testsource.script import Lecture

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_lecture"


def make(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lecture") / "lecture.mp4"
    made = make(
        out, "--size", "320x180", "--fps", "10", "--duration", "12", "--slides", "3", "--seed", "6", "--crf", "12"
    )
    assert made.returncode == 0, made.stderr
    return out


def test_the_video_shows_the_frames_of_the_test_source_at_their_times(lecture: Path) -> None:
    same = {"width": 320, "height": 180, "fps": 10, "duration": 12, "slides": 3, "seed": 6}
    drawn = Renderer(Lecture(TestSourceProperties.model_validate(same)))
    with av.open(str(lecture)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            assert frame.time == pytest.approx(number / 10)
            apart = frame.to_ndarray(format="bgr24").astype(int) - drawn.frame(number)
            assert np.abs(apart).mean() < 6
    assert number == 119


def test_the_truth_lies_beside_it_and_names_it(lecture: Path) -> None:
    told = json.loads(lecture.with_suffix(".truth.json").read_text())
    assert told["video"] == "lecture.mp4"
    assert [slide["end"] for slide in told["slides"]][-1] == 12.0
    assert (told["media"]["width"], told["media"]["fps"]) == (320, 10.0)


def test_nothing_unfinished_is_left_behind(lecture: Path) -> None:
    assert sorted(file.name for file in lecture.parent.iterdir()) == ["lecture.mp4", "lecture.truth.json"]


def test_the_same_seed_gives_the_same_file(lecture: Path, tmp_path: Path) -> None:
    options = (
        "--size",
        "64x36",
        "--fps",
        "5",
        "--duration",
        "2",
        "--noise",
        "3",
        "--presenter",
        "pip",
        "--threads",
        "1",
    )
    for name in ("a.mp4", "b.mp4"):
        assert make(tmp_path / name, *options).returncode == 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "culprit"),
    [
        (("--size", "65x36"), 78, "65x36"),
        (("--fps", "1000"), 78, "fps"),
        (("--size", "wide"), 2, "--size"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, arguments: tuple[str, ...], code: int, culprit: str) -> None:
    made = make(tmp_path / "a.mp4", *arguments)
    assert made.returncode == code
    assert culprit in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    made = make(tmp_path / "no" / "a.mp4", "--duration", "1")
    assert made.returncode == 73
    assert "no/a.mp4" in made.stderr
