"""The truth against the frames themselves: exact to the frame."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from stages.testsource.properties import TestSourceProperties
from stages.testsource.rendering import Renderer
from stages.testsource.script import Lecture
from stages.testsource.truth import truth

QUIET = {"width": 160, "height": 90, "fps": 10, "pointer": False, "film": False}


def lecture(**properties: object) -> Lecture:
    return Lecture(TestSourceProperties.model_validate({**QUIET, **properties}))


def told(made: Lecture) -> Any:
    return json.loads(json.dumps(truth(made)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_slide_looks_the_same_from_start_to_end_and_different_outside(seed: int) -> None:
    made = lecture(seed=seed, duration=60)
    renderer = Renderer(made)
    frames = [renderer.frame(number) for number in range(made.frames)]
    times = [made.pts_ns(number) / 1e9 for number in range(made.frames)]
    for slide in told(made)["slides"]:
        inside = [n for n, t in enumerate(times) if slide["start"] <= t < slide["end"]]
        assert all(np.array_equal(frames[n], frames[inside[0]]) for n in inside)
        for outside in (inside[0] - 1, inside[-1] + 1):
            if 0 <= outside < len(frames):
                assert not np.array_equal(frames[outside], frames[inside[0]])


def test_each_visit_shows_the_slide_as_it_was_the_first_time() -> None:
    made = lecture(duration=75)
    renderer = Renderer(made)
    again = [slide for slide in told(made)["slides"] if "visits" in slide]
    assert again
    for slide in again:
        assert slide["visits"][0] == {"start": slide["start"], "end": slide["end"]}
        shown = [renderer.frame(round((visit["start"] + visit["end"]) / 2 * 10)) for visit in slide["visits"]]
        assert all(np.array_equal(picture, shown[0]) for picture in shown)


def test_a_build_and_a_fade_are_partial_from_when_they_begin() -> None:
    made = lecture(duration=75)
    entries = {round(slide["end"] * 100): slide for slide in told(made)["slides"]}
    for shot in made.shots:
        entry = entries.get(round(shot.end_ns / 1e7))
        if entry is not None and shot.full_ns > shot.start_ns:
            assert entry["partial_from"] == shot.start_ns / 1e9
            assert entry["start"] == shot.full_ns / 1e9


def test_slides_too_quick_to_ask_for_are_marked() -> None:
    slides = told(lecture(duration=5, slides=5, revisits=False, builds=False, fades=False))["slides"]
    assert all(slide.get("optional", False) == (slide["end"] - slide["start"] < 1.5) for slide in slides)
    assert any("optional" in slide for slide in slides)
