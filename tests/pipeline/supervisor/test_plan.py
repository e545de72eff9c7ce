"""From a config to processes and links; pure."""

from __future__ import annotations

import pytest
from building import chain

from pipeline.caps import Caps
from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.errors import CapsError, ConfigError
from pipeline.messages import Described
from pipeline.runner.spec import ProcessSpec, ReceiveSpec
from pipeline.supervisor.plan import linkable, processes, source_caps

FOUR = (("a", "Counting", {"frames": 3}), ("b", "Pass", {}), ("c", "Pass", {}), ("d", "Checking", {}))


def described(name: str, sink: str | None, **src: str) -> Described:
    return Described(name, sink, src)


def test_every_stage_has_a_process_of_its_own_by_default() -> None:
    specs = processes(chain(*FOUR), "folder", 7, 99)
    assert {spec.began_ns for spec in specs} == {99}
    assert [spec.process for spec in specs] == ["a", "b", "c", "d"]
    assert specs[0].receive is None
    assert specs[1].receive == ReceiveSpec("a-b", "b")
    assert [send.id for send in specs[1].sends] == ["b-c"]
    assert specs[3].sends == ()


def test_fused_stages_share_a_process_and_only_the_outer_links_leave_it() -> None:
    first, fused, last = processes(chain(*FOUR, fused=("b", "c")), "folder", 7)
    assert [node.name for node in fused.nodes] == ["b", "c"]
    assert fused.nodes[0].outputs == (("", "c"),)
    assert fused.receive == ReceiveSpec("a-b", "b")
    assert [send.id for send in fused.sends] == ["c-d"]
    assert (first.process, last.process) == ("a", "d")


def test_fused_stages_that_are_no_neighbours_are_refused() -> None:
    with pytest.raises(ConfigError, match="not connected"):
        processes(chain(*FOUR, fused=("a", "c")), "folder", 7)


def test_a_spec_survives_the_way_through_json() -> None:
    for spec in processes(chain(*FOUR, fused=("b", "c")), "folder", 7):
        assert ProcessSpec.from_json(spec.to_json()) == spec


def test_caps_that_fit_are_met() -> None:
    config = chain(FOUR[0], FOUR[3])
    source = described("a", None, src="video/raw,format={bgr24,gray8}")
    both = {"a": source, "d": described("d", "video/raw,format=gray8")}
    assert linkable(config, both) == {"a-d": "video/raw,format=gray8"}


@pytest.mark.parametrize(
    ("sink", "words"),
    [
        ("video/raw,format=bgr24", "cannot link 'a' to 'd': a.src gives video/raw,format=gray8, d takes"),
        ("slide/page", "cannot link 'a' to 'd'"),
        (None, "'d' is a source"),
    ],
)
def test_caps_that_do_not_fit_name_both_ends(sink: str | None, words: str) -> None:
    both = {"a": described("a", None, src="video/raw,format=gray8"), "d": described("d", sink)}
    with pytest.raises(CapsError, match=words):
        linkable(chain(FOUR[0], FOUR[3]), both)


def test_a_link_from_a_pad_that_is_not_there_lists_those_that_are() -> None:
    config = PipelineConfig(
        (StageConfig("a", "x:A", "a"), StageConfig("d", "x:D", "d")), (LinkConfig("a", "d", pad="packets"),)
    )
    both = {"a": described("a", None, frames="video/raw"), "d": described("d", "video/raw")}
    with pytest.raises(ConfigError, match="no src pad 'packets'; it has: frames"):
        linkable(config, both)


def test_two_links_of_one_pad_must_agree_on_a_format() -> None:
    config = PipelineConfig(
        tuple(StageConfig(name, "x:A", name) for name in "abc"), (LinkConfig("a", "b"), LinkConfig("a", "c"))
    )
    source = described("a", None, frames="video/raw")
    allowed = {"a-b": "video/raw,format={gray8,bgr24}", "a-c": "video/raw,format=bgr24"}
    assert source_caps(config, "a", allowed, source) == {"frames": str(Caps.of("video/raw", format="bgr24"))}
    with pytest.raises(CapsError, match="no format in common"):
        source_caps(config, "a", allowed | {"a-b": "video/raw,format=gray8"}, source)
