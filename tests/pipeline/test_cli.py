"""The commands for any pipeline: what they call, what they print, how they end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from pipeline.cli import invoke, make_app
from pipeline.config import LinkConfig, PipelineConfig
from pipeline.errors import ExitCode, StageError
from pipeline.following import Manner
from pipeline.messages import Ledger
from pipeline.supervisor import Outcome

PLAYTHINGS = Path(__file__).parents[1] / "plugins"
LINE = "playthings:Counting frames=5 ! playthings:Checking"


@pytest.fixture(autouse=True)
def playthings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Child processes can import them."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PLAYTHINGS), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[PipelineConfig]:
    """What the supervisor was given; nothing is really started."""
    given: list[PipelineConfig] = []

    def run(config: PipelineConfig, on_message: object) -> Outcome:
        given.append(config)
        return Outcome({stage.name: Ledger(1, 1) for stage in config.stages}, None, None, 0.1)

    monkeypatch.setattr("pipeline.supervisor.run", run)
    return given


def run(*arguments: str) -> int:
    return invoke(make_app(), arguments)


def test_run_runs_what_a_file_describes(
    started: list[PipelineConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "room.toml"
    file.write_text('[pipeline]\nname = "room"\n[[stage]]\ntype = "decoder"\n[[stage]]\ntype = "my:Sink"\n')
    assert run("run", str(file)) == 0
    assert started[0].name == "room"
    assert [stage.factory for stage in started[0].stages] == ["stages.decoder:Decoder", "my:Sink"]
    assert capsys.readouterr().out.splitlines()[1].startswith("decoder")


SERVICE = '[pipeline]\nname = "room"\n[[stage]]\ntype = "my:Sink"\n[service]\n[lectures]\nroot = "/x"\n'


def test_a_file_with_a_service_is_a_daemon_with_the_applications_keeper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[PipelineConfig, object, PipelineConfig]] = []

    def serve(
        config: PipelineConfig, keeper: object, manner: Manner, reread: Callable[[], PipelineConfig], finish: object
    ) -> ExitCode:
        served.append((config, keeper, reread()))
        return ExitCode.TERMINATED

    monkeypatch.setattr("pipeline.daemon.serve.serve", serve)
    file = tmp_path / "room.toml"
    file.write_text(SERVICE)
    app = make_app(keeper=lambda config: config.application["lectures"]["root"], application=("lectures",))  # type: ignore[arg-type, return-value]
    assert invoke(app, ["run", str(file)]) == ExitCode.TERMINATED
    ((config, keeper, again),) = served
    assert (config.name, keeper) == ("room", "/x")
    assert again == config


def test_tables_that_only_a_daemon_reads_need_one(
    started: list[PipelineConfig], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "room.toml"
    file.write_text(SERVICE.replace("[service]", ""))
    assert invoke(make_app(application=("lectures",)), ["run", str(file)]) == ExitCode.CONFIG
    assert "[lectures] is for a daemon; write a table [service]" in capsys.readouterr().err
    assert started == []


def test_a_log_takes_the_place_of_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("launch", "--log", "json", LINE) == 0
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {"time", "level", "stage", "event", "text"} <= set(lines[0])
    assert {"counting", "checking"} == {line["stage"] for line in lines if line["text"] == "paused -> playing"}


@pytest.mark.parametrize("words", [("a:A x=1 ! b:B",), ("a:A", "x=1", "!", "b:B")])
def test_launch_takes_a_line_as_one_word_or_many(started: list[PipelineConfig], words: tuple[str, ...]) -> None:
    assert run("launch", *words) == 0
    assert started[0].links == (LinkConfig("a", "b"),)
    assert started[0].stages[0].properties == {"x": 1}


def test_a_real_pipeline_runs_and_its_ledger_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("launch", LINE) == 0
    assert re.search(r"^checking +5 +5 +0 +0 +0 ", capsys.readouterr().out, re.MULTILINE)


def test_json_ends_with_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("launch", "--json", LINE) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["exit_code"], last["ledger"]["checking"]["missing"]) == ("result", 0, 0)


def test_what_the_application_does_at_the_end_is_called(
    started: list[PipelineConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    app = make_app(finish=lambda followed: f"finished {followed.config.name}")
    assert invoke(app, ["launch", "a:A"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "finished launch"


def test_check_says_that_all_can_link(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", LINE) == 0
    assert capsys.readouterr().out == "pipeline: 2 stages, 1 links; all can link\n"


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("playthings:Counting ! playthings:Other", "cannot link 'counting' to 'other'"),
        ("playthings:Counting framse=5 ! playthings:Checking", "unknown property 'framse'; did you mean 'frames'?"),
        ("playthings:Counting frames=many ! playthings:Checking", "'frames' = 'many'"),
        ("playthings:Nothing ! playthings:Checking", "cannot import 'playthings:Nothing'"),
        ("decodr ! bgsub", "unknown stage 'decodr'; did you mean 'decoder'?"),
        ("no.toml", "'no.toml' cannot be read"),
    ],
)
def test_check_finds_what_is_wrong_without_a_frame(line: str, culprit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", line) == ExitCode.CONFIG
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("slidetap: error: ")
    assert culprit in error


def test_graph_draws_with_caps_on_the_arrows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("graph", LINE) == 0
    assert '-- "video/raw<br>format=gray8" -->' in capsys.readouterr().out
    assert run("graph", "--format", "dot", "--no-caps", LINE) == 0
    assert "s0 -> s1\n" in capsys.readouterr().out


def test_inspect_shows_one_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect", "playthings:Counting") == 0
    assert "frames  (integer; default: 50)" in capsys.readouterr().out
    assert run("inspect", "--json", "playthings:Checking") == 0
    assert json.loads(capsys.readouterr().out)["summary"] == "checks"


def test_inspect_lists_all_stages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect") == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert {"decoder", "bgsub", "trigger", "dedup", "exporter", "testsource"} <= set(listed)


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        (("frobnicate",), "'frobnicate'"),
        (("run",), "Missing argument 'CONFIG'"),
        (("launch", "--jsn", "a:A"), "--jsn"),
        (("graph", "--format", "png", "a.toml"), "--format"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exits_with_64(
    arguments: tuple[str, ...], culprit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == ExitCode.USAGE
    (error,) = capsys.readouterr().err.splitlines()
    assert culprit in error
    assert "slidetap --help" in error


@pytest.mark.parametrize("arguments", [(), ("--help",), ("run", "--help"), ("--version",)])
def test_asking_for_help_is_no_error(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 0
    assert "slidetap" in capsys.readouterr().out


def raising(error: BaseException) -> typer.Typer:
    app = make_app()

    @app.command()
    def fail() -> None:
        raise error

    return app


def test_ctrl_c_outside_of_a_run_is_130() -> None:
    assert invoke(raising(KeyboardInterrupt()), ["fail"]) == ExitCode.INTERRUPTED


def test_an_error_of_ours_is_one_line_without_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(raising(StageError("broken")), ["fail"]) == ExitCode.SOFTWARE
    assert capsys.readouterr().err == "slidetap: error: broken\n"


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    script = "import sys; from pipeline.cli import *; sys.exit(invoke(make_app(), sys.argv[1:]))"
    child = subprocess.Popen(
        [sys.executable, "-c", script, "launch", "--json", LINE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    with child.stderr as stream:
        error = stream.read()
    assert child.wait(30) == ExitCode.IO_ERROR
    assert error == b""


def test_the_readme_documents_every_exit_code() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    rows = re.findall(r"^\| *(\d+) *\| *([A-Z_]+) *\|", readme, re.MULTILINE)
    assert {(int(code), name) for code, name in rows} == {(code.value, code.name) for code in ExitCode}
    assert len(rows) == len(ExitCode)
