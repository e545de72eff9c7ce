"""Why there is a slide of a moment, in words: the capture, what dedup made of it, and who stood before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from pipeline.frame import SECOND_NS
from stages.explaining.facts import Stay
from stages.explaining.times import clock, length, percent
from stages.exporter.model import Capture, Index

_DECISIONS = {
    "new": "a new slide",
    "grown": "the slide with more on it",
    "revisit": "an earlier slide again",
    "same": "still the same slide",
}


def stay_in_words(stay: Stay) -> str:
    """Which slide, since when, until when."""
    slide, visit = stay.slide, stay.visit
    until = "and is still there" if visit.end_ns is None else f"to {clock(visit.end_ns)}"
    again = f", visit {stay.nth} of {stay.count}" if stay.count > 1 else ""
    return f"slide {slide.number} ({slide.file}) was on screen from {clock(visit.start_ns)} {until}{again}"


def capture_in_words(capture: Capture) -> list[str]:
    """When and why it was taken, and what it was taken for."""
    taken = f"captured at {clock(capture.pts_ns)}: {_reason(capture)}"
    return [taken, f"dedup took it for {_DECISIONS[capture.decision]}: {capture.why or 'no reason is noted'}"]


def merged_in_words(capture: Capture, at_ns: int | None = None) -> list[str]:
    """The captures that became a part of this one; ``at_ns``: only the one that was on screen then."""
    found = [entry for entry in _merged(capture) if at_ns is None or _is_at(entry, at_ns)]
    return [
        f"captured at {clock(_time(entry, 'pts_ns'))} as well, and merged into it as "
        f"{'an earlier state' if entry.get('state') else 'the same'}: {entry.get('why')}"
        for entry in (found if at_ns is None else found[-1:])
    ]


def presenter_in_words(stay: Stay) -> list[str]:
    """Who stood before it, if anybody was looked for."""
    free = stay.slide.presenter
    if free is None:
        return []
    if not free.hidden_percent:
        return ["nobody stood before its picture"]
    hides, seen = percent(free.hidden_percent), percent(free.revealed_percent)
    return [f"a presenter hides {hides} of its picture; {seen} of it was seen at one time or another ({free.file})"]


def _reason(capture: Capture) -> str:
    """The trigger's note in words. Of a slide with several states its times are those of the first of them."""
    trigger, states = capture.trigger, capture.dedup.get("states")
    seen = f"foreground {percent(trigger.get('percent'))}"
    since = f"since {clock(_time(trigger, 'start_pts_ns'))}"
    calm = f"under {percent(trigger.get('settle_percent'))}"
    needed_ns = _time(trigger, "settle_time_ns")
    is_first = not isinstance(states, int) or states == 1
    spans = [*([since] if is_first else []), *([f"for at least {length(needed_ns)}"] if needed_ns else [])]
    rest = " ".join(filter(None, ("nothing had moved", ", ".join(spans), f"({seen}, {calm} is calm)")))
    left = f"motion of at least {percent(trigger.get('start_percent'))} ended the view"
    match trigger.get("reason"):
        case "delay":
            began = f"motion of at least {percent(trigger.get('start_percent'))} began"
            return f"{length(_time(trigger, 'delay_ns'))} after {began} ({seen})"
        case "first-view" if trigger.get("policy") == "delay":
            return f"the first view of the stream ({seen})"
        case "first-view":
            return f"the first view of the stream; {_with_picture(trigger, rest, left)}"
        case "settled":
            return _with_picture(trigger, rest, left)
        case "left":
            return f"as it was left: {left}; this is the last picture before it ({seen})"
        case "unsettled":
            return f"nothing had settled {since} for too long; this is the calmest moment of that time ({seen})"
        case "flush":
            return f"the stream ended before the view had come to rest; this is its calmest moment ({seen})"
        case reason:
            return f"the trigger said '{reason}' ({seen})"


def area_in_words(index: Index) -> str | None:
    """Where the slides are in a room camera's pictures; None if that was not found."""
    area, pages = index.slide_area, [slide for slide in index.slides if slide.area_picture is not None]
    if area is None or not area.found or area.corners is None or area.evidence is None:
        return None
    corners = ", ".join(f"{x:.0f} {y:.0f}" for x, y in area.corners)
    seen = f"found in {area.evidence.changes} changes of the slide"
    where = f"upright pictures of it beside {len(pages)} of {len(index.slides)} slides, slides/slide-*-area.*"
    return f"the slide area is between {corners} px, {seen} (confidence {area.confidence:.2f}); {where}"


def _with_picture(trigger: Mapping[str, JsonValue], rest: str, left: str) -> str:
    if trigger.get("picture") != "last":
        return rest
    return f"{rest}; then {left}, or the stream ended, and this is the last calm picture before that"


def _merged(capture: Capture) -> list[Mapping[str, JsonValue]]:
    found = capture.dedup.get("merged")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _is_at(entry: Mapping[str, JsonValue], at_ns: int) -> bool:
    return _time(entry, "start_pts_ns") <= at_ns <= _time(entry, "pts_ns") + SECOND_NS


def _time(note: Mapping[str, JsonValue], key: str) -> int:
    value = note.get(key)
    return value if isinstance(value, int) else 0
