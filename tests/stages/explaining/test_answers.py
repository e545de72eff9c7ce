"""Answers from a journal that the exporter wrote: why there is a slide, and why there is none."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pytest
from pages import CAPS, page, visit_end
from rooms import Room, slide

from pipeline.errors import OutputError
from pipeline.frame import Event, EventKind, Frame, Value
from pipeline.testing import Harness
from stages.explaining.answers import answer, decisions
from stages.explaining.facts import Facts, load
from stages.exporter import Exporter
from stages.presenter import Presenter, carrying
from stages.trigger.rests import Rest

S = 10**9
RULES: Mapping[str, Value] = {
    "policy": "settle",
    "start_percent": 0.2,
    "settle_percent": 0.2,
    "settle_time_ns": S // 2,
    "delay_ns": 0,
    "picture": "last",
}


def stretch(
    start_s: float,
    end_s: float,
    *,
    moving: int = 0,
    settled: int = 0,
    unknown: int = 0,
    calm_s: float = 0,
    hidden: float = 0,
) -> list[Value]:
    """Ten frames a second."""
    frames = round((end_s - start_s) * 10)
    known = unknown < frames
    percents: list[Value] = [0.1 if known else None, 40.0 if known else None]
    times: list[Value] = [round(start_s * S), round(end_s * S)]
    return [*times, frames, unknown, moving, settled, *percents, round(calm_s * S), hidden]


def trace(*stretches: list[Value], rules: Mapping[str, Value] = RULES) -> Event:
    """As a trigger tells it that knows of no transients."""
    return Event(EventKind.TRACE, 0, {"rules": rules, "stretches": list(stretches)})


def transients(*rests: Rest, **rules: Value) -> Event:
    told = {**RULES, "min_dwell_ns": S, **rules}
    return Event(EventKind.TRACE, 0, {"rules": told, "stretches": [], "transients": [rest.told() for rest in rests]})


def rest(start_s: float, end_s: float, reason: str = "left", after: float | None = 24.0) -> Rest:
    return Rest(round(start_s * S), round(end_s * S), 31.0, after, reason=reason)


def why(frame: Frame, **said: Value) -> Frame:
    """The page with something else said by the trigger."""
    capture: Any = frame.meta["capture"]
    return replace(frame, meta={**frame.meta, "capture": {**capture, **RULES, **said}})


def told(tmp_path: Path, *items: Frame | Event) -> Facts:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.caps(CAPS)
    for item in items:
        harness.push(item) if isinstance(item, Frame) else harness.event(item)
    harness.eos()
    return load(tmp_path / "out")


def said(facts: Facts, at_s: float) -> str:
    found = answer(facts, round(at_s * S))
    return "\n".join([found.kind, found.headline, *found.lines])


def test_a_slide_on_screen_is_named_with_its_capture_and_what_it_was_compared_with(tmp_path: Path) -> None:
    facts = told(tmp_path, why(page(1, 9, start_s=2), reason="settled", percent=0.05), visit_end(10))
    text = said(facts, 5)
    assert text.startswith("slide\nslide 1 (slides/slide-0001.png) was on screen from 0:00:02.0 to 0:00:10.0")
    assert "captured at 0:00:09.0: nothing had moved since 0:00:02.0, for at least 0.5 s" in text
    assert "foreground 0.05 %, under 0.20 % is calm" in text
    assert "motion of at least 0.20 % ended the view" in text
    assert "dedup took it for a new slide: new by dhash" in text
    assert answer(facts, 5 * S).slide == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"reason": "first-view", "picture": "first"}, "the first view of the stream; nothing had moved"),
        ({"reason": "left"}, "as it was left: motion of at least 0.20 % ended the view"),
        ({"reason": "unsettled"}, "nothing had settled since 0:00:02.0 for too long"),
        ({"reason": "flush"}, "the stream ended before the view had come to rest"),
        ({"reason": "delay", "policy": "delay", "delay_ns": 2 * S}, "2.0 s after motion of at least 0.20 % began"),
        ({"reason": "first-view", "policy": "delay"}, "the first view of the stream (foreground"),
        ({"reason": "by-hand"}, "the trigger said 'by-hand'"),
    ],
)
def test_each_reason_of_the_trigger_has_words(tmp_path: Path, given: Mapping[str, Value], expected: str) -> None:
    assert expected in said(told(tmp_path, why(page(1, 9, start_s=2), **given), visit_end(10)), 5)


def test_a_revisit_says_which_visit_it_is(tmp_path: Path) -> None:
    pages = [page(1, 1), visit_end(2), page(2, 3), visit_end(4), page(1, 5, "revisit"), visit_end(6)]
    text = said(told(tmp_path, *pages), 5.5)
    assert "slide 1 " in text and "visit 2 of 2" in text
    assert "an earlier slide again" in text


def test_a_state_that_was_merged_into_a_slide_is_told_where_it_was_on_screen(tmp_path: Path) -> None:
    merged: list[Value] = [
        {"pts_ns": 4 * S, "start_pts_ns": 2 * S, "state": True, "why": "97 % of its edges"},
        {"pts_ns": 7 * S, "start_pts_ns": 6 * S, "state": False, "why": "nothing new on it"},
    ]
    built = page(1, 9, start_s=2)
    noted: Any = built.meta["page"]
    built = replace(built, meta={**built.meta, "page": {**noted, "merged": merged}})
    facts = told(tmp_path, built, visit_end(10))
    first = "captured at 0:00:04.0 as well, and merged into it as an earlier state: 97 % of its edges"
    second = "captured at 0:00:07.0 as well, and merged into it as the same: nothing new on it"
    assert first in said(facts, 3) and second not in said(facts, 3)
    assert second in said(facts, 6.5) and first not in said(facts, 6.5)
    assert {first, second} < set(decisions(facts)[0].lines)


def test_motion_between_two_slides_is_summed_up_with_what_was_beside_it(tmp_path: Path) -> None:
    moving = [stretch(4, 6, moving=20), stretch(6, 8, moving=17, calm_s=0.3)]
    facts = told(tmp_path, page(1, 1), visit_end(4), trace(*moving), page(2, 9), visit_end(10))
    text = said(facts, 5)
    assert "unsettled\nno slide: nothing had settled" in text
    assert "from 0:00:04.0 to 0:00:08.0 (4.0 s): motion in 37 of 40 frames, foreground 0.10 % to 40.00 %" in text
    assert "stays under 0.20 % for 0.5 s; what was there the longest was a transient of 0.3 s" in text
    assert "before it: slide 1" in text and "after it: slide 2" in text


def test_motion_that_never_rested_is_no_transient(tmp_path: Path) -> None:
    facts = told(tmp_path, trace(stretch(0, 5, moving=50)), page(1, 9), visit_end(10))
    assert "it never came to rest" in said(facts, 3)
    assert [each.kind for each in decisions(facts)] == ["slide"]


def test_the_rule_of_delay_has_its_own_words(tmp_path: Path) -> None:
    rules = {**RULES, "policy": "delay", "delay_ns": 3 * S}
    facts = told(tmp_path, trace(stretch(0, 5, moving=50), rules=rules), page(1, 9), visit_end(10))
    assert "a capture comes 3.0 s after motion of at least 0.20 % has begun" in said(facts, 3)


def test_a_presenter_who_hides_everything_is_the_reason(tmp_path: Path) -> None:
    facts = told(tmp_path, trace(stretch(0, 5, unknown=50, hidden=0.99)), page(1, 9), visit_end(10))
    text = said(facts, 3)
    assert "the presenter hid too much to know anything of what is behind" in text
    assert "up to 99.00 %" in text


def test_a_method_that_is_learning_is_the_reason(tmp_path: Path) -> None:
    facts = told(tmp_path, trace(stretch(0, 1, unknown=10)), page(1, 9), visit_end(10))
    assert "the method knew nothing yet" in said(facts, 0.5)


def test_a_settled_view_without_a_capture_is_said_to_be_lost(tmp_path: Path) -> None:
    facts = told(tmp_path, trace(stretch(0, 5, settled=50)), page(1, 9), visit_end(10))
    assert "settled\nno slide: a view was at rest, but its capture is not in the journal" in said(facts, 3)


def test_what_is_after_the_end_and_what_has_no_trace_is_not_known(tmp_path: Path) -> None:
    facts = told(tmp_path, page(1, 5), visit_end(8))
    assert "is after the end; the last that is known is 0:00:08.0" in said(facts, 60)
    assert "this journal is from before there was a trace" in said(facts, 2)


def test_a_moment_of_change_within_a_visit_is_told_as_well(tmp_path: Path) -> None:
    moving = trace(stretch(0, 1, unknown=1), stretch(1, 4, settled=30), stretch(4, 6, moving=15))
    facts = told(tmp_path, moving, page(1, 9, start_s=0), visit_end(10))
    assert "it was changing then: nothing had settled from 0:00:04.0 to 0:00:06.0" in said(facts, 5)
    assert "changing" not in said(facts, 0.5), "it was about to settle"


def test_all_decisions_come_in_order_of_time(tmp_path: Path) -> None:
    short = trace(stretch(4, 6, moving=10, calm_s=0.4))
    facts = told(tmp_path, page(1, 1), visit_end(4), short, page(2, 9), visit_end(10))
    found = decisions(facts)
    assert [(each.kind, each.at_ns // S) for each in found] == [("slide", 1), ("transient", 4), ("slide", 9)]
    assert found[1].headline == "transient: a view was at rest for 0.4 s, and 0.5 s are needed"
    assert found[2].facts()["slide"] == 2


def test_a_transient_is_told_with_how_long_it_was_there_and_why_it_is_no_page(tmp_path: Path) -> None:
    facts = told(tmp_path, page(1, 1), visit_end(4), transients(rest(5.2, 5.7)), page(2, 9), visit_end(10))
    kind, headline, line, before, after = said(facts, 5.5).splitlines()
    assert (kind, headline) == ("transient", "no slide: something was at rest, but not for long enough")
    assert line == (
        "from 0:00:05.2 to 0:00:05.7 something was at rest for 0.5 s, shorter than min_dwell = 1.0 s: listed as a "
        "transient, as it was left (foreground 24.00 %) before it had settled, which takes 0.5 s"
    )
    assert before.startswith("before it: slide 1") and after.startswith("after it: slide 2")
    assert said(facts, 5.7).startswith("unknown"), "it was left by then"


@pytest.mark.parametrize(
    ("short", "rules", "expected"),
    [
        (rest(5, 5.4, after=None), {}, "as it was left before it had settled"),
        (rest(5, 5.4, "cut"), {}, "as the stream ended, or had a hole, before it had settled"),
        (rest(5, 5.4, "lost"), {}, "as its picture was overwritten"),
        (rest(5, 5.4), {"policy": "delay", "delay_ns": 2 * S}, "before the capture came, 2.0 s after motion began"),
        (rest(5, 6.2), {"settle_time_ns": S}, "something was at rest for 1.2 s: listed"),
    ],
)
def test_each_reason_of_a_transient_has_words(
    tmp_path: Path, short: Rest, rules: Mapping[str, Value], expected: str
) -> None:
    facts = told(tmp_path, page(1, 1), visit_end(4), transients(short, **rules), page(2, 9), visit_end(10))
    assert expected in said(facts, 5.1)


def test_a_transient_within_a_visit_is_told_with_its_slide(tmp_path: Path) -> None:
    facts = told(tmp_path, transients(rest(5, 5.4)), page(1, 9, start_s=0), visit_end(10))
    text = said(facts, 5.1)
    assert text.startswith("slide\nslide 1 ") and "listed as a transient" in text
    assert "transient" not in said(facts, 6)


def test_transients_are_decisions_and_those_of_the_trace_are_not_told_beside_them(tmp_path: Path) -> None:
    short = trace(stretch(4, 6, moving=10, calm_s=0.4), rules={**RULES, "min_dwell_ns": S})
    facts = told(tmp_path, page(1, 1), visit_end(4), short, transients(rest(5.2, 5.6)), page(2, 9), visit_end(10))
    assert [(each.kind, each.at_ns) for each in decisions(facts)] == [
        ("slide", S),
        ("transient", 52 * S // 10),
        ("slide", 9 * S),
    ]


def test_a_folder_without_a_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a result of slidetap"):
        load(tmp_path)
    with pytest.raises(OutputError, match="is no folder"):
        load(tmp_path / "no")


def test_who_stands_before_a_slide_is_told(tmp_path: Path) -> None:
    shown = page(1, 9, start_s=2)
    mask = np.zeros((36, 64), np.uint8)
    mask[:, :16] = 255
    facts = told(tmp_path, carrying(shown, (), Presenter(mask)), visit_end(10))
    text = said(facts, 5)
    assert "a presenter hides 25.00 % of its picture; 75.00 % of it was seen at one time or another" in text
    assert "slide-0001-free.png" in text


def test_of_a_slide_that_lasts_it_is_said_how_far_it_is_known(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.caps(CAPS)
    harness.push(page(1, 9, start_s=2))
    facts = load(tmp_path / "out.partial")
    assert "is still there" in said(facts, 8) and "not known" not in said(facts, 8)
    assert "the last that is known is 0:00:09.0" in said(facts, 3600)


def test_a_journal_with_what_nobody_wrote_is_named(tmp_path: Path) -> None:
    told(tmp_path, page(1, 9))
    with sqlite3.connect(tmp_path / "out" / "journal.sqlite") as db:
        db.execute("UPDATE capture SET decision = 'odd'")
    db.close()
    with pytest.raises(OutputError, match="journal.sqlite' holds what no slidetap has written"):
        load(tmp_path / "out")


def test_a_slide_area_is_said_last_and_of_each_slide_where_it_is_upright(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    for n in range(5):
        picture = Room().picture(slide(n), n)
        harness.push(replace(page(n + 1, 10 * n + 5), image=pages.picture(picture)))
    harness.eos()
    facts = load(tmp_path / "out")
    told = decisions(facts)[-1]
    assert (told.kind, told.slide) == ("area", None)
    assert "found in 4 changes of the slide" in told.headline and "beside 5 of 5 slides" in told.headline
    lines = answer(facts, 16 * S).lines
    assert "the slide area of its picture, upright: slides/slide-0002-area.png" in lines
