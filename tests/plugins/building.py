"""Short ways to describe a pipeline of playthings, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pipeline.config import Limits, LinkConfig, PipelineConfig, Restart, StageConfig

Step = tuple[str, str, Mapping[str, object]]


def chain(
    *steps: Step, fused: tuple[str, ...] = (), leaky: str = "no", window: int = 8, **limits: float
) -> PipelineConfig:
    """A pipeline of (name, class in playthings or import string, properties), linked in order; ``fused`` ones share
    a process.
    """
    stages = tuple(
        StageConfig(
            name,
            factory if ":" in factory else f"playthings:{factory}",
            "together" if name in fused else name,
            properties,
        )
        for name, factory, properties in steps
    )
    links = tuple(
        LinkConfig(before[0], after[0], window=window, leaky=leaky)
        for before, after in zip(steps, steps[1:], strict=False)
    )
    return PipelineConfig(stages, links, limits=Limits(**limits))


def restarted(config: PipelineConfig, policy: str = "process", **restart: float) -> PipelineConfig:
    """The same, with processes that are restarted: quickly."""
    return replace(config, restart=replace(Restart(policy, backoff=0.01, longest=0.05), **restart))
