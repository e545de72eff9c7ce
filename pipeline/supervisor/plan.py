"""From a PipelineConfig to what each process is told to be, and whether the pads of all links fit. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.caps import Caps
from pipeline.config import LinkConfig, PipelineConfig
from pipeline.errors import CapsError, ConfigError
from pipeline.messages import Described
from pipeline.runner.spec import NodeSpec, ProcessSpec, ReceiveSpec, SendSpec


def processes(config: PipelineConfig, folder: str, parent_pid: int, began_ns: int = 0) -> list[ProcessSpec]:
    """One ProcessSpec per process, in order of the data flow. Raises ConfigError if fused stages are not connected."""
    home = {stage.name: stage.process for stage in config.stages}
    specs: list[ProcessSpec] = []
    for process in dict.fromkeys(home.values()):
        members = [stage for stage in config.stages if stage.process == process]
        names = {stage.name for stage in members}
        entering = [link for link in config.links if link.sink in names and link.source not in names]
        heads = len([stage for stage in members if not any(link.sink == stage.name for link in config.links)])
        if len(entering) + heads != 1:
            raise ConfigError(f"process '{process}' hosts stages that are not connected; fuse neighbours only")
        inner = [link for link in config.links if link.sink in names and link.source in names]
        specs.append(
            ProcessSpec(
                process=process,
                parent_pid=parent_pid,
                folder=folder,
                nodes=tuple(
                    NodeSpec(
                        stage.name,
                        stage.factory,
                        stage.properties,
                        tuple((link.pad, link.sink) for link in inner if link.source == stage.name),
                    )
                    for stage in sorted(members, key=lambda stage: entering != [] and stage.name != entering[0].sink)
                ),
                sends=tuple(
                    SendSpec(link.id, link.source, link.pad, link.window, link.leaky)
                    for link in config.links
                    if link.source in names and link.sink not in names
                ),
                receive=ReceiveSpec(entering[0].id, entering[0].sink) if entering else None,
                accounted=config.restart.policy == "process",
                began_ns=began_ns,
            )
        )
    return specs


def linkable(config: PipelineConfig, described: Mapping[str, Described]) -> dict[str, str]:
    """What both ends of each link allow, by link id. Raises CapsError naming both stages and both caps."""
    allowed: dict[str, str] = {}
    for link in config.links:
        pad, offered = _offered(link, described[link.source])
        wanted = described[link.sink].sink_caps
        if wanted is None:
            raise CapsError(f"'{link.sink}' is a source and cannot come after '{link.source}'")
        both = offered.intersect(Caps.parse(wanted))
        if both is None:
            raise CapsError(
                f"cannot link '{link.source}' to '{link.sink}': {link.source}.{pad} gives {offered}, "
                f"{link.sink} takes {wanted}; another stage belongs between them"
            )
        allowed[link.id] = str(both)
    return allowed


def source_caps(config: PipelineConfig, stage: str, allowed: Mapping[str, str], described: Described) -> dict[str, str]:
    """What the far ends allow on each linked src pad of ``stage``, met over all links of the pad."""
    pads: dict[str, Caps] = {}
    for link in config.links:
        if link.source != stage:
            continue
        pad = link.pad or next(iter(described.src_caps))
        caps = Caps.parse(allowed[link.id])
        met = caps if pad not in pads else pads[pad].intersect(caps)
        if met is None:
            raise CapsError(f"the links from {stage}.{pad} have no format in common; {link.sink} takes {caps}")
        pads[pad] = met
    return {pad: str(caps) for pad, caps in pads.items()}


def _offered(link: LinkConfig, source: Described) -> tuple[str, Caps]:
    if not source.src_caps:
        raise ConfigError(f"'{link.source}' has no src pad; '{link.sink}' cannot come after it")
    pad = link.pad or next(iter(source.src_caps))
    if pad not in source.src_caps:
        raise ConfigError(f"'{link.source}' has no src pad '{pad}'; it has: {', '.join(source.src_caps)}")
    return pad, Caps.parse(source.src_caps[pad])
