"""Launch lines: what they mean, and that every mistake is named with its position."""

from __future__ import annotations

import pytest

from pipeline.config import LinkConfig, StageConfig
from pipeline.errors import ConfigError
from pipeline.launch import parse


def test_a_chain_links_stages_and_sets_properties() -> None:
    config = parse("decoder uri=a.mp4 rate=10 ! bgsub method=knn mask=true ! my.own:Stage", "lecture")
    assert config.name == "lecture"
    assert config.stages == (
        StageConfig("decoder", "decoder", "decoder", {"uri": "a.mp4", "rate": 10}),
        StageConfig("bgsub", "bgsub", "bgsub", {"method": "knn", "mask": True}),
        StageConfig("stage", "my.own:Stage", "stage"),
    )
    assert config.links == (LinkConfig("decoder", "bgsub"), LinkConfig("bgsub", "stage"))


def test_parentheses_fuse_into_one_process() -> None:
    config = parse("a ! ( b ! c ) ! d ! (e ! f)")
    assert [stage.process for stage in config.stages] == ["a", "b", "b", "d", "e", "e"]


def test_process_names_fuse_as_well() -> None:
    assert [stage.process for stage in parse("a process=x ! b process=x ! c").stages] == ["x", "x", "c"]


def test_a_chain_branches_off_a_named_stage() -> None:
    config = parse("decoder name=d ! bgsub  d.packets ! recorder  d. ! other")
    assert config.links == (
        LinkConfig("d", "bgsub"),
        LinkConfig("d", "recorder", "packets"),
        LinkConfig("d", "other"),
    )


def test_window_and_leaky_belong_to_the_link_that_enters() -> None:
    config = parse("a ! b window=4 leaky=downstream x=1")
    assert config.links == (LinkConfig("a", "b", window=4, leaky="downstream"),)
    assert config.stages[1].properties == {"x": 1}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("12", 12),
        ("-1.5", -1.5),
        ("true", True),
        ("false", False),
        ("007", "007"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("nan", "nan"),
        ("inf", "inf"),
        ('"12"', "12"),
        ("'a b'", "a b"),
        ('"a \\" b"', 'a " b'),
        ("'a \\ b'", "a \\ b"),
        ("rtsp://host/a!b?c=d&e=f", "rtsp://host/a!b?c=d&e=f"),
        ("a=b", "a=b"),
        ('""', ""),
        ("", ""),
        ('pre" mid "post', "pre mid post"),
        ('"true"', "true"),
    ],
)
def test_a_value_is_a_number_only_if_written_like_one(written: str, meant: object) -> None:
    (stage,) = parse(f"a x={written}").stages
    assert stage.properties == {"x": meant}
    assert type(stage.properties["x"]) is type(meant)


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("", "no stages"),
        ("a !", "ends where a stage should follow"),
        ("! a", "position 1: a stage must stand before '!'"),
        ("a ! ! b", "position 5: a stage must stand before '!'"),
        ("a b", "position 3: '!' or key=value must stand before 'b'"),
        ("a ! ( b ! c", "a '(' is not closed"),
        ("a ! b )", "position 7: there is no '('"),
        ("( a ! ( b ) )", "position 7: parentheses cannot stand in parentheses"),
        ("( )", "a stage must stand before ')'"),
        ("a x=1 x=2", "position 7: 'x' is given twice"),
        ("x=1 ! a", "position 1: 'x=1' comes before any stage"),
        ("a x='1", "position 3: the quote ' is not closed"),
        ("a uri=talk(1).mp4", "position 11: '(' within a word"),
        ("a ! b  c. ! d", "position 8: there is no stage 'c'; there is: a, b"),
        ("a name=d  d. x", "must follow 'd.'"),
        ("a ! a", "2 stages are called 'a'"),
        ("a ! b window=x", "window = 'x'"),
        ("a ! b leaky=x", "leaky = 'x'"),
        ("a name='b c'", "'b c'"),
    ],
)
def test_a_mistake_is_named_with_its_position(line: str, culprit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line)
    assert culprit in str(caught.value)
