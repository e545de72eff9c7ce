"""A pipeline as a drawing, in Mermaid or dot: stages as boxes, processes around them, caps on the arrows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.caps import Caps
from pipeline.config import LinkConfig, PipelineConfig, StageConfig
from pipeline.messages import Described


def mermaid(config: PipelineConfig, described: Sequence[Described] = ()) -> str:
    """A Mermaid flowchart. ``described``: what ``supervisor.check`` returned; without it the arrows carry no caps."""
    ids = _ids(config)
    lines = ["flowchart LR"]
    for process, members in _processes(config):
        boxes = [f'{ids[stage.name]}["{"<br>".join(_title(stage))}"]' for stage in members]
        if len(members) > 1:
            boxes = [f'subgraph p{ids[members[0].name]}["process {process}"]', *("  " + box for box in boxes), "end"]
        lines += ["  " + box for box in boxes]
    for link in config.links:
        label = "<br>".join(_notes(link, described))
        arrow = f'-- "{label}" -->' if label else "-->"
        lines.append(f"  {ids[link.source]} {arrow} {ids[link.sink]}")
    return "\n".join(lines) + "\n"


def dot(config: PipelineConfig, described: Sequence[Described] = ()) -> str:
    """The same for Graphviz."""
    ids = _ids(config)
    lines = ["digraph pipeline {", f"  label={_text(config.name)}", "  rankdir=LR", "  node [shape=box]"]
    for process, members in _processes(config):
        boxes = [f"{ids[stage.name]} [label={_text(*_title(stage))}]" for stage in members]
        if len(members) > 1:
            label = f"  label={_text('process ' + process)}"
            boxes = [f"subgraph cluster_{ids[members[0].name]} {{", label, *("  " + box for box in boxes), "}"]
        lines += ["  " + box for box in boxes]
    for link in config.links:
        notes = _notes(link, described)
        label = f" [label={_text(*notes)}]" if notes else ""
        lines.append(f"  {ids[link.source]} -> {ids[link.sink]}{label}")
    return "\n".join([*lines, "}"]) + "\n"


def _ids(config: PipelineConfig) -> dict[str, str]:
    """Names that cannot clash with words of either language, such as ``end``."""
    return {stage.name: f"s{number}" for number, stage in enumerate(config.stages)}


def _processes(config: PipelineConfig) -> Iterator[tuple[str, list[StageConfig]]]:
    for process in dict.fromkeys(stage.process for stage in config.stages):
        yield process, [stage for stage in config.stages if stage.process == process]


def _title(stage: StageConfig) -> list[str]:
    return [stage.name] if stage.factory == stage.name else [stage.name, stage.factory]


def _notes(link: LinkConfig, described: Sequence[Described]) -> list[str]:
    """What stands on an arrow, line by line: the pad if it is not the first, the caps that both ends allow, leaky."""
    notes = [f"pad {link.pad}"] if link.pad else []
    ends = {each.stage: each for each in described}
    if link.source in ends and link.sink in ends:
        src = ends[link.source].src_caps
        offered, wanted = src[link.pad or next(iter(src))], ends[link.sink].sink_caps
        both = Caps.parse(offered).intersect(Caps.parse(wanted)) if wanted else None
        media, *fields = str(both).split(",", 1) if both else (offered,)
        notes += [media, *fields]
    return notes if link.leaky == "no" else [*notes, f"leaky={link.leaky}"]


def _text(*lines: str) -> str:
    r"""A quoted label of dot; its line break is ``\n``, written out."""
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'
