"""What of a file that was read again can change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.config import Limits, LinkConfig, PipelineConfig, Restart, Service, StageConfig
from pipeline.daemon.reloading import difference

A, B = StageConfig("a", "x:X", "a"), StageConfig("b", "x:X", "b")
CONFIG = PipelineConfig((A, B), (LinkConfig("a", "b"),), "room", service=Service(), application={"lectures": {"x": 1}})


def test_the_same_file_changes_nothing() -> None:
    assert difference(CONFIG, CONFIG).sentence() == "the file was read again: nothing in it has changed"


@pytest.mark.parametrize(
    ("new", "name"),
    [
        (replace(CONFIG, name="hall"), "the pipeline's name"),
        (replace(CONFIG, stages=(A, replace(B, properties={"x": 1}))), "stage 'b'"),
        (replace(CONFIG, stages=(A, B, replace(B, name="c"))), "stage 'c'"),
        (replace(CONFIG, stages=(A,)), "stage 'b'"),
        (replace(CONFIG, links=(LinkConfig("a", "b", window=3),)), "links"),
        (replace(CONFIG, restart=Restart("process")), "[restart] policy"),
        (replace(CONFIG, service=Service(http=":9101")), "[service] http"),
    ],
)
def test_what_cannot_change_is_kept_and_named(new: PipelineConfig, name: str) -> None:
    found = difference(CONFIG, new)
    assert found.kept == (name,)
    assert found.sentence() == f"the file was read again; only after a restart: {name}"


def test_what_can_change_is_named() -> None:
    new = replace(
        CONFIG, limits=Limits(working_s=5), restart=Restart(crashes=9), application={"lectures": {"x": 2}, "y": {}}
    )
    text = "the file was read again; in force now: [lectures], [y], [limits] working_s, [restart] crashes"
    assert difference(CONFIG, new).sentence() == text
