"""Complaints that come again with every try: each is said once an hour. Pure; time comes as a value."""

from __future__ import annotations

import re

_HOUR_NS = 3600 * 10**9
_FIGURES = re.compile(r"\d+(\.\d+)? [KMG]iB")  # how much room there is differs at each try


class Repeats:
    """Of one daemon."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def is_new(self, text: str, now_ns: int) -> bool:
        """Whether this was not said within the last hour."""
        self._said = {each: at_ns for each, at_ns in self._said.items() if now_ns - at_ns < _HOUR_NS}
        key = _FIGURES.sub("", text)
        return self._said.setdefault(key, now_ns) == now_ns
