"""``slidetap tune`` as a command: what it prints and writes, and what it refuses before a frame is decoded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import pytest

from pipeline.errors import ExitCode
from pipeline.toml_config import load
from stages.tuning.grid import Candidate

S = 10**9


@pytest.fixture
def slidetap(slidetap: Callable[..., int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """The command in an empty folder with a truth of two slides."""
    monkeypatch.chdir(tmp_path)
    Path("talk.truth.json").write_text(json.dumps({"slides": [{"start": 0, "end": 10}, {"start": 11, "end": 20}]}))
    return slidetap


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Sequence[Candidate]]]:
    """What was tried; the preset finds one slide, everything else both."""
    asked: list[tuple[str, Sequence[Candidate]]] = []

    def sweep(video: str, candidates: Sequence[Candidate], *_: object) -> list[list[int]]:
        asked.append((video, candidates))
        return [[5 * S, 15 * S] if candidate.settings else [5 * S] for candidate in candidates]

    monkeypatch.setattr("stages.tuning.sweep.sweep", sweep)
    return asked


TUNE = ("tune", "talk.mp4", "--truth", "talk.truth.json", "--sweep", "start_percent=0.7,0.9")


def test_a_table_a_plot_and_a_config_of_the_best(
    slidetap: Callable[..., int],
    swept: list[tuple[str, Sequence[Candidate]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert slidetap(*TUNE, "--plot", "f1.png") == 0
    assert [(video, len(candidates)) for video, candidates in swept] == [("talk.mp4", 3)]
    out = capsys.readouterr().out
    assert "strict F1" in out and "as it is" in out
    assert "default: strict F1 by trigger.start_percent" in out
    best = "best of 3: default, start_percent=0.7: strict F1 1.00, 2 of 2 slides on 2 pages, 0 duplicates"
    assert f"{best}; written to talk_tuned.toml" in out
    stages = {stage.name: stage for stage in load(Path("talk_tuned.toml")).stages}
    assert stages["trigger"].properties["start_percent"] == 0.7
    assert best in Path("talk_tuned.toml").read_text()
    assert cv2.imread("f1.png") is not None


def test_machines_are_told_a_line_for_each_candidate_and_the_best_last(
    slidetap: Callable[..., int],
    swept: list[tuple[str, Sequence[Candidate]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert slidetap(*TUNE, "--json", "-o", "best.toml") == 0
    *tried, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert [each["strict_f1"] for each in tried] == [0.6667, 1.0, 1.0]
    assert (result["event"], result["config"]) == ("result", "best.toml")
    assert result["settings"] == {"trigger.start_percent": 0.7}


def test_an_older_config_is_kept_unless_it_may_be_replaced(
    slidetap: Callable[..., int],
    swept: list[tuple[str, Sequence[Candidate]]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("talk_tuned.toml").write_text("mine")
    assert slidetap(*TUNE) == ExitCode.CANT_CREATE
    assert "--force" in capsys.readouterr().err
    assert (Path("talk_tuned.toml").read_text(), swept) == ("mine", [])
    assert slidetap(*TUNE, "--force") == 0
    assert load(Path("talk_tuned.toml")).stages


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("tune", "talk.mp4", "--truth", "no.json"), ExitCode.NO_INPUT, "'no.json' cannot be read"),
        (("tune", "talk.mp4", "--truth", "bad.json"), ExitCode.DATA, "'bad.json' is no JSON"),
        ((*TUNE, "--sweep", "speed=3"), ExitCode.CONFIG, "no stage has a property 'speed'"),
        ((*TUNE, "--plot", "no/f1.png"), ExitCode.CANT_CREATE, "there is no folder 'no'"),
    ],
)
def test_mistakes_are_found_before_anything_is_decoded(
    slidetap: Callable[..., int],
    swept: list[tuple[str, Sequence[Candidate]]],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: ExitCode,
    said: str,
) -> None:
    Path("bad.json").write_text("{")
    assert slidetap(*arguments) == code
    assert said in capsys.readouterr().err
    assert swept == []


def test_ctrl_c_ends_it_with_130_and_leaves_no_config(
    slidetap: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stages.tuning.sweep.sweep", interrupted)
    assert slidetap(*TUNE) == ExitCode.INTERRUPTED
    assert not Path("talk_tuned.toml").exists()


def test_a_file_that_is_no_video_is_said(slidetap: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    Path("talk.mp4").write_bytes(b"no video at all")
    assert slidetap(*TUNE) in (ExitCode.NO_INPUT, ExitCode.DATA)
    assert "talk.mp4" in capsys.readouterr().err
