"""What a file that was read again says anew: what of it can change while the pipeline runs, and what cannot. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from pipeline.config import Limits, LinkConfig, PipelineConfig, Restart, Service, StageConfig


@dataclass(frozen=True, slots=True)
class Difference:
    """Names of what is new in a file, as a person would look for them in it."""

    limits: tuple[str, ...]
    restart: tuple[str, ...]
    application: tuple[str, ...]
    kept: tuple[str, ...]

    def sentence(self) -> str:
        """What was done about it."""
        now = [*(f"[{table}]" for table in self.application), *self.limits, *self.restart]
        later = self.kept
        if not now and not later:
            return "the file was read again: nothing in it has changed"
        parts = [f"in force now: {', '.join(now)}"] if now else []
        parts += [f"only after a restart: {', '.join(later)}"] if later else []
        return "the file was read again; " + "; ".join(parts)


def difference(old: PipelineConfig, new: PipelineConfig) -> Difference:
    """What ``new`` says that ``old`` does not."""
    tables = {*old.application, *new.application}
    return Difference(
        limits=_changed("limits", old.limits, new.limits),
        restart=_changed("restart", old.restart, replace(new.restart, policy=old.restart.policy)),
        application=tuple(sorted(name for name in tables if old.application.get(name) != new.application.get(name))),
        kept=(
            *(("the pipeline's name",) if old.name != new.name else ()),
            *_stages(old.stages, new.stages),
            *(("links",) if _shape(old.links) != _shape(new.links) else ()),
            *(("[restart] policy",) if old.restart.policy != new.restart.policy else ()),
            *_changed("service", old.service or Service(), new.service or Service()),
        ),
    )


def _changed(table: str, old: Limits | Restart | Service, new: Limits | Restart | Service) -> tuple[str, ...]:
    """Keys with another value, as [table] key."""
    names = [field.name for field in fields(old) if getattr(old, field.name) != getattr(new, field.name)]
    return tuple(f"[{table}] {name}" for name in names)


def _stages(old: tuple[StageConfig, ...], new: tuple[StageConfig, ...]) -> tuple[str, ...]:
    before, after = {stage.name: stage for stage in old}, {stage.name: stage for stage in new}
    names = dict.fromkeys([*before, *after])
    return tuple(f"stage '{name}'" for name in names if before.get(name) != after.get(name))


def _shape(links: tuple[LinkConfig, ...]) -> list[LinkConfig]:
    return sorted(links, key=lambda link: link.id)
