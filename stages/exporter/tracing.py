"""What the trigger saw between captures, from its event into the journal. It reads no meaning into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TypeGuard

from pipeline.errors import StageError
from pipeline.frame import Event, Value
from stages.exporter.page import plain
from stages.journal import REASONS, RULES, Journal, TraceRow, TransientRow


def enter(journal: Journal, event: Event) -> None:
    """Write it down; what is there already stays as it is. Raises WriteError, StageError for what is no trace."""
    rows, transients, rules = _rows(event), _transients(event), event.data.get("rules")
    noted = plain(rules) if isinstance(rules, Mapping) else {}
    with journal.transaction():
        journal.add_trace(rows)
        journal.add_transients(transients)
        if journal.notes().get(RULES) != noted:
            journal.note(RULES, noted)


def _rows(event: Event) -> list[TraceRow]:
    found = event.data.get("stretches")
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise StageError(f"a trace without stretches: {dict(event.data)}")
    rows = []
    for entry in found:
        if not _has(entry, len(fields(TraceRow))):
            raise StageError(f"a trace with a stretch that is none: {entry!r}")
        if not all(value is None or isinstance(value, int | float) for value in entry):
            raise StageError(f"a trace with a stretch of other than numbers: {entry!r}")
        rows.append(TraceRow(*entry))  # type: ignore[arg-type]  # numbers; the table says which may be missing
    return rows


def _transients(event: Event) -> list[TransientRow]:
    found = event.data.get("transients", ())
    rows = []
    for entry in found if isinstance(found, Sequence) else (found,):
        if not _has(entry, len(fields(TransientRow))):
            raise StageError(f"a trace with a transient that is none: {entry!r}")
        start_ns, end_ns, before, after, reason = entry
        percents = all(value is None or isinstance(value, int | float) for value in (before, after))
        if not (isinstance(start_ns, int) and isinstance(end_ns, int) and percents and reason in REASONS):
            raise StageError(f"a trace with a transient of another shape: {entry!r}")
        rows.append(TransientRow(start_ns, end_ns, before, after, reason))  # type: ignore[arg-type]  # as was checked
    return rows


def _has(entry: Value, count: int) -> TypeGuard[Sequence[Value]]:
    return isinstance(entry, Sequence) and not isinstance(entry, str | bytes) and len(entry) == count
