"""Which settings ``slidetap tune`` tries: a preset and what is changed of it. Every candidate is checked before a frame
is decoded. It runs nothing.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from pipeline.errors import ConfigError
from pipeline.stage import Properties, validated
from stages.bgsub import BgsubProperties
from stages.dedup import DedupProperties
from stages.presets import PRESETS
from stages.trigger import TriggerProperties

Setting: TypeAlias = bool | int | float | str
Axis: TypeAlias = tuple[tuple[tuple[str, Setting], ...], ...]  # its places; at each of them some keys have a value

KINDS: Mapping[str, type[Properties]] = {
    "bgsub": BgsubProperties,
    "trigger": TriggerProperties,
    "dedup": DedupProperties,
}
# What is tried unless a sweep names methods: what each detector with a preset of its own is worth.
METHODS = ("default", "tiles", "knn", "gmg", "mog2", "frame_diff")
MOST = 2000
_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the preset's percents
_SETTLE_TIMES = (0.3, 0.5, 1.0)
_DELAYS = (1.0, 2.0, 2.83)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A preset's name, and what is changed of it: (``stage.key``, value), each key once."""

    method: str
    settings: tuple[tuple[str, Setting], ...] = ()

    def properties(self) -> dict[str, dict[str, object]]:
        """Of each of the stages, without what they have by default."""
        made = {stage: dict(PRESETS[self.method].get(stage, {})) for stage in KINDS}
        for name, value in self.settings:
            stage, _, key = name.partition(".")
            made[stage][key] = value
        return made

    @property
    def changes(self) -> int:
        """How many properties differ from the preset's."""
        plain, changed = (
            {stage: validated(kind, properties[stage]) for stage, kind in KINDS.items()}
            for properties in (Candidate(self.method).properties(), self.properties())
        )
        names = (name.partition(".") for name, _ in self.settings)
        return sum(getattr(plain[stage], key) != getattr(changed[stage], key) for stage, _, key in names)

    @property
    def words(self) -> str:
        """What is changed, in one line."""
        return " ".join(f"{name.partition('.')[2]}={value}" for name, value in self.settings) or "as it is"


def grid(sweeps: Sequence[str]) -> list[Candidate]:
    """All candidates; each method's preset as it is comes first. ``sweeps``: ``KEY=V1,V2``, and all their combinations;
    KEY is ``method`` or a property of bgsub, trigger or dedup, with the stage's name before it where two have it.

    Raises ConfigError for an unknown key, and for values that no stage takes.
    """
    methods, axes = _methods(), []
    for sweep in sweeps:
        key, _, values = sweep.partition("=")
        key, found = key.strip(), [value.strip() for value in values.split(",") if value.strip()]
        if not found:
            raise ConfigError(f"'{sweep}' is no sweep; write KEY=VALUE,VALUE, such as trigger.start_percent=0.1,0.2")
        if key == "method":
            methods = _known_methods(found)
        else:
            name = _full_name(key)
            axes.append((name, tuple(((name, _value(value)),) for value in found)))
    names = [name for name, _ in axes]
    if len(set(names)) < len(names):
        raise ConfigError("a key is swept twice; give all its values at once: KEY=VALUE,VALUE")
    if axes and not any(sweep.partition("=")[0].strip() == "method" for sweep in sweeps):
        methods = ("default",)
    made: list[Candidate] = []
    for method in methods:
        chosen = [axis for _, axis in axes] or _usual(method)
        if math.prod(map(len, chosen)) * len(methods) > MOST:
            raise ConfigError(f"more than {MOST} combinations; sweep fewer values at a time")
        places = [Candidate(method, tuple(s for place in places for s in place)) for places in product(*chosen)]
        made += [Candidate(method), *(place for place in places if place.changes)]
    return made


def _methods() -> tuple[str, ...]:
    """Those of ``METHODS`` that are there, each preset once."""
    kept: list[str] = []
    for method in METHODS:
        if method in PRESETS and all(PRESETS[method] != PRESETS[other] for other in kept):
            kept.append(method)
    return tuple(kept)


def _known_methods(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in PRESETS:
            raise ConfigError(f"'{name}' is no method; there is: {', '.join(PRESETS)}")
    return tuple(dict.fromkeys(names))


def _usual(method: str) -> list[Axis]:
    """Both percents of the trigger together, and the time it waits."""
    rules = TriggerProperties.model_validate(PRESETS[method].get("trigger", {}))
    start, settle = rules.start_percent, rules.settle_percent
    if rules.policy == "delay":
        percents = tuple((("trigger.start_percent", _near(start * f)),) for f in _FACTORS)
        return [percents, tuple((("trigger.delay", delay),) for delay in _DELAYS)]
    percents_of_both = tuple(
        (("trigger.start_percent", _near(start * f)), ("trigger.settle_percent", _near(settle * f))) for f in _FACTORS
    )
    if rules.settle_time == 0:
        return [percents_of_both]
    return [percents_of_both, tuple((("trigger.settle_time", time),) for time in _SETTLE_TIMES)]


def _near(percent: float) -> float:
    return min(100.0, float(f"{percent:.3g}"))


def _full_name(key: str) -> str:
    """``stage.key``. Raises ConfigError if no stage, or more than one, has it."""
    stage, dot, rest = key.partition(".")
    if dot:
        if stage not in KINDS:
            raise ConfigError(f"'{key}': there is no stage '{stage}' to tune; there is: {', '.join(KINDS)}")
        if rest not in KINDS[stage].model_fields:
            raise ConfigError(f"{stage} has no property '{rest}'{_hint(rest, KINDS[stage].model_fields)}")
        return key
    having = [stage for stage, kind in KINDS.items() if key in kind.model_fields]
    if not having:
        every = [name for kind in KINDS.values() for name in kind.model_fields]
        raise ConfigError(f"no stage has a property '{key}'{_hint(key, every)}")
    if len(having) > 1:
        raise ConfigError(f"'{key}' is a property of {' and '.join(having)}; write {having[0]}.{key}")
    return f"{having[0]}.{key}"


def _hint(key: str, names: Sequence[str] | Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, list(names), n=1)
    return f"; did you mean '{near[0]}'?" if near else "; slidetap inspect STAGE lists what there is"


def _value(text: str) -> Setting:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
