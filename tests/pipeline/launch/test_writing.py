"""A config written as a line reads as the same config."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import LEAKY, LinkConfig, PipelineConfig, StageConfig
from pipeline.errors import ConfigError, PipelineError
from pipeline.launch import parse, to_launch
from pipeline.topology import validate

WORDS = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
KEYS = WORDS.map(lambda word: f"p_{word}")  # out of the way of the reserved ones
VALUES = st.one_of(st.text(max_size=12), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def trees(draw: st.DrawFn) -> PipelineConfig:
    """Any tree, any names and properties, neighbours fused at random."""
    names = draw(st.lists(WORDS, min_size=1, max_size=7, unique=True))
    stages: list[StageConfig] = []
    links: list[LinkConfig] = []
    for position, name in enumerate(names):
        factory = draw(st.sampled_from([name, "other", "pkg.mod:Class", "pkg:" + name.replace("-", "_")]))
        process = name
        if position:
            before = draw(st.sampled_from(stages))
            pad = draw(st.sampled_from(["", "", "packets"]))
            links.append(LinkConfig(before.name, name, pad, draw(st.integers(1, 64)), draw(st.sampled_from(LEAKY))))
            process = draw(st.sampled_from([name, before.process]))
        stages.append(StageConfig(name, factory, process, draw(st.dictionaries(KEYS, VALUES, max_size=3))))
    return PipelineConfig(tuple(stages), tuple(links))


@settings(deadline=None)
@given(trees())
def test_every_pipeline_comes_back_from_its_line(config: PipelineConfig) -> None:
    try:
        validate(config)
    except ConfigError:
        return  # a process that took a name which a later stage has by itself
    read = parse(to_launch(config))
    assert sorted(read.stages, key=lambda stage: stage.name) == sorted(config.stages, key=lambda stage: stage.name)
    assert sorted(read.links, key=lambda link: link.id) == sorted(config.links, key=lambda link: link.id)


@settings(deadline=None)
@given(st.text(alphabet="ab!()=. '\"\\1\n", max_size=30))
def test_any_text_is_read_or_refused_with_a_configerror(line: str) -> None:
    try:
        config = parse(line)
    except PipelineError as e:
        assert isinstance(e, ConfigError)
    else:
        assert parse(to_launch(config)) == config


def test_a_line_is_written_as_a_person_would() -> None:
    line = "decoder uri=a.mp4 ! ( bgsub method=knn ! trigger ) window=8"
    with pytest.raises(ConfigError):
        parse(line)  # a link's properties stand with its stage
    line = 'decoder uri="my talk.mp4" ! ( bgsub window=8 method=knn ! trigger ) ! dedup ! exporter location=out'
    assert to_launch(parse(line)) == line


@pytest.mark.parametrize(
    ("properties", "culprit"),
    [({"x": [1]}, "'x' = [1]"), ({"window": 1}, "called 'window'"), ({"a b": 1}, "called 'a b'")],
)
def test_what_a_line_cannot_hold_is_refused(properties: dict[str, object], culprit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        to_launch(PipelineConfig((StageConfig("a", "a", "a", properties),), ()))
    assert culprit in str(caught.value)
