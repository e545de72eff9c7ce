"""What is said to people and taken from them: lengths, times of day, texts of a command."""

from __future__ import annotations

from datetime import datetime

from pipeline.errors import ConfigError
from pipeline.frame import Meta

_LONGEST_TEXT = 500


def text_of(arguments: Meta, key: str) -> str:
    """One line of printable text, or none. Raises ConfigError."""
    value = arguments.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{key}: it must be text")
    return one_line(value)[:_LONGEST_TEXT]


def one_line(text: str) -> str:
    """What can be printed of it: no line ends, nothing that a terminal obeys, no halves of characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def length(pts_ns: int) -> str:
    """``1:05:09``."""
    minutes, seconds = divmod(pts_ns // 10**9, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def time_of_day(wall_ns: int) -> str:
    """ISO 8601, in the machine's zone."""
    return datetime.fromtimestamp(wall_ns // 10**9).astimezone().isoformat()
