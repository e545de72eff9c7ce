"""``slidetap models``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from pipeline.cli import invoke
from pipeline.errors import ExitCode
from stages.segmentation.command import models_app
from stages.segmentation.models import MODELS

Run = Callable[..., int]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """``slidetap models ARGUMENTS`` over a folder of its own; the exit code."""
    monkeypatch.setenv("SLIDETAP_MODELS", str(tmp_path / "models"))
    app = typer.Typer()
    app.command("other")(lambda: None)
    app.add_typer(models_app(), name="models")
    return lambda *arguments: invoke(app, ["models", *map(str, arguments)])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "trained.onnx"
    path.write_bytes(b"my own")
    return path


def test_list_shows_what_each_is_good_for(models: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("list") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["model", "input", "file", "licence", "good", "for"]
    assert [line.split()[0] for line in lines] == list(MODELS)
    assert lines[2].split()[1:4] == ["320x320", "-", "Apache-2.0"]
    assert "people" in lines[2]


def test_list_for_machines_is_an_object_a_line(models: Run, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models("add", own, "--like", "u2netp")
    capsys.readouterr()
    assert models("list", "--json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["name"], each["state"]) for each in found][-2:] == [
        ("isnet-general-use", "missing"),
        ("trained", "there"),
    ]
    assert found[-1]["input_size"] == [320, 320]


def test_a_model_is_added_and_verified(models: Run, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("add", own, "--like", "u2netp", "--name", "mine") == 0
    assert capsys.readouterr().out.endswith("models/mine.onnx\n")
    assert models("verify") == 0
    assert capsys.readouterr().out == "mine: right\n"


def test_verify_fails_for_a_damaged_file_and_still_looks_at_the_others(
    models: Run, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models("add", own, "--like", "u2netp", "--name", "a")
    models("add", own, "--like", "u2netp", "--name", "b")
    (tmp_path / "models" / "a.onnx").write_bytes(b"my 0wn")
    capsys.readouterr()
    assert models("verify") == ExitCode.DATA
    said = capsys.readouterr()
    assert "a: '" in said.out
    assert "b: right" in said.out
    assert said.err == "slidetap: error: 1 of 2 models cannot be used: a\n"


def test_verify_says_when_there_is_nothing(models: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("verify") == 0
    assert "there are no models in" in capsys.readouterr().out


def test_a_name_that_is_not_in_the_table_is_one_line(models: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert models("pull", "u3net") == ExitCode.CONFIG
    assert capsys.readouterr().err.startswith(
        "slidetap: error: there is no model 'u3net' to be pulled; there is: u2netp"
    )


def test_a_file_of_ones_own_needs_to_be_like_one_of_the_table(
    models: Run, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models("add", own) == ExitCode.CONFIG
    assert "say --like and one of: u2netp" in capsys.readouterr().err


def test_a_command_without_a_word_shows_its_help(models: Run, capsys: pytest.CaptureFixture[str]) -> None:
    models()
    said = capsys.readouterr()
    assert "verify" in said.out + said.err


def test_the_command_line_starts_without_numpy_and_the_runtime() -> None:
    script = (
        "import sys; from stages.segmentation.command import models_app; models_app();"
        "print([name for name in ('numpy', 'cv2', 'onnxruntime', 'pooch', 'rich.progress') if name in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert made.stdout == "[]\n"
