"""``slidetap export`` and ``slidetap lectures``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from stages.exporting import Exported, ExportOptions
from stages.lecture import CLOSED, ENDED, STATE, create, opened

S = 10**9
WALL = 1_790_000_000 * S


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, ExportOptions]]:
    """What was asked for; nothing is made."""
    asked: list[tuple[Path, ExportOptions]] = []

    def export(folder: Path, options: ExportOptions) -> Exported:
        asked.append((folder, options))
        return Exported(folder, 2, (folder / "slides.pdf",), (folder / "segments" / "a.mp4",))

    monkeypatch.setattr("stages.exporting.export", export)
    return asked


def test_lectures_lists_what_there_is(
    tmp_path: Path, slidetap: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    ended, going_on = create(tmp_path, "Analysis", WALL), create(tmp_path, "Botany", WALL + S)
    with opened(ended) as journal:
        journal.note(STATE, CLOSED)
        journal.note(ENDED, WALL + 5400 * S)
    assert slidetap("lectures", tmp_path) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["lecture", "state", "begun", "length", "slides", "recording"]
    assert (first.split()[0], first.split()[1]) == (ended.name, "closed")
    assert "1:30:00" in first
    assert (second.split()[0], second.split()[1], second.split()[4]) == (going_on.name, "open", "-")


def test_machines_are_told_in_json(
    tmp_path: Path, slidetap: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = create(tmp_path, "Analysis", WALL)
    assert slidetap("lectures", tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["title"], told["state"]) == (str(folder), "Analysis", "open")


def test_no_lectures_and_no_folder_are_said(
    tmp_path: Path, slidetap: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("lectures", tmp_path) == 0
    assert "there are no lectures in" in capsys.readouterr().out
    assert slidetap("lectures", tmp_path / "no") == ExitCode.CANT_CREATE
    assert "name the one that lectures are kept in" in capsys.readouterr().err


def test_export_asks_for_what_is_named(
    slidetap: Callable[..., int], exported: list[tuple[Path, ExportOptions]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("export", "a", "--pptx", "--vtt", "--video", "-o", "out", "--hash", "phash", "--distance", "4") == 0
    wanted = ExportOptions(pptx=True, vtt=True, video=True, output=Path("out"), dedup={"hash": "phash", "distance": 4})
    assert exported == [(Path("a"), wanted)]
    said = capsys.readouterr()
    assert said.out == "2 slides in a: slides.pdf\n"
    assert "'a/segments/a.mp4' could not be read and was left out" in said.err


def test_without_options_the_usual_is_made(
    slidetap: Callable[..., int], exported: list[tuple[Path, ExportOptions]]
) -> None:
    assert slidetap("export", "a") == 0
    assert exported == [(Path("a"), ExportOptions())]


def test_a_folder_that_is_none_is_one_line(
    tmp_path: Path, slidetap: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert slidetap("export", tmp_path / "no") == ExitCode.CANT_CREATE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slidetap: error: ")
