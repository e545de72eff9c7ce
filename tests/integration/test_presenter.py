"""A lecture with somebody walking about before its slides, from the command to the result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from building import chain
from media import write_video
from people import finder, person, slide

from pipeline.errors import ExitCode
from pipeline.messages import BusMessage, Element
from pipeline.supervisor import run

WIDTH, HEIGHT, FPS = 320, 180, 10
SLIDES, EACH_S = 3, 5


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three slides of five seconds each; somebody crosses the lower half of the picture and back."""
    frames = []
    for index in range(SLIDES * EACH_S * FPS):
        turn = (index / FPS / 6) % 2
        x = 0.15 + 0.7 * (turn if turn <= 1 else 2 - turn)
        frames.append(person(slide(index // (EACH_S * FPS), WIDTH, HEIGHT), x))
    return write_video(tmp_path_factory.mktemp("video") / "lecture.mp4", frames, rate=FPS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finder(tmp_path_factory.mktemp("model") / "green.onnx")


def convert(lecture: Path, out: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stages", "convert", lecture, "-o", out, "--no-pdf", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)


def result(out: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((out / "slides.json").read_text())
    return told


def test_each_slide_is_one_however_its_presenter_walks(lecture: Path, model: Path, tmp_path: Path) -> None:
    ended = convert(lecture, tmp_path / "out", "--presenter", model, "--device", "cpu")
    assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")
    told = result(tmp_path / "out")
    slides, ledger = told["slides"], told["ledger"]
    assert isinstance(slides, list)
    assert isinstance(ledger, dict)
    assert len(slides) == SLIDES
    assert {name for name, each in ledger.items() if each["missing"]} == set()
    assert ledger["segmentation"]["received"] == ledger["segmentation"]["sent"] == SLIDES * EACH_S * FPS


def test_fused_gives_the_same_slides(lecture: Path, model: Path, tmp_path: Path) -> None:
    def pictures(name: str, *arguments: str) -> list[bytes]:
        ended = convert(lecture, tmp_path / name, "--presenter", model, "--device", "cpu", *arguments)
        assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")
        return [path.read_bytes() for path in sorted((tmp_path / name / "slides").iterdir())]

    assert pictures("apart") == pictures("fused", "--fused")


def test_a_model_that_is_not_there_is_one_line_and_leaves_nothing(
    lecture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIDETAP_MODELS", str(tmp_path / "models"))
    ended = convert(lecture, tmp_path / "out", "--presenter", "u2netp")
    assert ended.returncode == ExitCode.CONFIG
    (line,) = ended.stderr.splitlines()
    assert line.endswith("fetch it with: slidetap models pull u2netp")
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_that_does_not_wait_loses_no_frame_and_says_how_it_goes(lecture: Path, model: Path) -> None:
    finding = {"model": str(model), "device": "cpu", "threads": 1, "wait": False}
    heard: list[BusMessage] = []
    config = chain(
        ("decoder", "stages.decoder:Decoder", {"uri": str(lecture)}),
        ("finder", "stages.segmentation:Segmentation", finding),
        ("behind", "Pass", {}),
    )
    outcome = run(config, heard.append)
    assert outcome.error is None
    assert {name for name, ledger in outcome.ledgers.items() if ledger.missing or ledger.held} == set()
    assert outcome.ledgers["finder"].received == outcome.ledgers["finder"].sent == SLIDES * EACH_S * FPS
    said = [message.data for message in heard if isinstance(message, Element) and message.stage == "finder"]
    (begun,) = [data for data in said if "model" in data]
    assert begun["device"] == "cpu"
    assert said[-1]["masks_fell_back"] == 0, "figures, at the latest at the end"


def test_a_device_that_is_not_there_is_refused_before_a_frame_is_decoded(
    lecture: Path, model: Path, tmp_path: Path
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there may be a GPU here")
    ended = convert(lecture, tmp_path / "out", "--presenter", model, "--device", "cuda")
    assert ended.returncode == ExitCode.CONFIG
    (line,) = ended.stderr.splitlines()
    assert "device 'cuda' cannot be had: " in line
    assert list(tmp_path.iterdir()) == []
