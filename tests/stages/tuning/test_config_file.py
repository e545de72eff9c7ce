"""The config that a tuning leaves: what it says, and that it is never in the way of an older one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import OutputError, WriteError
from pipeline.toml_config import load, parse
from stages.tuning.config_file import refuse, text, write
from stages.tuning.grid import KINDS, Candidate
from stages.tuning.sweep import Analysis

CANDIDATE = Candidate("knn", (("trigger.start_percent", 0.3), ("bgsub.detectShadows", True)))


def test_it_describes_the_pipeline_that_was_tried(tmp_path: Path) -> None:
    write(tmp_path / "a.toml", "talks/a.mp4", CANDIDATE, Analysis(rate=25.0), "found\nout")
    made = load(tmp_path / "a.toml")
    properties = {stage.name: dict(stage.properties) for stage in made.stages}
    assert list(properties) == ["decoder", "bgsub", "trigger", "dedup", "exporter"]
    assert properties["decoder"] == {"uri": "talks/a.mp4", "rate": 25.0}
    assert {stage: properties[stage] for stage in KINDS} == CANDIDATE.properties()
    assert properties["exporter"] == {"location": "a_slides"}


def test_names_may_hold_what_toml_has_a_meaning_for() -> None:
    video = 'a "b" \\ #\x7f é 🎓.mp4'
    assert parse(text(video, CANDIDATE, Analysis(), "x")).stages[0].properties["uri"] == video


def test_a_password_is_not_written_down() -> None:
    assert "secret" not in text("http://me:secret@host/a.mp4", CANDIDATE, Analysis(), "x")


def test_a_name_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="rename the video"):
        write(tmp_path / "a.toml", "a\udcff.mp4", CANDIDATE, Analysis(), "x")


def test_an_older_file_is_replaced_only_if_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    refuse(path, force=False)
    path.touch()
    with pytest.raises(OutputError, match="--force"):
        refuse(path, force=False)
    refuse(path, force=True)


def test_folders_are_named_that_are_there_or_are_not(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        refuse(tmp_path, force=True)
    with pytest.raises(OutputError, match="there is no folder"):
        refuse(tmp_path / "no" / "a.toml", force=True)
