"""Which of a pipeline's stages is what for lectures: its source, the exporter, the processes that analyse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError

_EXPORTER = ("exporter", "stages.exporter:Exporter")
_SEGMENTATION = ("segmentation", "stages.segmentation:Segmentation")
_OF_A_STREAM = ("wait", "format")  # how a pipeline is put together, not how a presenter is found
_RECORDER = ("recorder", "stages.recorder:Recorder")


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of stages, and of the processes that analyse (never the source's). ``segmentation``: what a conversion of
    a recording must set to find the presenter as this pipeline does; None: it does not look for one.
    """

    source: str
    exporter: str
    analysis: frozenset[str]
    segmentation: Mapping[str, object] | None = None


def layout(config: PipelineConfig) -> Layout:
    """Raises ConfigError if lectures cannot be kept with this pipeline."""
    sinks = {link.sink for link in config.links}
    source = next(stage for stage in config.stages if stage.name not in sinks)
    exporter = next((stage for stage in config.stages if stage.factory in _EXPORTER), None)
    if exporter is None:
        raise ConfigError("[lectures] needs an exporter among the stages; it writes the slides")
    if exporter.properties.get("location"):
        raise ConfigError(
            f"stage '{exporter.name}': location is for a conversion; leave it out, as [lectures] says where lectures go"
        )
    analysis = {stage.process for stage in config.stages if stage.factory not in _RECORDER} - {source.process}
    finders = [stage for stage in config.stages if stage.factory in _SEGMENTATION]
    found_with = (
        {key: value for key, value in finders[0].properties.items() if key not in _OF_A_STREAM} if finders else None
    )
    return Layout(source.name, exporter.name, frozenset(analysis), found_with)
