"""``slidetap explain`` as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import CAPS, page, visit_end

from pipeline.errors import ExitCode
from pipeline.testing import Harness
from stages.exporter import Exporter
from stages.lecture import create


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """Two slides."""
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.caps(CAPS)
    for item in (page(1, 2, start_s=1), page(2, 65, start_s=61)):
        harness.push(item)
    harness.event(visit_end(70))
    harness.eos()
    return tmp_path / "out"


def test_one_moment_is_answered_in_words(
    slidetap: Callable[..., int], result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("explain", result, "1:05") == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("0:01:05.0  slide 2 (slides/slide-0002.png) was on screen from 0:01:01.0 to 0:01:10.0")
    assert rest and all(line.startswith("    ") for line in rest)


def test_without_a_time_all_decisions_are_listed(
    slidetap: Callable[..., int], result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("explain", result, "--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["kind"], each["slide"]) for each in told] == [("slide", 1), ("slide", 2)]


def test_a_lecture_that_has_just_begun_has_nothing_to_explain_yet(
    slidetap: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lecture = create(tmp_path, "Analysis", 1_790_000_000 * 10**9)
    assert slidetap("explain", lecture) == 0
    assert "nothing was decided" in capsys.readouterr().out
    assert slidetap("explain", lecture, "5") == 0
    assert "is not known yet" in capsys.readouterr().out


def test_what_is_no_time_and_no_folder_is_said(
    slidetap: Callable[..., int], result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("explain", result, "soon") == ExitCode.USAGE
    assert "'soon' is no time" in capsys.readouterr().err
    assert slidetap("explain", tmp_path / "no") == ExitCode.CANT_CREATE
    assert "is no folder" in capsys.readouterr().err
