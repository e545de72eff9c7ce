"""The transients of slides.json: those of the journal, and which slide was on screen around each of them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from pipeline.frame import SECOND_NS
from stages.exporter.model import Slide, Transient
from stages.journal import TransientRow

MOST = 10_000  # in slides.json, which is written anew every 10 s: what flickers all day has 200,000
_LASTS_NS = 2**62  # a visit without an end


def transient(row: TransientRow) -> Transient:
    """One of the journal, of which it is not known what was on screen around it."""
    start_ns, end_ns = row.start_pts_ns, row.end_pts_ns
    return Transient.model_validate(
        {
            "start": start_ns / SECOND_NS,
            "start_ns": start_ns,
            "end": end_ns / SECOND_NS,
            "end_ns": end_ns,
            "dwell": (end_ns - start_ns) / SECOND_NS,
            "percent_before": row.before,
            "percent_after": row.after,
            "reason": row.reason,
            "slide": None,
        }
    )


def placed(transients: Iterable[Transient], slides: Sequence[Slide]) -> list[Transient]:
    """``transients`` among the visits of ``slides``, which have their numbers."""
    stays = sorted(
        (visit.start_ns, _LASTS_NS if visit.end_ns is None else visit.end_ns, slide.number)
        for slide in slides
        for visit in slide.visits
    )
    starts = [start_ns for start_ns, _, _ in stays]
    made = []
    for each in transients:
        place = bisect_right(starts, each.start_ns) - 1
        during = place >= 0 and each.start_ns < stays[place][1]
        made.append(each.model_copy(update={"slide": stays[place][2] if during else None}))
    return made
