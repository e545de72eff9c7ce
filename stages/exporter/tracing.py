"""What the trigger saw between captures, from its event into the journal. It reads no meaning into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from pipeline.errors import StageError
from pipeline.frame import Event
from stages.exporter.page import plain
from stages.journal import RULES, Journal, TraceRow


def enter(journal: Journal, event: Event) -> None:
    """Write it down; what is there already stays as it is. Raises WriteError, StageError for what is no trace."""
    rows, rules = _rows(event), event.data.get("rules")
    noted = plain(rules) if isinstance(rules, Mapping) else {}
    with journal.transaction():
        journal.add_trace(rows)
        if journal.notes().get(RULES) != noted:
            journal.note(RULES, noted)


def _rows(event: Event) -> list[TraceRow]:
    found = event.data.get("stretches")
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise StageError(f"a trace without stretches: {dict(event.data)}")
    rows = []
    for entry in found:
        if not isinstance(entry, Sequence) or isinstance(entry, str | bytes) or len(entry) != len(fields(TraceRow)):
            raise StageError(f"a trace with a stretch that is none: {entry!r}")
        if not all(value is None or isinstance(value, int | float) for value in entry):
            raise StageError(f"a trace with a stretch of other than numbers: {entry!r}")
        rows.append(TraceRow(*entry))  # type: ignore[arg-type]  # numbers; the table says which may be missing
    return rows
