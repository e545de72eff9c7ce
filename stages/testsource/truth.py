"""The exact truth of a test lecture, read off its script, in the format that the benchmarks score against.

``slides[]``: ``start``, ``end`` in seconds: the complete slide is on screen at start <= t < end. ``partial_from``: it
is visible but not complete from here. ``short``: complete for under 3 s; ``optional``: under 1.5 s. ``visits``: of a
slide that is shown more than once, each time as start and end; the first one is that of the slide itself.
"""

from __future__ import annotations

from pipeline.frame import SECOND_NS, Value
from stages.testsource.script import Lecture, Shot

SHORT_NS = 3 * SECOND_NS
OPTIONAL_NS = 3 * SECOND_NS // 2


def truth(lecture: Lecture) -> dict[str, Value]:
    """The truth as plain data for JSON."""
    p = lecture.properties
    slides: list[dict[str, Value]] = []
    for index, content in enumerate(lecture.slides):
        shots = [shot for shot in lecture.shots if shot.slide == index]
        if shots:
            slides.append(_entry(f"{content.kind}: {content.title}", shots))
    return {
        "video": "",
        "source": "slidetap testsource",
        "license": "Apache-2.0",
        "kind": f"test lecture, presenter {p.presenter}, noise {p.noise:g}",
        "slides": slides,
        "ignore": [],
        "notes": "exact: a slide is complete in every frame with start <= pts < end",
        "properties": p.model_dump(),
        "media": {
            "width": p.width,
            "height": p.height,
            "fps": p.fps,
            "duration": _seconds(lecture.duration_ns),
            "audio": False,
        },
        "labelled_until": _seconds(lecture.duration_ns),
        "labelled_by": "the script that drew it",
    }


def _entry(note: str, shots: list[Shot]) -> dict[str, Value]:
    first = shots[0]
    entry: dict[str, Value] = {"start": _seconds(first.full_ns), "end": _seconds(first.end_ns), "note": note}
    if first.full_ns > first.start_ns:
        entry["partial_from"] = _seconds(first.start_ns)
    if first.end_ns - first.full_ns < SHORT_NS:
        entry["short"] = True
    if first.end_ns - first.full_ns < OPTIONAL_NS:
        entry["optional"] = True
    if len(shots) > 1:
        entry["visits"] = [{"start": _seconds(shot.full_ns), "end": _seconds(shot.end_ns)} for shot in shots]
    return entry


def _seconds(t_ns: int) -> float:
    return round(t_ns / SECOND_NS, 2)
