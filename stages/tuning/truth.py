"""The truth of a clip, made by hand: NAME.truth.json, checked as it is read. It scores nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import DataError, SourceError

_LONGEST_S = 1e9  # NaN is not below it either


@dataclass(frozen=True, slots=True)
class Slide:
    """Times in seconds. ``tolerated``: so many captures of it are no fault. ``optional``: missing it is none either."""

    start: float
    end: float
    partial_from: float
    tolerated: int
    optional: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """The slides of one clip, and stretches in which captures count for nothing."""

    slides: tuple[Slide, ...]
    ignore: tuple[tuple[float, float], ...]

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Read a file. Raises SourceError if it cannot be read, DataError that names the entry if it is no truth."""
        try:
            text = path.read_bytes().decode()
        except OSError as e:
            raise SourceError(f"'{path}' cannot be read: {e.strerror}") from e
        except UnicodeDecodeError as e:
            raise DataError(f"'{path}' is no text file in UTF-8; a truth file is written in JSON") from e
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as e:  # also numbers of thousands of digits
            raise DataError(f"'{path}' is no JSON: {e}") from e
        reading = _Reading(path)
        if not isinstance(raw, dict) or "slides" not in raw:
            raise reading.error('it must be an object with "slides": [{"start": seconds, "end": seconds}, ...]')
        slides = [reading.slide(f"slides[{n}]", entry) for n, entry in enumerate(reading.entries(raw, "slides"))]
        ignored = [reading.stretch(f"ignore[{n}]", entry) for n, entry in enumerate(reading.entries(raw, "ignore"))]
        return cls(tuple(slides), tuple(ignored))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file; it knows what errors are to name."""

    path: Path

    def entries(self, raw: Mapping[str, object], key: str) -> list[object]:
        found = raw.get(key, [])
        if not isinstance(found, list):
            raise self.error(f'"{key}" must be a list')
        return found

    def slide(self, where: str, entry: object) -> Slide:
        start, end = self.stretch(where, entry)
        assert isinstance(entry, dict), "it is a stretch"
        partial = self._seconds(where, entry, "partial_from") if "partial_from" in entry else start
        tolerated, optional = entry.get("tolerated_captures", 1), entry.get("optional", False)
        if not isinstance(tolerated, int) or isinstance(tolerated, bool) or tolerated < 1:
            raise self.error(f'{where}: "tolerated_captures" is {tolerated!r}; it must be a whole number from 1')
        if not isinstance(optional, bool):
            raise self.error(f'{where}: "optional" is {optional!r}; it must be true or false')
        return Slide(start, end, partial, tolerated, optional)

    def stretch(self, where: str, entry: object) -> tuple[float, float]:
        if not isinstance(entry, dict):
            raise self.error(f'{where} must be an object with "start" and "end" in seconds')
        start, end = self._seconds(where, entry, "start"), self._seconds(where, entry, "end")
        if end < start:
            raise self.error(f'{where}: "end" {end:g} is before "start" {start:g}')
        return start, end

    def _seconds(self, where: str, entry: Mapping[str, object], key: str) -> float:
        found = entry.get(key)
        if not isinstance(found, int | float) or isinstance(found, bool) or not abs(found) <= _LONGEST_S:
            raise self.error(f'{where}: "{key}" is {_short(found)}; it must be a time in seconds')
        return found

    def error(self, text: str) -> DataError:
        return DataError(f"'{self.path}': {text}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
