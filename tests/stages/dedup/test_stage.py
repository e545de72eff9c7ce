"""Dedup: new slides, revisits, the current one still; by one hash or two."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Event, EventKind, Frame, Layout, Picture, Plane
from pipeline.testing import Harness, frames_of
from stages.dedup import Dedup

CAPS = Caps.of("slide/capture")


def slide(text: str, noise: int = 0) -> Plane:
    image = np.full((180, 320, 3), 240, np.uint8)
    for row, word in enumerate(text.split()):
        cv2.putText(image, word, (20, 40 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 120), 3)
    if noise:
        grain = np.random.default_rng(noise).integers(-noise, noise + 1, image.shape)
        image = np.clip(image.astype(int) + grain, 0, 255).astype(np.uint8)
    return image


def push(harness: Harness, image: Plane | None, seq: int = 0) -> Frame | None:
    shown = Picture(Layout("bgr24", 320, 180), (image,)) if image is not None else None
    frames = frames_of(harness.push(Frame(seq, seq, CAPS, (), shown, {"capture": {}})))
    return frames[0] if frames else None


def pages(harness: Harness, *images: Plane) -> list[tuple[int, str]]:
    made = [push(harness, image, seq) for seq, image in enumerate(images)]
    return [(page_of(frame)["slide"], page_of(frame)["decision"]) for frame in made if frame is not None]


def page_of(frame: Frame) -> Any:
    return frame.meta["page"]


A, B, C = slide("alpha beta"), slide("gamma delta rho"), slide("one two three four")


def test_a_slide_shown_again_is_a_revisit_and_not_a_new_page() -> None:
    assert pages(Harness(Dedup), A, B, A, C, B) == [(1, "new"), (2, "new"), (1, "revisit"), (3, "new"), (2, "revisit")]


def test_the_current_slide_captured_again_is_still_the_same() -> None:
    assert pages(Harness(Dedup), A, A, B) == [(1, "new"), (1, "same"), (2, "new")]


def test_it_compares_with_the_whole_lecture_and_not_with_the_last_few() -> None:
    others = [slide(f"word{n} x{n * 7} y{n * 13}") for n in range(30)]
    decided = pages(Harness(Dedup), A, *others, A)
    assert decided[-1] == (1, "revisit")


def test_only_a_new_slide_keeps_its_picture() -> None:
    harness = Harness(Dedup)
    first, again = push(harness, A, 0), push(harness, A, 1)
    assert first is not None
    assert again is not None
    assert isinstance(first.image, Picture)
    assert again.image is None


def test_exact_equality_takes_noise_for_another_slide_and_a_distance_does_not() -> None:
    noisy = slide("alpha beta", noise=60)
    assert pages(Harness(Dedup, distance=0), A, noisy)[1] == (2, "new")
    assert pages(Harness(Dedup, distance=72), A, noisy)[1] == (1, "same")


@pytest.mark.parametrize("name", ["dhash", "ahash", "phash", "whash"])
def test_every_hash_tells_different_slides_apart_and_equal_ones_not(name: str) -> None:
    assert pages(Harness(Dedup, hash=name, hash_size=16), A, B, A) == [(1, "new"), (2, "new"), (1, "revisit")]


def test_a_second_hash_must_agree_before_two_slides_count_as_one() -> None:
    lax = 144
    assert pages(Harness(Dedup, distance=lax), A, B)[1] == (1, "same")
    harness = Harness(Dedup, distance=lax, confirm="phash", confirm_distance=4)
    assert pages(harness, A, B, A) == [(1, "new"), (2, "new"), (1, "revisit")]


def test_the_decision_says_which_slide_was_nearest_and_how_near() -> None:
    harness = Harness(Dedup)
    push(harness, A, 0)
    second = push(harness, B, 1)
    assert second is not None
    page = page_of(second)
    assert page["nearest"] == 1
    assert page["distance"] > 0
    assert f"{page['distance']} of 144 bits from slide 1 by dhash" in page["why"]


def test_hash_none_makes_a_page_of_every_capture() -> None:
    assert pages(Harness(Dedup, hash="none"), A, A) == [(1, "new"), (2, "new")]


def test_a_capture_whose_picture_was_lost_is_dropped_and_counted() -> None:
    harness = Harness(Dedup)
    assert push(harness, None) is None
    assert harness.ledger.dropped == {"no-picture": 1}


def test_events_pass() -> None:
    event = Event(EventKind.VISIT_END, 5)
    assert Harness(Dedup).event(event) == [event]


def test_a_hash_size_that_whash_cannot_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="power of two, not 12"):
        Harness(Dedup, hash="whash")
