"""TOML files: what they say, and that every mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Limits, LinkConfig, Restart, Service, StageConfig
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


def test_a_file_says_how_to_restart_and_how_to_be_talked_to() -> None:
    tables = '[restart]\npolicy = "process"\nlongest = 10\ncrashes = 2\n[service]\nhttp = "127.0.0.1:9110"\n'
    config = parse(TWO + tables)
    assert config.restart == Restart("process", longest=10.0, crashes=2)
    assert config.service == Service("", "127.0.0.1:9110")


def test_without_tables_a_run_has_an_end_and_nothing_is_restarted() -> None:
    config = parse(TWO)
    assert config.restart == Restart("never")
    assert config.service is None


def test_an_empty_table_is_enough_for_a_service() -> None:
    assert parse(TWO + "[service]\n").service == Service()


def test_tables_of_the_application_come_out_as_they_are() -> None:
    config = parse(TWO + "[lectures]\nroot = '/srv'\n[lectures.auto]\nafter = 3\n", application=("lectures", "other"))
    assert config.application == {"lectures": {"root": "/srv", "auto": {"after": 3}}}


def test_an_application_table_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text("lectures = 3\n" + TWO)
    with pytest.raises(ConfigError, match="line 1: lectures = 3: it must be a table"):
        load(file, application=("lectures",))


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
        (TWO + "[restart]\npolicy = 'always'\n", 6, "it must be one of never, rollback, process"),
        (TWO + "[restart]\npolicy = 1\n", 6, "policy = 1: it must be a text in quotes"),
        (TWO + "[restart]\nbackof = 1\n", 6, "did you mean 'backoff'?"),
        (TWO + "[restart]\nwindow = -1\n", 6, "window = -1: it must be seconds, more than 0"),
        (TWO + "[restart]\ncrashes = -1\n", 6, "crashes = -1: it must be a number from 0 to 999"),
        (TWO + "[restart]\ncrashes = 1.5\n", 6, "crashes = 1.5: it must be a whole number"),
        (TWO + "[restart]\nlongest = 0.1\n", 6, "longest = 0.1 is less than backoff = 0.5"),
        (TWO + "[restart]\nbackoff = 60\n", 6, "longest = 30 is less than backoff = 60"),
        (TWO + "[service]\nport = 1\n", 6, "unknown key 'port' in [service]"),
        (TWO + "[service]\nhttp = 9110\n", 6, "http = 9110: it must be a text in quotes"),
        (TWO + "[service]\nhttp = 'localhost'\n", 6, "write host:port or only the port"),
        (TWO + "[service]\nhttp = ':70000'\n", 6, "write host:port or only the port"),
        (TWO + "[lectures]\n", 5, "unknown key 'lectures' in the file"),
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
        assert load(path, application=("lectures",)).stages
