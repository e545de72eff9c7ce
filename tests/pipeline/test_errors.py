"""One hierarchy, one exit code each; what a child reported comes back as the same class."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.errors import BY_NAME, CapsError, ConfigError, ExitCode, PipelineError, StageError, revive

README = Path(__file__).parent.parent.parent / "README.md"


def family(kind: type[PipelineError]) -> set[type[PipelineError]]:
    own = {kind} if kind.__module__ == errors.__name__ else set()
    return own.union(*(family(child) for child in kind.__subclasses__()))


def test_every_error_of_ours_can_be_revived() -> None:
    assert set(BY_NAME.values()) == family(PipelineError)


@pytest.mark.parametrize("name", BY_NAME)
def test_an_error_survives_the_bus(name: str) -> None:
    again = revive(name, "slot 3: no such slot")
    assert type(again).__name__ == name
    assert str(again) == "slot 3: no such slot"


@pytest.mark.parametrize("name", ["", "KeyError", "Exception", "revive", "PipelineError; import os", "__class__"])
def test_a_name_that_is_no_error_of_ours_becomes_a_stage_error(name: str) -> None:
    assert type(revive(name, "x")) is StageError


def test_only_a_wrong_description_is_final() -> None:
    assert {kind for kind in family(PipelineError) if kind.final} == {ConfigError, CapsError}


def test_no_error_ends_the_command_as_if_it_had_worked() -> None:
    assert all(kind.exit_code not in (ExitCode.OK, ExitCode.USAGE) for kind in family(PipelineError))


def test_the_readme_documents_every_exit_code_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", README.read_text(), re.MULTILINE)
    assert {(int(code), name) for code, name in rows} == {(code.value, code.name) for code in ExitCode}
