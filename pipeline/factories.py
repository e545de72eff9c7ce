"""From the short names of stages (``dedup``) to import strings (``stages.dedup:Dedup``), without importing any.

Short names are entry points of the group ``slidetap.stages``, so that other distributions can bring stages.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from dataclasses import replace

from pipeline.config import PipelineConfig
from pipeline.errors import ConfigError

GROUP = "slidetap.stages"
_IMPORT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@functools.cache
def available() -> Mapping[str, str]:
    """Import strings of the installed stages by short name, in alphabetical order."""
    from importlib.metadata import entry_points  # costs 30 ms, which a config of import strings need not pay

    return {entry.name: entry.value for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def import_string(factory: str) -> str:
    """The import string that ``factory`` stands for. Raises ConfigError for a name that nothing has."""
    if ":" in factory:
        if not _IMPORT.fullmatch(factory):
            raise ConfigError(f"stage '{factory}': an import string is written package.module:Class")
        return factory
    known = available()
    if factory in known:
        return known[factory]
    near = difflib.get_close_matches(factory, known, n=1)
    if near:
        hint = f"did you mean '{near[0]}'?"
    elif known:
        hint = "there is: " + ", ".join(known)
    else:
        hint = "no stages are installed; install the package, or write an import string such as stages.dedup:Dedup"
    raise ConfigError(f"unknown stage '{factory}'; {hint}")


def default_name(factory: str) -> str:
    """What a stage is called if nobody says otherwise: its short name, or its class in lower case."""
    return factory.rpartition(":")[2].lower() if ":" in factory else factory


def resolve(config: PipelineConfig) -> PipelineConfig:
    """``config`` with import strings only, as the supervisor's children need it. Raises ConfigError."""
    return replace(
        config, stages=tuple(replace(stage, factory=import_string(stage.factory)) for stage in config.stages)
    )
