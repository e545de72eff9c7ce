"""Launch lines as words, and words as values: quoting, and what counts as a number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import ConfigError

RESERVED = ("name", "process", "window", "leaky")
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9_./:@%+,~?&*=-]+")
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line: ``!``, ``(``, ``)`` or anything else. ``quoted``: some of it stood in quotes."""

    text: str
    at: int
    quoted: bool = False

    def is_sign(self, sign: str) -> bool:
        """Whether it is this sign, not in quotes."""
        return self.text == sign and not self.quoted


def words(line: str) -> Iterator[Word]:
    """The words of a line. Raises ConfigError for quotes that do not close."""
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
        elif line[at] in "!()":
            yield Word(line[at], at)
            at += 1
        else:
            word, at = _word(line, at)
            yield word


def _word(line: str, begin: int) -> tuple[Word, int]:
    """A word ends at a space or parenthesis; an exclamation mark within it is part of it."""
    text: list[str] = []
    quote = ""
    quoted = False
    at = begin
    while at < len(line):
        char = line[at]
        if quote and char == quote:
            quote = ""
        elif quote == '"' and char == "\\" and at + 1 < len(line):
            at += 1
            text.append(line[at])
        elif quote:
            text.append(char)
        elif char in "\"'":
            quote, quoted = char, True
        elif char == "(":
            raise ConfigError(f"launch line, position {at + 1}: '(' within a word; put the value in quotes")
        elif char.isspace() or char == ")":
            break
        else:
            text.append(char)
        at += 1
    if quote:
        raise ConfigError(f"launch line, position {begin + 1}: the quote {quote} is not closed")
    return Word("".join(text), begin, quoted), at


def typed(text: str) -> Value:
    """An unquoted value: a number only if written as Python writes it, so that 007 and 1.10 stay texts."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if repr(value) == text and math.isfinite(value):
            return value
    return text


def quoted(text: str) -> str:
    """``text`` as a word that reads as ``text``, in quotes where it needs them."""
    if _BARE.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
