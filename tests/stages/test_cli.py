"""``slidetap convert`` as people and machines use it: files, lines, streams and exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig
from pipeline.errors import ExitCode, PipelineError, StageError
from pipeline.messages import BusMessage
from pipeline.supervisor import Outcome
from stages.cli import main

MAKE_LECTURE = Path(__file__).parents[2] / "scripts" / "make_lecture"
SMALL = ("--size", "320x180", "--fps", "10", "--duration", "24", "--slides", "4", "--no-film", "--no-pointer")


@pytest.fixture(scope="module")
def lecture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("video") / "lecture.mp4"
    subprocess.run([sys.executable, MAKE_LECTURE, out, *SMALL, "--quiet"], check=True, timeout=60)
    return out


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "stages", *arguments]


def slidetap(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), check=False, capture_output=True, text=True, timeout=90)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[PipelineConfig]:
    """What the supervisor was given; each run ends at once, as ``outcomes`` says."""
    given: list[PipelineConfig] = []
    monkeypatch.setattr("pipeline.supervisor.run", ends(given, []))
    return given


def ends(
    given: list[PipelineConfig], outcomes: list[tuple[PipelineError | None, int | None]]
) -> Callable[[PipelineConfig, Callable[[BusMessage], None]], Outcome]:
    def run(config: PipelineConfig, on_message: Callable[[BusMessage], None]) -> Outcome:
        given.append(config)
        error, number = outcomes.pop(0) if outcomes else (None, None)
        return Outcome({}, error, number, 0.1)

    return run


def here_is(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["slidetap", *map(str, arguments)])


def test_builds_and_a_page_for_every_state_exclude_each_other(lecture: Path, here: Path) -> None:
    ended = slidetap("convert", lecture, "--builds", "all", "--no-post-process")
    assert ended.returncode == ExitCode.USAGE
    assert "leave out --builds" in ended.stderr
    assert list(here.iterdir()) == []


def test_a_lecture_becomes_slides_a_pdf_and_json(lecture: Path, here: Path) -> None:
    ended = slidetap("convert", lecture)
    assert (ended.returncode, ended.stderr) == (0, "")
    folder = here / "lecture_slides"
    told = json.loads((folder / "slides.json").read_text())
    assert told["slides"]
    assert (folder / "slides.pdf").read_bytes().startswith(b"%PDF")
    said = f"{len(told['slides'])} slides in {folder}: slides.pdf, slides.json"
    short = f"; transients, too short for a page: {len(told['transients'])}, listed in slides.json"
    assert ended.stdout.splitlines()[-1] == said + (short if told["transients"] else "")
    assert [line.split()[0] for line in ended.stdout.splitlines()[1:-1]] == [
        "decoder",
        "bgsub",
        "trigger",
        "dedup",
        "exporter",
    ]
    assert {name for name, ledger in told["ledger"].items() if ledger["missing"]} == set()
    assert {path.name for path in here.iterdir()} == {"lecture_slides"}


def test_json_tells_stream_progress_slides_and_result(lecture: Path, here: Path) -> None:
    ended = slidetap("convert", lecture, "-o", "out", "--json", "--fused", "--format", "jpeg", "--pptx")
    assert (ended.returncode, ended.stderr) == (0, "")
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    by_name = {event["event"]: event for event in events}
    assert by_name["stream"]["width"] == 320
    assert sum(event["event"] == "progress" and event["first"] for event in events) == 1
    assert by_name["slide"]["file"].endswith(".jpg")
    result = events[-1]
    assert (result["event"], result["exit_code"], result["location"]) == ("result", 0, str(here / "out"))
    assert Path(result["pptx"]).exists()
    assert result["ledger"]["exporter"]["missing"] == 0


def test_an_older_result_is_refused_and_kept(lecture: Path, here: Path) -> None:
    kept = here / "lecture_slides" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    ended = slidetap("convert", lecture)
    assert ended.returncode == ExitCode.CANT_CREATE
    (line,) = ended.stderr.splitlines()
    assert line.startswith("slidetap: error: stage 'exporter': ")
    assert "--force" in line
    assert ended.stdout == ""
    assert [path.name for path in here.rglob("*.txt")] == ["mine.txt"]


@pytest.fixture
def converting(lecture: Path, here: Path) -> Iterator[subprocess.Popen[str]]:
    """A conversion that is slow enough to be disturbed, at its first slide."""
    arguments = command("convert", lecture, "--json", "--method", "lsbp", "--rate", "0")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "slide":
                break
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_a_signal_drains_and_what_was_found_is_a_result(
    converting: subprocess.Popen[str], here: Path, number: int, code: ExitCode
) -> None:
    converting.send_signal(number)
    out, error = converting.communicate(timeout=60)
    assert (converting.returncode, error) == (code, "")
    result = json.loads(out.splitlines()[-1])
    assert (result["event"], result["signal"], result["exit_code"]) == ("result", number, code)
    written = json.loads((here / "lecture_slides" / "slides.json").read_text())
    assert written["ended"] == "interrupted"
    assert len(written["slides"]) == result["slides"] >= 1
    assert (here / "lecture_slides" / "slides.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "culprit"),
    [
        (("no.mp4",), ExitCode.NO_INPUT, "'no.mp4' cannot be opened: No such file"),
        ((".",), ExitCode.USAGE, "-o DIR"),
        ((".", "-o", "out"), ExitCode.NO_INPUT, "'.' is a folder"),
        (("a.mp4", "--method", "magic"), ExitCode.USAGE, "'magic' is no method; there is: default"),
        (("a.mp4", "--format", "gif"), ExitCode.USAGE, "--format"),
        (("a.mp4", "--rate", "fast"), ExitCode.USAGE, "--rate"),
        (("a.mp4", "--device", "cpu"), ExitCode.USAGE, "--device and --pages presenter-free need --presenter MODEL"),
        (("a.mp4", "--pages", "presenter-free"), ExitCode.USAGE, "need --presenter MODEL"),
        (("a.mp4", "--presenter", "u2net", "--device", "gpu"), ExitCode.USAGE, "--device"),
        ((), ExitCode.USAGE, "VIDEO"),
        (("a.mp4", "b/a.mkv"), ExitCode.USAGE, "would both go to 'a_slides'"),
    ],
)
def test_a_wrong_call_is_one_line_and_its_own_code(
    arguments: tuple[str, ...],
    code: ExitCode,
    culprit: str,
    here: Path,
    started: list[PipelineConfig],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here_is(monkeypatch, "convert", *arguments)
    assert main() == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("slidetap: error: ")
    assert culprit in line
    assert started == []
    assert list(here.iterdir()) == []


def test_a_presenter_is_looked_for_with_the_model_and_device_that_are_named(
    here: Path, started: list[PipelineConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.mp4").touch()
    here_is(
        monkeypatch, "convert", "a.mp4", "--presenter", "mine.onnx", "--device", "cuda", "--pages", "presenter-free"
    )
    main()
    here_is(monkeypatch, "convert", "a.mp4", "--presenter", "off", "--pages", "as-seen")
    main()
    with_it, without = ({stage.name: stage.properties for stage in config.stages} for config in started)
    assert {"model": "mine.onnx", "device": "cuda"}.items() <= with_it["segmentation"].items()
    assert with_it["exporter"]["pages"] == "presenter-free"
    assert "segmentation" not in without


def test_how_much_of_a_file_is_decoded_can_be_chosen(
    here: Path, started: list[PipelineConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.mp4").touch()
    for options in ((), ("--sparse",), ("--full",)):
        here_is(monkeypatch, "convert", "a.mp4", *options)
        main()
    assert [config.stages[0].properties.get("mode") for config in started] == [None, "sparse", "full"]


def test_a_failed_video_does_not_keep_the_next_from_its_turn(
    here: Path, started: list[PipelineConfig], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "b.mp4").touch()
    here_is(monkeypatch, "convert", "a.mp4", "b.mp4", "c.mp4", "-o", "out")
    assert main() == ExitCode.NO_INPUT
    assert [config.stages[0].properties["uri"] for config in started] == ["b.mp4"]
    assert [line.split("'")[1] for line in capsys.readouterr().err.splitlines()] == ["a.mp4", "c.mp4"]


def test_of_several_failures_the_first_one_is_the_exit_code(
    here: Path, started: list[PipelineConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.mp4").touch()
    monkeypatch.setattr("pipeline.supervisor.run", ends(started, [(StageError("crashed"), None)]))
    here_is(monkeypatch, "convert", "a.mp4", "b.mp4")
    assert main() == ExitCode.SOFTWARE


def test_a_signal_ends_the_whole_batch(
    here: Path, started: list[PipelineConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (here / name).touch()
    monkeypatch.setattr("pipeline.supervisor.run", ends(started, [(None, signal.SIGTERM)]))
    here_is(monkeypatch, "convert", "a.mp4", "b.mp4")
    assert main() == ExitCode.TERMINATED
    assert len(started) == 1


def test_machines_are_told_of_a_video_that_is_not_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here_is(monkeypatch, "convert", "no.mp4", "--json")
    assert main() == ExitCode.NO_INPUT
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["video"], told["exit_code"]) == ("result", "no.mp4", 66)


def test_a_password_on_the_command_line_is_warned_of_and_not_repeated(
    here: Path, started: list[PipelineConfig], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here_is(monkeypatch, "convert", "rtsp://me:sesame@camera/1")
    main()
    assert [config.name for config in started] == ["1_slides"]
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("slidetap: warning: ")
    assert "--credentials env:NAME" in line
    assert "sesame" not in said.out + said.err


def test_the_zygote_loads_beside_the_commands() -> None:
    script = (
        "import sys\n"
        "from pipeline import spawning\n"
        "def begin():\n"
        "    print(*sys.modules)\n"
        "spawning.begin = begin\n"
        "from stages.__main__ import main\n"
        "sys.argv = ['slidetap', 'convert']\n"
        "sys.exit(main())\n"
    )
    told = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert told.returncode == 64, told.stderr
    loaded = set(told.stdout.split())
    assert "pipeline.spawning" in loaded
    assert not loaded & {"typer", "pipeline.cli", "stages.cli"}


def test_an_interrupt_while_the_commands_load_is_one_line() -> None:
    script = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'stages.cli':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from stages.__main__ import main\n"
        "sys.argv = ['slidetap', 'lectures']\n"
        "sys.exit(main())\n"
    )
    told = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert (told.returncode, told.stderr) == (130, "slidetap: error: interrupted\n")


def test_the_children_are_started_before_anything_heavy_is_imported(here: Path) -> None:
    (here / "a.mp4").touch()
    script = (
        "import sys\n"
        "from pipeline import supervisor\n"
        "def run(config, on_message):\n"
        "    print(*sorted({name.split('.')[0] for name in sys.modules}))\n"
        "    return supervisor.Outcome({}, None, None, 0.0)\n"
        "supervisor.run = run\n"
        "from stages.cli import main\n"
        "sys.argv = ['slidetap', 'convert', 'a.mp4']\n"
        "sys.exit(main())\n"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    loaded = set(told.stdout.splitlines()[0].split())
    assert not loaded & {"numpy", "cv2", "av", "rich", "PIL", "scipy", "prometheus_client", "img2pdf", "pptx"}
