"""Slides that are shown for a moment only: by the detector and the trigger in one, and through a whole conversion."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media import Bgr, write_video

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, EventKind, Frame, Layout, Picture, Plane
from pipeline.testing import Harness, events_of, frames_of
from stages.bgsub import Bgsub
from stages.exporter import index
from stages.presets import PRESETS
from stages.trigger import Trigger

SIZE = (640, 360)
CAPS = Caps.of("video/raw", format="gray8", width=SIZE[0], height=SIZE[1])


def slide(number: int) -> Bgr:
    """Dark boxes on white, each slide with others."""
    random = np.random.default_rng(number)
    picture = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    for x, y in random.integers((0, 0), (560, 300), (12, 2)).tolist():
        cv2.rectangle(picture, (x, y), (x + 70, y + 40), (40, 40, 40), -1)
    return picture


GREY: list[Plane] = [np.asarray(cv2.cvtColor(slide(number), cv2.COLOR_BGR2GRAY), np.uint8) for number in range(3)]
AT_10 = SECOND_NS // 10


def watched(shown_until_ns: Sequence[int]) -> tuple[list[int], list[tuple[int, int]]]:
    """Times of captures, and start and end of transients, of slides that change at these times."""
    motion, trigger = Harness(Bgsub, **PRESETS["default"]["bgsub"]), Harness(Trigger, **PRESETS["default"]["trigger"])
    motion.caps(CAPS)
    trigger.caps(Caps.of("video/motion"))
    items = []
    for seq in range(-(-shown_until_ns[-1] // AT_10)):
        number = sum(seq * AT_10 >= until_ns for until_ns in shown_until_ns)
        plane = GREY[number % len(GREY)]
        picture = Picture(Layout("gray", *SIZE), (plane,))
        for frame in frames_of(motion.push(Frame(seq, seq * AT_10, CAPS, (plane,), picture))):
            items += trigger.push(frame)
    items += trigger.eos()
    told: list[Any] = [event.data["transients"] for event in events_of(items, EventKind.TRACE)]
    return [frame.pts_ns for frame in frames_of(items)], [(each[0], each[1]) for found in told for each in found]


@settings(max_examples=40, deadline=None)
@given(st.integers(2000, 2400), st.integers(100, 1500))
def test_what_is_on_screen_for_min_dwell_is_captured_and_what_is_not_is_told(before_ms: int, shown_ms: int) -> None:
    """At 10 frames a second, whichever frames the cuts fall between."""
    start_ns, end_ns = before_ms * 1_000_000, (before_ms + shown_ms) * 1_000_000
    captures, transients = watched([start_ns, end_ns, end_ns + 3 * SECOND_NS])
    captured = any(start_ns <= pts_ns < end_ns for pts_ns in captures)
    assert captured or shown_ms < 800
    assert len(captures) == 2 + captured
    assert len(transients) <= 1 - captured
    assert captured or transients or shown_ms <= 600, "what rests for 0.2 s is told"
    for first_ns, over_ns in transients:
        assert start_ns <= first_ns and over_ns <= end_ns + 2 * AT_10
        assert -400 <= (over_ns - first_ns) // 1_000_000 - shown_ms <= 0, "so good is the dwell that is told"


FLASHES = (0.3, 0.6, 0.9, 1.1, 1.5)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A lecture with slides that flash up between others, and what was said at its end."""
    folder = tmp_path_factory.mktemp("flashes")
    parts = [seconds for flash in FLASHES for seconds in (3.0, flash)] + [3.0]
    pictures = [picture for number, seconds in enumerate(parts) for picture in [slide(number)] * round(seconds * 20)]
    video = write_video(folder / "flashes.mp4", pictures, rate=20)
    command = [sys.executable, "-m", "stages", "convert", video, "-o", folder / "out", "--no-pdf", "--fused"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=90)
    return folder / "out", done.stdout.splitlines()[-1]


def flashed(number: int) -> tuple[float, float]:
    start = 3.0 * (number + 1) + sum(FLASHES[:number])
    return start, start + FLASHES[number]


def test_each_flash_is_a_page_or_a_transient(converted: tuple[Path, str]) -> None:
    made = index.read(converted[0])
    times = [each.picture_pts for each in made.slides]
    for number, seconds in enumerate(FLASHES):
        start, end = flashed(number)
        is_page = sum(start <= pts < end for pts in times)
        transients = [each for each in made.transients if start <= each.start < end]
        assert is_page == 1 or seconds < 0.8
        assert len(transients) <= 1 - is_page
        assert is_page or transients or seconds <= 0.6
    assert len(made.slides) == len(FLASHES) + 1 + sum(
        flashed(n)[0] <= pts < flashed(n)[1] for n in range(5) for pts in times
    )
    (told,) = [each for each in made.transients if flashed(1)[0] <= each.start < flashed(1)[1]]
    assert (told.reason, told.slide, told.end - told.start) == ("left", None, pytest.approx(told.dwell))
    assert told.percent_after is not None and told.percent_after > 10


def test_the_command_says_how_many_there_were_and_explain_has_words_for_one(converted: tuple[Path, str]) -> None:
    folder, last = converted
    made = index.read(folder)
    short = made.transients[0]
    listed = f"transients, too short for a page: {len(made.transients)}, listed in slides.json"
    assert last == f"{len(made.slides)} slides in {folder}: slides.json; {listed}"
    command = [sys.executable, "-m", "stages", "explain", folder, f"{short.start + 0.1:.2f}", "--json"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert answer["kind"] == "transient"
    assert "shorter than min_dwell = 1.0 s: listed as a transient, as it was left" in answer["why"][0]
