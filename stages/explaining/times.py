"""Times as people write them, and back. Pure."""

from __future__ import annotations

import re

from pipeline.frame import SECOND_NS

_CLOCK = re.compile(r"(?:(?:(\d{1,9}):)?(\d{1,9}):)?(\d{1,9}(?:\.\d+)?)")


def parsed(text: str) -> int:
    """``00:14:03``, ``14:03.5`` or ``843.5`` in ns. Raises ValueError for anything else."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is no time; write 1:14:03, 14:03.5 or seconds, such as 843.5")
    hours, minutes, seconds = match.groups()
    if (hours is not None and int(minutes) >= 60) or (minutes is not None and float(seconds) >= 60):
        raise ValueError(f"'{text}' is no time: minutes and seconds go to 59")
    whole, _, part = seconds.partition(".")
    total = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(whole)
    return total * SECOND_NS + round(float(f"0.{part or 0}") * SECOND_NS)


def clock(ns: int) -> str:
    """``0:14:03.5``, to a tenth; before 0 with a minus."""
    tenths = round(abs(ns) * 10 / SECOND_NS)
    minutes, rest = divmod(tenths, 600)
    sign = "-" if ns < 0 and tenths else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{rest // 10:02}.{rest % 10}"


def length(ns: int) -> str:
    """``0.4 s``, ``12 s``, ``3 min``."""
    seconds = ns / SECOND_NS
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 300 else f"{seconds / 60:.0f} min"


def percent(value: object) -> str:
    """Two places, more for what is less than that; ``unknown`` for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "unknown"
    return f"{value:.2f} %" if value == 0 or abs(value) >= 0.01 else f"{value:.2g} %"
