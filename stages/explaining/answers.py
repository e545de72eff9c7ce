"""The answers of ``slidetap explain``: to one moment, and all decisions in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stages.explaining.facts import Facts, Stay
from stages.explaining.not_shown import gap_in_words, pause_in_words, transient_in_words, unsettled_in_words
from stages.explaining.shown import area_in_words, capture_in_words, merged_in_words, presenter_in_words, stay_in_words
from stages.explaining.times import clock


@dataclass(frozen=True, slots=True)
class Answer:
    """``kind``: slide, gap, unsettled, transient, settled, unknown, mark, area. ``slide``: its number, if there is one.

    ``headline`` is a sentence, ``lines`` are the reasons.
    """

    at_ns: int
    kind: str
    headline: str
    lines: tuple[str, ...] = ()
    slide: int | None = None

    def facts(self) -> dict[str, object]:
        """For machines."""
        return {
            "pts_ns": self.at_ns,
            "kind": self.kind,
            "slide": self.slide,
            "headline": self.headline,
            "why": list(self.lines),
        }


def answer(facts: Facts, at_ns: int) -> Answer:
    """Why there is, or is not, a slide of this moment."""
    stay = facts.stay_at(at_ns)
    gaps = [gap_in_words(gap) for gap in facts.gaps_at(at_ns)]
    short = [transient_in_words(each, facts.rules) for each in facts.transients_at(at_ns)]
    if stay is not None:
        return _of_stay(facts, stay, at_ns, [*gaps, *short])
    if gaps:
        return Answer(at_ns, "gap", "no slide: this was not seen", (*gaps, *short, *_beside(facts, at_ns)))
    if at_ns > facts.last_ns:
        what = "is not known yet" if facts.going_on else "is after the end"
        return Answer(at_ns, "unknown", f"this {what}; the last that is known is {clock(facts.last_ns)}")
    if short:
        what = "something was at rest, but not for long enough"
        return Answer(at_ns, "transient", f"no slide: {what}", (*short, *_beside(facts, at_ns)))
    rows = facts.unsettled_around(at_ns)
    if rows:
        lines = unsettled_in_words(rows, facts.rules)
        return Answer(at_ns, "unsettled", "no slide: nothing had settled", (*lines, *_beside(facts, at_ns)))
    row = facts.row_at(at_ns)
    if row is not None and row.settled == row.frames:
        what = "a view was at rest, but its capture is not in the journal"
        why = "it is captured when it is left" if facts.going_on else "its picture was lost, or a stage was restarted"
        return Answer(at_ns, "settled", f"no slide: {what}", (why, *_beside(facts, at_ns)))
    if row is not None:
        why = "a view settled and was left within a second of this, which the trace does not tell apart"
        return Answer(at_ns, "unsettled", "no slide: the view was changing", (why, *_beside(facts, at_ns)))
    what = "the journal has no trace of this moment" if facts.trace else "this journal is from before there was a trace"
    return Answer(at_ns, "unknown", "no slide", (what, *_beside(facts, at_ns)))


def decisions(facts: Facts) -> list[Answer]:
    """All that was decided, in order of time: captures, what was too short for one, gaps, marks; at last the area."""
    found = [*_captures(facts), *_transients(facts)]
    found += [Answer(gap.start_ns, "gap", gap_in_words(gap)) for gap in facts.index.gaps]
    found += [Answer(mark.pts_ns, "mark", f"marked: {mark.text or '(no text)'}") for mark in facts.index.marks]
    area = area_in_words(facts.index)
    if area is not None:
        found.append(Answer(facts.last_ns, "area", area))
    return sorted(found, key=lambda each: each.at_ns)


def _of_stay(facts: Facts, stay: Stay, at_ns: int, missing: list[str]) -> Answer:
    lines = [*missing]
    for capture in stay.visit.captures:
        lines += merged_in_words(capture, at_ns)
        lines += capture_in_words(capture)
    lines += presenter_in_words(stay)
    if stay.slide.area_picture is not None:
        lines.append(f"the slide area of its picture, upright: {stay.slide.area_picture.file}")
    if stay.visit.end_ns is None and at_ns > facts.last_ns:
        lines.append(f"whether it still is then is not known; the last that is known is {clock(facts.last_ns)}")
    rows = facts.unsettled_around(at_ns)
    if rows and rows[0].start_pts_ns > stay.visit.start_ns:  # else it was about to settle
        lines += [f"it was changing then: {unsettled_in_words(rows, facts.rules)[0]}"]
    return Answer(at_ns, "slide", stay_in_words(stay), tuple(lines), stay.slide.number)


def _beside(facts: Facts, at_ns: int) -> Iterator[str]:
    """What was there before and afterwards."""
    before, after = facts.before(at_ns), facts.after(at_ns)
    if before is not None:
        yield f"before it: {stay_in_words(before)}"
    if after is not None:
        yield f"after it: {stay_in_words(after)}"


def _captures(facts: Facts) -> Iterator[Answer]:
    for stay in facts.stays:
        for capture in stay.visit.captures:
            reasons = (*capture_in_words(capture), *merged_in_words(capture))
            headline = f"{capture.decision}: {stay_in_words(stay)}"
            yield Answer(capture.pts_ns, "slide", headline, reasons, stay.slide.number)


def _transients(facts: Facts) -> Iterator[Answer]:
    for each in facts.index.transients:
        words = f"transient: {transient_in_words(each, facts.rules)}"
        yield Answer(each.start_ns, "transient", words, slide=each.slide)
    for row in () if facts.lists_transients else facts.trace:
        text = pause_in_words(row, facts.rules)
        if text is not None and facts.stay_at(row.start_pts_ns) is None:
            yield Answer(row.start_pts_ns, "transient", text)
