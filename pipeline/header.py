"""The fields of a message that was decoded but not yet believed: each is read with the type it must have. Pure.

``wire`` makes one of every header and every map inside it; what comes out of here may be used as it is.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pipeline.errors import WireError
from pipeline.messages import Ledger
from pipeline.states import State


class Header:
    """Fields by name; every method raises WireError for a field that is missing or of another type."""

    def __init__(self, fields_: dict[str, Any]) -> None:
        self._fields = fields_

    def get(self, key: str) -> object:
        if key not in self._fields:
            raise WireError(f"field '{key}' is missing")
        return self._fields[key]

    def integer(self, key: str, low: int = -(1 << 63), high: int = (1 << 63) - 1) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise WireError(f"field '{key}' is not an integer in its range")
        return value

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str):
            raise WireError(f"field '{key}' is not text")
        return value

    def sequence(self, key: str, longest: int) -> list[object]:
        value = self.get(key)
        if not isinstance(value, list) or len(value) > longest:
            raise WireError(f"field '{key}' is not a list of at most {longest}")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.get(key)
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise WireError(f"field '{key}' is not a map")
        return value

    def texts(self, key: str) -> dict[str, str]:
        value = self.mapping(key)
        if not all(isinstance(entry, str) for entry in value.values()):
            raise WireError(f"field '{key}' is not a map of texts")
        return value

    def ledgers(self, key: str) -> dict[str, Ledger]:
        value = self.mapping(key)
        if not all(isinstance(entry, dict) for entry in value.values()):
            raise WireError(f"field '{key}' is not a map of ledgers")
        return {name: _ledger(Header(entry)) for name, entry in value.items()}

    def state(self, key: str) -> State:
        value = self.text(key)
        try:
            return State(value)
        except ValueError as e:
            raise WireError(f"unknown state '{value[:40]}'") from e


def _ledger(body: Header) -> Ledger:
    dropped = Header({"dropped": body.get("dropped")}).mapping("dropped")
    counts = {name: Header(dropped).integer(name, 0) for name in dropped}
    numbers = {f.name: body.integer(f.name) for f in fields(Ledger) if f.name != "dropped"}
    return Ledger(**numbers, dropped=counts)
