"""Transients in slides.json: what the trigger said, and which slide was on screen around it."""

from __future__ import annotations

from pathlib import Path

import pages
from watching import at, begin, page

from pipeline.frame import SECOND_NS, Event, EventKind
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.regrouping import regroup
from stages.trigger.rests import Rest


def test_those_of_a_lecture_are_listed_with_the_slide_in_whose_visit_they_lie(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.caps(pages.CAPS)
    for slide, end_s in ((1, 4), (2, 8)):
        harness.push(pages.page(slide, end_s - 1, start_s=end_s - 3))
        harness.event(pages.visit_end(end_s))
    rests = [
        Rest(round(at * SECOND_NS), round((at + 0.4) * SECOND_NS), 12.5, None, reason="left") for at in (2, 4.2, 6)
    ]
    told = {"rules": {}, "stretches": [], "transients": [rest.told() for rest in rests]}
    harness.event(Event(EventKind.TRACE, 8 * SECOND_NS, told))
    harness.eos()
    made = index.read(tmp_path / "out")
    assert [(each.start, each.slide) for each in made.transients] == [(2.0, 1), (4.2, None), (6.0, 2)]
    first = made.transients[0]
    assert (first.end, first.dwell, first.percent_before, first.percent_after) == (2.4, 0.4, 12.5, None)
    assert (first.start_ns, first.end_ns, first.reason) == (2 * SECOND_NS, 24 * SECOND_NS // 10, "left")
    assert harness.context.messages[-1].data["transients"] == 3
    assert index.read(tmp_path / "out").transients == regroup(tmp_path / "out", made, {"hash": "none"}).transients


def test_an_open_lecture_lists_them_before_its_next_slide(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    page(watching, 1, 2)
    at(4)
    watching.tick()
    rest = Rest(5 * SECOND_NS, 6 * SECOND_NS, None, 3.0, reason="left")
    told = {"rules": {}, "stretches": [], "transients": [rest.told()]}
    at(20)
    watching.event(Event(EventKind.TRACE, 7 * SECOND_NS, told))
    watching.tick()
    assert [each.start for each in index.read(folder).transients] == [5.0]


def test_when_slides_are_grouped_anew_they_name_the_new_numbers(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.caps(pages.CAPS)
    for slide, seed in ((1, 5), (2, 5)):
        harness.push(pages.page(slide, 4 * slide - 1, start_s=4 * slide - 3, seed=seed, size=(320, 180)))
        harness.event(pages.visit_end(4 * slide))
    rest = Rest(6 * SECOND_NS, 7 * SECOND_NS, None, None, reason="left")
    harness.event(Event(EventKind.TRACE, 0, {"rules": {}, "stretches": [], "transients": [rest.told()]}))
    harness.eos()
    made = index.read(tmp_path / "out")
    assert [each.slide for each in made.transients] == [2]
    joined = regroup(tmp_path / "out", made, {"distance": 0, "confirm": "none"})
    assert (len(joined.slides), [each.slide for each in joined.transients]) == (1, [1])
