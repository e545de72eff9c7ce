"""Stages described in a child process: what they say, and that a bad one is an error and no crash."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, PipelineError, StageError
from pipeline.inspection import StageDescription, describe, overview, text

STAGES = '''
from enum import StrEnum
from typing import Literal
from pydantic import Field
from pipeline.caps import Caps
from pipeline.stage import Properties, Source, Stage

print("noise on standard output")

class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"

class Wanted(Properties):
    uri: str = Field(min_length=1, description="where it is")
    level: int = Field(5, ge=1, le=9, description="how much")
    share: float | None = Field(None, gt=0, lt=1)
    mode: Literal["fast", "good"] = "fast"
    colour: Colour = Colour.BLUE
    on: bool = False

class Lamp(Source[Wanted]):
    """Shines."""
    properties_type = Wanted
    summary = "shines"
    @property
    def src_caps(self):
        return {"light": Caps.of("video/raw", format="gray8"), "heat": Caps.of("heat/raw")}
    def produce(self):
        yield from ()

class Broken(Lamp):
    def __init__(self, properties, context):
        raise ValueError("a bug")

class Wall(Stage[Properties]):
    summary = "is lit"
    @property
    def sink_caps(self):
        return Caps.of("video/raw")
    @property
    def src_caps(self):
        return {}
    def process(self, frame):
        return ()
'''


@pytest.fixture
def lamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "lamps.py").write_text(STAGES)
    (tmp_path / "suicide.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    return "lamps"


def described(factory: str) -> StageDescription:
    (one,) = describe([factory])
    assert isinstance(one, StageDescription)
    return one


def test_properties_come_with_type_default_range_and_description(lamps: str) -> None:
    found = {each.name: each for each in described("lamps:Lamp").properties}
    uri, level = found["uri"], found["level"]
    assert (uri.type, uri.required, uri.default, uri.description) == ("text", True, None, "where it is")
    assert (level.type, level.required, level.default, level.range) == ("integer", False, 5, "1..9")
    assert (found["share"].type, found["share"].range) == ("number", "above 0..below 1")
    assert (found["mode"].type, found["colour"].type, found["colour"].default) == ("fast | good", "red | blue", "blue")
    assert found["on"].type == "true | false"


def test_pads_come_with_their_caps_though_a_property_must_be_set(lamps: str) -> None:
    lamp, wall = described("lamps:Lamp"), described("lamps:Wall")
    assert (lamp.sink_caps, lamp.src_caps) == (None, {"light": "video/raw,format=gray8", "heat": "heat/raw"})
    assert (wall.sink_caps, wall.src_caps) == ("video/raw", {})


def test_a_stage_that_cannot_be_described_does_not_hide_the_others(lamps: str) -> None:
    broken, missing, nothing, lamp = describe(["lamps:Broken", "nowhere:X", "pipeline.caps:Caps", "lamps:Lamp"])
    assert isinstance(broken, ConfigError)
    assert "lamps:Broken" in str(broken)
    assert "a bug" in str(broken)
    assert isinstance(missing, ConfigError)
    assert "nowhere" in str(missing)
    assert isinstance(nothing, ConfigError)
    assert "no stage class" in str(nothing)
    assert isinstance(lamp, StageDescription)


def test_a_stage_that_ends_its_process_is_named(lamps: str) -> None:
    with pytest.raises(StageError, match=r"suicide:X.*\(3\)"):
        describe(["suicide:X"])


def test_nothing_is_imported_into_this_process(lamps: str) -> None:
    described("lamps:Lamp")
    assert "lamps" not in sys.modules


def test_the_page_about_a_stage_says_all_of_it(lamps: str) -> None:
    page = text("lamp", described("lamps:Lamp"))
    for words in (
        "lamp: shines",
        "Shines.",
        "sink: none; it is a source",
        "src light: video/raw,format=gray8",
        "uri  (text; must be set)",
        "level  (integer 1..9; default: 5)",
        "share  (number above 0..below 1; default: unset)",
        "mode  (fast | good; default: fast)",
        "where it is",
    ):
        assert words in page
    assert "none; it is a sink" in text("wall", described("lamps:Wall"))


def test_the_list_of_stages_says_why_one_cannot_be_used() -> None:
    error: PipelineError = ConfigError("no module")
    assert overview("blur", error).split(maxsplit=1) == ["blur", "(cannot be used: no module)"]
