"""The journal of a folder: an SQLite file that says which slides exist, when each was shown, and what was lost.

The exporter writes slides and visits, the recorder segments, whoever keeps lectures the rest; exports are made from
it. Each process opens it for itself. It knows tables, not what a visit means; ``schema`` has them, ``rows`` their rows.
"""

from stages.journal.journal import BUSY_TIMEOUT_S, FILE_NAME, Journal
from stages.journal.rows import (
    CaptureRow,
    EventRow,
    GapRow,
    MarkRow,
    PresenterFreeRow,
    RevealRow,
    SegmentRow,
    SessionRow,
    SlideRow,
    VisitRow,
)
from stages.journal.schema import SCHEMA_VERSION
from stages.journal.trace import REASONS, RULES, TraceRow, TransientRow

__all__ = [
    "BUSY_TIMEOUT_S",
    "FILE_NAME",
    "REASONS",
    "RULES",
    "SCHEMA_VERSION",
    "CaptureRow",
    "EventRow",
    "GapRow",
    "Journal",
    "MarkRow",
    "PresenterFreeRow",
    "RevealRow",
    "SegmentRow",
    "SessionRow",
    "SlideRow",
    "TraceRow",
    "TransientRow",
    "VisitRow",
]
