"""Short names of stages and what they stand for."""

from __future__ import annotations

import sys

import pytest

from pipeline.config import PipelineConfig, StageConfig
from pipeline.errors import ConfigError
from pipeline.factories import available, default_name, import_string, resolve


def test_a_short_name_is_resolved_and_an_import_string_is_left_alone() -> None:
    stages = (StageConfig("a", "decoder", "a"), StageConfig("b", "my.blur:Blur", "b"))
    resolved = resolve(PipelineConfig(stages, ()))
    assert [stage.factory for stage in resolved.stages] == ["stages.decoder:Decoder", "my.blur:Blur"]


def test_resolving_imports_no_stage() -> None:
    before = set(sys.modules)
    assert import_string("exporter") == "stages.exporter:Exporter"
    assert not {name for name in set(sys.modules) - before if name.startswith("stages")}


def test_every_stage_of_the_application_has_a_short_name() -> None:
    assert {"decoder", "testsource", "bgsub", "trigger", "dedup", "exporter"} <= set(available())


@pytest.mark.parametrize(
    ("factory", "hint"),
    [("decodr", "did you mean 'decoder'?"), ("zzz", "there is: "), ("a b:C", "package.module:Class"), (":C", "Class")],
)
def test_an_unknown_stage_is_named_with_what_is_near(factory: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        import_string(factory)
    assert f"'{factory}'" in str(caught.value)
    assert hint in str(caught.value)


def test_a_stage_is_called_by_its_short_name_or_its_class() -> None:
    assert (default_name("dedup"), default_name("my.blur:Blur")) == ("dedup", "blur")
