"""The frame ledger as a table for people and as plain data for machines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from pipeline.messages import Ledger

_HEAD: tuple[str, ...] = ("", "in", "out", "dropped", "held", "missing", "busy")


def table(ledgers: Mapping[str, Ledger], names: Iterable[str]) -> str:
    """A line for each of ``names`` (stages or links) that has a ledger; with the reasons of what was dropped."""
    rows = [_HEAD]
    for name in names:
        if (ledger := ledgers.get(name)) is not None:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(ledger.dropped.items()))
            numbers = (ledger.received, ledger.sent, reasons or 0, ledger.held, ledger.missing)
            rows.append((name, *(str(number) for number in numbers), f"{ledger.busy_ns / 1e9:.2f} s"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(_line(row, widths) for row in rows)


def plain(ledgers: Mapping[str, Ledger]) -> dict[str, dict[str, object]]:
    """As JSON has it."""
    return {name: asdict(ledger) | {"missing": ledger.missing} for name, ledger in ledgers.items()}


def unbalanced(ledgers: Mapping[str, Ledger]) -> list[str]:
    """A sentence for each stage or link whose frames are not all accounted for; any is a bug."""
    return [
        f"'{name}': {ledger.missing} frames are not accounted for; please report this"
        for name, ledger in ledgers.items()
        if ledger.missing
    ]


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first, *others = (f"{text:>{width}}" for text, width in zip(row, widths, strict=True))
    return "  ".join([row[0].ljust(len(first)), *others]).rstrip()
