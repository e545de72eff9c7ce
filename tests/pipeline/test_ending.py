"""How a run ends: streams, lines and codes."""

from __future__ import annotations

import json

import pytest

from pipeline.config import PipelineConfig, StageConfig
from pipeline.ending import complain, end
from pipeline.errors import ExitCode, PipelineError, StageError, WriteError
from pipeline.following import Followed, Manner
from pipeline.logs import LogForm
from pipeline.messages import Element, Ledger
from pipeline.supervisor import Outcome
from pipeline.tally import Tally

CONFIG = PipelineConfig((StageConfig("cam", "x:X", "cam"),), ())


def ended(error: PipelineError | None = None, missing: int = 0, signal: int | None = None) -> Followed:
    tally = Tally(CONFIG)
    tally.hear(Element("cam", "result", {"slides": 4}))
    return Followed(CONFIG, Outcome({"cam": Ledger(5 + missing, 5)}, error, signal, 1.0, "Traceback: here"), tally)


def crash() -> StageError:
    error = StageError("was killed\nby SIGKILL")
    error.stage = "cam"
    return error


def test_a_good_end_prints_the_ledger_and_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(ended(), Manner(), lambda followed: "4 slides in out") is ExitCode.OK
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.splitlines()[1].split() == ["cam", "5", "5", "0", "0", "0", "0.00", "s"]
    assert told.out.splitlines()[-1] == "4 slides in out"


def test_an_error_is_exactly_one_line_that_names_the_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(ended(crash()), Manner(), lambda followed: "; 2 slides kept") is ExitCode.SOFTWARE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "slidetap: error: stage 'cam': was killed by SIGKILL; 2 slides kept\n"


@pytest.mark.parametrize(
    ("error", "level", "text"),
    [(None, "info", "4 slides"), (crash(), "error", "stage 'cam': was killed\nby SIGKILL4 slides")],
)
def test_in_a_log_of_json_the_end_is_a_line_of_json(
    error: PipelineError | None, level: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    end(ended(error), Manner(log=LogForm.JSON), lambda followed: "4 slides")
    told = capsys.readouterr()
    (line,) = told.err.splitlines()
    found = json.loads(line)
    assert (found["event"], found["level"], found["text"]) == ("end", level, text)
    assert found["data"]["ledger"]["cam"]["received"] == 5
    assert told.out == ""


def test_the_traceback_is_for_those_who_ask_twice(capsys: pytest.CaptureFixture[str]) -> None:
    end(ended(crash()), Manner(verbose=1))
    assert "Traceback" not in capsys.readouterr().err
    end(ended(crash()), Manner(verbose=2))
    assert "Traceback: here" in capsys.readouterr().err


def test_frames_not_accounted_for_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    end(ended(missing=2), Manner())
    assert "'cam': 2 frames are not accounted for" in capsys.readouterr().err


def test_machines_get_the_result_with_the_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(ended(signal=15), Manner(as_json=True), video="a.mp4") is ExitCode.TERMINATED
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["video"], told["slides"], told["signal"]) == ("result", "a.mp4", 4, 15)
    assert (told["exit_code"], told["error"], told["ledger"]["cam"]["received"]) == (143, None, 5)


def test_machines_get_a_result_of_a_failed_run_too(capsys: pytest.CaptureFixture[str]) -> None:
    end(ended(crash()), Manner(as_json=True))
    told = capsys.readouterr()
    assert json.loads(told.out)["exit_code"] == 70
    assert json.loads(told.out)["error"] == "stage 'cam': was killed\nby SIGKILL"
    assert len(told.err.splitlines()) == 1


def refuse(followed: Followed) -> str:
    raise WriteError("the disk is full")


def test_an_end_that_fails_is_an_error_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(ended(), Manner(), refuse) is ExitCode.IO_ERROR
    assert capsys.readouterr().err == "slidetap: error: the disk is full\n"


def test_the_first_error_counts_if_the_end_fails_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(ended(crash()), Manner(), refuse) is ExitCode.SOFTWARE
    assert capsys.readouterr().err.endswith("by SIGKILL; besides, the disk is full\n")


def test_an_error_of_several_lines_becomes_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain("a\n  b", ExitCode.DATA) is ExitCode.DATA
    assert capsys.readouterr().err == "slidetap: error: a b\n"
