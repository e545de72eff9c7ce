"""Drawings of a pipeline."""

from __future__ import annotations

from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.graph import dot, mermaid
from pipeline.messages import Described

CONFIG = PipelineConfig(
    (
        StageConfig("end", "pkg:Camera", "end"),
        StageConfig("b", "b", "work"),
        StageConfig("c", "c", "work"),
        StageConfig("d", "d", "d"),
    ),
    (LinkConfig("end", "b"), LinkConfig("b", "c", leaky="downstream"), LinkConfig("end", "d", pad="packets")),
    name='a "room"',
)
DESCRIBED = [
    Described("end", None, {"frames": "video/raw,format={bgr24,gray8}", "packets": "video/h264"}),
    Described("b", "video/raw,format=gray8", {"src": "video/motion"}),
    Described("c", "video/motion", {}),
    Described("d", "video/h264", {}),
]


def test_mermaid_has_caps_on_the_arrows_and_boxes_around_fused_stages() -> None:
    assert mermaid(CONFIG, DESCRIBED) == (
        "flowchart LR\n"
        '  s0["end<br>pkg:Camera"]\n'
        '  subgraph ps1["process work"]\n'
        '    s1["b"]\n'
        '    s2["c"]\n'
        "  end\n"
        '  s3["d"]\n'
        '  s0 -- "video/raw<br>format=gray8" --> s1\n'
        '  s1 -- "video/motion<br>leaky=downstream" --> s2\n'
        '  s0 -- "pad packets<br>video/h264" --> s3\n'
    )


def test_dot_says_the_same() -> None:
    assert dot(CONFIG, DESCRIBED) == (
        "digraph pipeline {\n"
        '  label="a \\"room\\""\n'
        "  rankdir=LR\n"
        "  node [shape=box]\n"
        '  s0 [label="end\\npkg:Camera"]\n'
        "  subgraph cluster_s1 {\n"
        '    label="process work"\n'
        '    s1 [label="b"]\n'
        '    s2 [label="c"]\n'
        "  }\n"
        '  s3 [label="d"]\n'
        '  s0 -> s1 [label="video/raw\\nformat=gray8"]\n'
        '  s1 -> s2 [label="video/motion\\nleaky=downstream"]\n'
        '  s0 -> s3 [label="pad packets\\nvideo/h264"]\n'
        "}\n"
    )


def test_without_descriptions_the_arrows_are_bare() -> None:
    assert "  s0 --> s1\n" in mermaid(CONFIG)
    assert "  s0 -> s1\n" in dot(CONFIG)
