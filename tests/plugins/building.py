"""Short ways to describe a pipeline of playthings, for tests."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config import Limits, LinkConfig, PipelineConfig, StageConfig

Step = tuple[str, str, Mapping[str, object]]


def chain(
    *steps: Step, fused: tuple[str, ...] = (), leaky: str = "no", window: int = 8, **limits: float
) -> PipelineConfig:
    """A pipeline of (name, class in playthings, properties), linked in order; ``fused`` ones share a process."""
    stages = tuple(
        StageConfig(name, f"playthings:{factory}", "together" if name in fused else name, properties)
        for name, factory, properties in steps
    )
    links = tuple(
        LinkConfig(before[0], after[0], window=window, leaky=leaky)
        for before, after in zip(steps, steps[1:], strict=False)
    )
    return PipelineConfig(stages, links, limits=Limits(**limits))
