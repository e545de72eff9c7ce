"""PipelineConfig -> launch line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.config import DEFAULT_WINDOW, LinkConfig, PipelineConfig, StageConfig
from pipeline.errors import ConfigError
from pipeline.factories import default_name
from pipeline.launch.words import ASSIGNMENT, RESERVED, quoted, typed
from pipeline.topology import validate


def to_launch(config: PipelineConfig) -> str:
    """The line that ``parse`` reads as ``config``, but for its name and limits, which a line does not have.

    Raises ConfigError for what a line cannot hold: a property that is a list, a table, or has a reserved name.
    """
    validate(config)
    fed = {link.sink: link for link in config.links}
    told: set[str] = set()
    chains: list[str] = []
    for position, stage in enumerate(config.stages):
        if stage.name in told:
            continue
        words: list[str] = []
        if stage.name in fed:
            link = fed[stage.name]
            words += [f"{link.source}.{link.pad}", "!"]
        chain = [stage]
        for later in config.stages[position + 1 :]:
            link_in = fed[later.name]
            if link_in.source != chain[-1].name or link_in.pad:
                break
            chain.append(later)
        told |= {each.name for each in chain}
        words.append(" ! ".join(_fused(chain, config, fed)))
        chains.append(" ".join(words))
    return "  ".join(chains)


def _fused(chain: list[StageConfig], config: PipelineConfig, fed: Mapping[str, LinkConfig]) -> Iterator[str]:
    """The stages of a chain in words; those of one process in parentheses where these say all there is to say."""
    start = 0
    while start < len(chain):
        process = chain[start].process
        end = start
        while end < len(chain) and chain[end].process == process:
            end += 1
        group = chain[start:end]
        everybody = sum(stage.process == process for stage in config.stages) == len(group)
        if len(group) > 1 and everybody and process == group[0].name:
            yield "( " + " ! ".join(_stage_text(stage, fed.get(stage.name), process) for stage in group) + " )"
        else:
            yield from (_stage_text(stage, fed.get(stage.name), stage.name) for stage in group)
        start = end


def _stage_text(stage: StageConfig, link: LinkConfig | None, process: str) -> str:
    words = [quoted(stage.factory)]
    if stage.name != default_name(stage.factory):
        words.append(f"name={stage.name}")
    if stage.process != process:
        words.append(f"process={stage.process}")
    if link is not None and link.window != DEFAULT_WINDOW:
        words.append(f"window={link.window}")
    if link is not None and link.leaky != "no":
        words.append(f"leaky={link.leaky}")
    for key, value in stage.properties.items():
        if key in RESERVED or not ASSIGNMENT.fullmatch(f"{key}="):
            raise ConfigError(f"stage '{stage.name}': a launch line cannot set a property called '{key}'")
        words.append(f"{key}={_value_text(stage.name, key, value)}")
    return " ".join(words)


def _value_text(stage: str, key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return quoted(value) if isinstance(typed(value), str) else f'"{value}"'
    raise ConfigError(f"stage '{stage}': property '{key}' = {value!r}: a launch line holds texts, numbers, true, false")
