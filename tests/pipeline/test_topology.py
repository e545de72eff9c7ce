"""What is a pipeline and what is not."""

from __future__ import annotations

import pytest

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.errors import ConfigError
from pipeline.topology import validate


def config(*names: str, links: tuple[tuple[str, str], ...], fused: tuple[str, ...] = ()) -> PipelineConfig:
    stages = tuple(StageConfig(name, "x:X", "together" if name in fused else name) for name in names)
    return PipelineConfig(stages, tuple(LinkConfig(*link) for link in links))


def test_a_tree_with_one_source_is_a_pipeline() -> None:
    tree = config("a", "b", "c", "d", links=(("a", "b"), ("a", "c"), ("c", "d")), fused=("c", "d"))
    assert validate(tree) is tree


@pytest.mark.parametrize(
    ("wrong", "culprit"),
    [
        (config(links=()), "no stages"),
        (config("a", "a", links=()), "2 stages are called 'a'"),
        (config("a", "b", links=()), "'a' and 'b' come after no other stage"),
        (config("a", "b", links=(("a", "bb"),)), "did you mean 'b'?"),
        (config("a", "b", "c", links=(("a", "b"), ("a", "c"), ("b", "c"))), "'c' comes after both 'a' and 'b'"),
        (config("s", "a", "b", links=(("a", "b"), ("b", "a"))), "circle"),
        (config("a", "b", "c", links=(("a", "b"), ("b", "c")), fused=("a", "c")), "process 'together': 'a' and 'c'"),
        (config("a b", links=()), "'a b'"),
        (config("../x", links=()), "'../x'"),
        (config("a" * 32, links=()), "at most 31"),
    ],
)
def test_what_is_no_pipeline_is_refused_by_name(wrong: PipelineConfig, culprit: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(wrong)
    assert culprit in str(caught.value)


@pytest.mark.parametrize(
    ("link", "culprit"),
    [
        (LinkConfig("a", "b", window=0), "window = 0"),
        (LinkConfig("a", "b", window=5000), "window = 5000"),
        (LinkConfig("a", "b", leaky="maybe"), "leaky = 'maybe'"),
    ],
)
def test_a_link_out_of_range_is_refused(link: LinkConfig, culprit: str) -> None:
    with pytest.raises(ConfigError, match=f"stage 'b': {culprit}"):
        validate(PipelineConfig((StageConfig("a", "x:X", "a"), StageConfig("b", "x:X", "b")), (link,)))
