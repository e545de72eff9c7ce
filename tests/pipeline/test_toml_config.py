"""TOML files: what they say, and that every mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Limits, LinkConfig, StageConfig
from pipeline.errors import ConfigError
from pipeline.toml_config import load, parse

WHOLE = """
[pipeline]
name = "room"

[[stage]]
type = "decoder"
[stage.properties]
uri = "lecture.mp4"
rate = 12.5

[[stage]]
type = "bgsub"
process = "work"

[[stage]]
type = "my.package:Trigger"
process = "work"

[[stage]]
type = "recorder"
name = "tape"
after = "decoder.packets"
window = 8
leaky = "downstream"

[limits]
working_s = 3
"""


def test_a_file_says_stages_links_processes_and_limits() -> None:
    config = parse(WHOLE)
    assert config.name == "room"
    assert config.limits == Limits(working_s=3.0)
    assert config.stages == (
        StageConfig("decoder", "decoder", "decoder", {"uri": "lecture.mp4", "rate": 12.5}),
        StageConfig("bgsub", "bgsub", "work"),
        StageConfig("trigger", "my.package:Trigger", "work"),
        StageConfig("tape", "recorder", "tape"),
    )
    assert config.links == (
        LinkConfig("decoder", "bgsub"),
        LinkConfig("bgsub", "trigger"),
        LinkConfig("decoder", "tape", "packets", 8, "downstream"),
    )


def test_properties_may_be_lists_and_tables() -> None:
    config = parse('[[stage]]\ntype = "a"\n[stage.properties]\nx = [1, 2]\ny = {z = true}')
    assert config.stages[0].properties == {"x": [1, 2], "y": {"z": True}}


TWO = '[[stage]]\ntype = "a"\n[[stage]]\ntype = "b"\n'


@pytest.mark.parametrize(
    ("text", "line", "culprit"),
    [
        ("[[stage]]\ntype = =\n", 2, "Invalid value"),
        ("[pipelin]\n", 1, "unknown key 'pipelin' in the file; did you mean 'pipeline'?"),
        ('[pipeline]\nnmae = "x"\n' + TWO, 2, "unknown key 'nmae' in [pipeline]; did you mean 'name'?"),
        ("[pipeline]\nname = 5\n" + TWO, 2, "name = 5: it must be a text in quotes"),
        (TWO + "windw = 3\n", 5, "unknown key 'windw' in [[stage]]; did you mean 'window'?"),
        (TWO + "window = true\n", 5, "window = True: it must be a whole number"),
        (TWO + 'window = "3"\n', 5, "window = '3': it must be a whole number"),
        (TWO + "window = 0\n", None, "window = 0"),
        (TWO + 'leaky = "maybe"\n', None, "leaky = 'maybe'"),
        (TWO + 'after = "c"\n', 5, "there is no stage 'c'; there is: a"),
        (TWO + 'name = "a"\n', None, "2 stages are called 'a'"),
        (TWO + "properties = 3\n", 5, "properties = 3: it must be a table"),
        (TWO + "[stage.properties]\nfrom = 2026-01-01\n", 6, "property 'from' of stage 'b'"),
        ('[[stage]]\ntype = "a"\nafter = "x"\n', 3, "'a' is the first stage"),
        ('[[stage]]\nname = "a"\n', None, "needs a type"),
        ("stage = 3\n", 1, "stage = 3: it must be a list of tables"),
        ("stage = [3]\n", 1, "[[stage]]"),
        ("", None, "it describes no stage"),
        (TWO + "[limits]\nworking_s = 0\n", 6, "working_s = 0: it must be seconds, more than 0"),
        (TWO + "[limits]\nworking = 1\n", 6, "did you mean 'working_s'?"),
        (TWO + "[limits]\nworking_s = nan\n", 6, "working_s = nan"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text: str, line: int | None, culprit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "room.toml")
    assert culprit in str(caught.value)
    assert str(caught.value).startswith("room.toml")
    if line is not None:
        assert f"line {line}" in str(caught.value)


def test_a_key_is_looked_for_in_its_own_table() -> None:
    text = '[[stage]]\ntype = "a"\n[[stage]]\ntype = "b"\nwindow = 4\n[[stage]]\ntype = "c"\nwindow = "x"\n'
    with pytest.raises(ConfigError, match="line 8"):
        parse(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no.toml' cannot be read: No such file"):
        load(tmp_path / "no.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="a.toml' is no text file"):
        load(tmp_path / "a.toml")


def test_every_config_that_is_shipped_can_be_read() -> None:
    shipped = sorted((Path(__file__).parents[2] / "configs").glob("*.toml"))
    assert "lecture.toml" in [path.name for path in shipped]
    for path in shipped:
        assert load(path).stages
