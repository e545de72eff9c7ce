"""Caps: what kind of data crosses a pad. A template leaves fields open, fixed caps leave none.

The notation is GStreamer's, reduced: ``video/raw,format={gray8,bgr24},width=[1,16384]``. A field that is
missing is unrestricted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.errors import CapsError, ConfigError

Scalar: TypeAlias = int | float | str


@dataclass(frozen=True, slots=True)
class Span:
    """An inclusive numeric range."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"[{_scalar_text(self.low)},{_scalar_text(self.high)}]"


Choice: TypeAlias = frozenset[Scalar] | Span


def choice(*values: Scalar) -> Choice:
    """A field that may take any of ``values``."""
    return frozenset(values)


@dataclass(frozen=True, slots=True)
class Caps:
    """``media`` is a media type such as ``video/raw``; ``fields`` restrict it."""

    media: str
    fields: Mapping[str, Choice] = field(default_factory=dict)

    @classmethod
    def of(cls, media: str, **fields: Scalar | tuple[Scalar, ...] | Span) -> Caps:
        """Build caps from plain values: a scalar is fixed, a tuple is a set of choices."""
        made: dict[str, Choice] = {}
        for key, value in fields.items():
            if isinstance(value, Span):
                made[key] = value
            elif isinstance(value, tuple):
                made[key] = frozenset(value)
            else:
                made[key] = frozenset((value,))
        return cls(media, made)

    @classmethod
    def parse(cls, text: str) -> Caps:
        """Read the notation that ``str()`` writes. Raises ConfigError naming the part that is wrong."""
        media, _, rest = text.strip().partition(",")
        if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", media):
            raise ConfigError(f"caps '{text}': '{media}' is no media type; write for example video/raw")
        return cls(media, dict(_parse_fields(rest, text)))

    def intersect(self, other: Caps) -> Caps | None:
        """The caps both allow, or None."""
        if self.media != other.media:
            return None
        merged: dict[str, Choice] = dict(self.fields)
        for key, theirs in other.fields.items():
            both = _meet(merged[key], theirs) if key in merged else theirs
            if both is None:
                return None
            merged[key] = both
        return Caps(self.media, merged)

    def can_link(self, other: Caps) -> bool:
        """Whether a pad with these caps can feed one with ``other``."""
        return self.intersect(other) is not None

    def fixate(self, **preferred: Scalar) -> Caps:
        """Choose one value per field: the preferred one if allowed, else the smallest choice, else the low end.

        Raises CapsError if a preferred value is not allowed.
        """
        fixed: dict[str, Choice] = {}
        for key, allowed in self.fields.items():
            if key in preferred:
                if _meet(allowed, frozenset((preferred[key],))) is None:
                    raise CapsError(f"{self.media}: {key}={preferred[key]} is not in {_choice_text(allowed)}")
                fixed[key] = frozenset((preferred[key],))
            else:
                fixed[key] = frozenset((_first(allowed),))
        for key, value in preferred.items():
            fixed.setdefault(key, frozenset((value,)))
        return Caps(self.media, fixed)

    @property
    def is_fixed(self) -> bool:
        return all(isinstance(value, frozenset) and len(value) == 1 for value in self.fields.values())

    def value(self, key: str) -> Scalar:
        """The value of a fixed field. Raises CapsError if the field is missing or open."""
        allowed = self.fields.get(key)
        if not isinstance(allowed, frozenset) or len(allowed) != 1:
            raise CapsError(f"caps '{self}': field '{key}' is not fixed")
        return next(iter(allowed))

    def __str__(self) -> str:
        return ",".join([self.media, *(f"{key}={_choice_text(value)}" for key, value in self.fields.items())])


def _first(allowed: Choice) -> Scalar:
    if isinstance(allowed, Span):
        return allowed.low
    return min(allowed, key=lambda value: (isinstance(value, str), value))


def _meet(a: Choice, b: Choice) -> Choice | None:
    if isinstance(a, Span) and isinstance(b, Span):
        low, high = max(a.low, b.low), min(a.high, b.high)
        return Span(low, high) if low <= high else None
    if isinstance(a, Span):
        return _meet(b, a)
    if isinstance(b, Span):
        inside: frozenset[Scalar] = frozenset(v for v in a if not isinstance(v, str) and b.low <= v <= b.high)
    else:
        inside = a & b
    return inside or None


def _scalar_text(value: Scalar) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _choice_text(allowed: Choice) -> str:
    if isinstance(allowed, Span):
        return str(allowed)
    ordered = sorted(allowed, key=lambda value: (isinstance(value, str), value))
    texts = [_scalar_text(value) for value in ordered]
    return texts[0] if len(texts) == 1 else "{" + ",".join(texts) + "}"


_FIELD = re.compile(r"([a-z_]+)=(\{[^{}\[\]]*\}|\[[^{}\[\]]*\]|[^,{}\[\]]+)(?:,|$)")


def _parse_fields(text: str, whole: str) -> Iterator[tuple[str, Choice]]:
    position = 0
    seen: set[str] = set()
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            raise ConfigError(f"caps '{whole}': cannot read '{text[position:]}'; write field=value or field={{a,b}}")
        key, value = match.groups()
        if key in seen:
            raise ConfigError(f"caps '{whole}': '{key}' stands there twice; write {key}={{a,b}} for a choice")
        seen.add(key)
        if value.startswith("{"):
            parts = [part.strip() for part in value[1:-1].split(",")]
            if "" in parts:
                raise ConfigError(f"caps '{whole}': '{value}' has an empty choice; write {{a,b}}")
            yield key, frozenset(_scalar(part) for part in parts)
        elif value.startswith("["):
            ends = [_scalar(part) for part in value[1:-1].split(",")]
            if len(ends) != 2 or isinstance(ends[0], str) or isinstance(ends[1], str) or not ends[0] <= ends[1]:
                raise ConfigError(f"caps '{whole}': '{value}' is no range; write [low,high]")
            yield key, Span(ends[0], ends[1])
        else:
            yield key, frozenset((_scalar(value),))
        position = match.end()


def _scalar(text: str) -> Scalar:
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
