"""The default method on drawn pictures: slides change, people and pictures move."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.frame import SECOND_NS, Plane
from stages.bgsub.auto import Auto
from stages.bgsub.properties import BgsubProperties

TENTH_NS = SECOND_NS // 10
WIDTH, HEIGHT = 640, 360


def slide(word: str = "alpha beta", level: int = 235) -> Plane:
    image = np.full((HEIGHT, WIDTH), level, np.uint8)
    for row in range(5):
        cv2.putText(image, f"{word} {row}", (30, 60 + 60 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 30, 2)
    return image


def person(image: Plane, x: int) -> Plane:
    """Somebody in front of it: a dark figure with a brighter stripe, so that it moves all over when it moves."""
    shown = image.copy()
    cv2.rectangle(shown, (x, 80), (x + 70, HEIGHT), 60, -1)
    for stripe in range(0, 70, 14):
        cv2.rectangle(shown, (x + stripe, 90), (x + stripe + 6, HEIGHT), 150, -1)
    return shown


def percents(draw: Callable[[int], Plane], frames: int, method: Auto | None = None) -> list[float]:
    method = method or Auto(BgsubProperties(method="auto"))
    masks = [method.apply(draw(n), n * TENTH_NS) for n in range(frames)]
    return [0.0 if mask is None else 100 * float(np.mean(mask > 0)) for mask in masks]


def test_a_person_who_walks_about_weighs_nothing_after_a_second() -> None:
    seen = percents(lambda n: person(slide(), 60 + 5 * n), 60)
    assert max(seen[:8]) > 2
    assert max(seen[14:]) < 0.2


@pytest.mark.parametrize(
    ("frames_ms", "looked_at"),
    [
        ([0, 208, 417, 625, 833, 1000, 1208], [208, 417, 625, 833, 1000, 1208]),  # five a second of a film
        ([0, 100, 200, 300, 400, 500], [200, 400]),
        ([0, 133, 200, 333, 400, 533, 600], [200, 400, 600]),
        ([0, 33, 67, 100, 133, 167, 200, 233], [200]),
        ([0, 2000, 2040, 4000], [2000, 4000]),
    ],
)
def test_frames_are_compared_an_interval_apart_as_near_as_they_come(frames_ms: list[int], looked_at: list[int]) -> None:
    method = Auto(BgsubProperties(method="auto"))
    masks = [method.apply(slide(), 1_000_000 * ms) for ms in frames_ms]
    before = [None, *masks[:-1]]
    new = [ms for ms, mask, last in zip(frames_ms, masks, before, strict=True) if mask is not last]
    assert new == looked_at


def test_a_slide_that_changes_behind_a_moving_person_is_seen() -> None:
    seen = percents(lambda n: person(slide("alpha beta" if n < 40 else "ten eleven"), 300 + 5 * (n % 10)), 60)
    assert max(seen[20:40]) < 0.2
    assert max(seen[40:44]) > 2


def test_a_picture_that_drifts_on_a_slide_weighs_nothing_after_a_second() -> None:
    def draw(n: int) -> Plane:
        image = slide()
        image[150:250, 350 + n : 550 + n] = np.tile(np.arange(200, dtype=np.uint8), (100, 1)) // 20 % 2 * 200
        return image

    assert max(percents(draw, 60)[14:]) < 0.2


def test_motion_all_over_the_picture_weighs_something_however_long_it_lasts() -> None:
    rng = np.random.default_rng(1)
    film = [cv2.resize(rng.integers(0, 255, (9, 16), np.uint8), (WIDTH, HEIGHT)) for _ in range(20)]
    method = Auto(BgsubProperties(method="auto", restless_percent=100))
    assert min(percents(lambda n: np.asarray(film[n % 20], np.uint8), 60, method)[20:]) > 10


@pytest.mark.parametrize("known", [True, False])
def test_the_evidence_says_how_long_ago_each_tile_changed(known: bool) -> None:
    method = Auto(BgsubProperties(method="auto"))
    percents(lambda n: slide("alpha beta" if n < 20 else "ten eleven"), 41, method)
    if not known:
        method.reconnect()
        assert method.evidence == {}
        return
    told = method.evidence["changed"]
    assert isinstance(told, dict)
    before = np.frombuffer(told["before"], "<u2").reshape(told["rows"], told["columns"])
    assert before.shape == (36, 64)
    assert 18 <= before[3:8, 4:20].min() <= 22
    assert before[:, 60:].min() > 30


def test_noise_that_is_frozen_and_exchanged_now_and_then_is_no_motion_and_no_change() -> None:
    """As by an encoder that spends nothing on noise but in keyframes, here one in two seconds."""
    noise = np.random.default_rng(5)
    patterns = [noise.normal(0, 8, (HEIGHT, WIDTH)) for _ in range(5)]

    def draw(n: int) -> Plane:
        word = "alpha beta" if n < 70 else "ten eleven"
        return np.clip(slide(word, 190) + patterns[n // 20], 0, 255).astype(np.uint8)

    method = Auto(BgsubProperties(method="auto"))
    seen = percents(draw, 100, method)
    raw = cv2.absdiff(draw(19), draw(20))
    assert np.mean(raw > 12) > 0.2  # what a threshold alone would see
    assert max(seen[:70]) == 0
    assert max(seen[70:72]) > 2
    assert max(seen[72:]) == 0
    told = np.frombuffer(method.evidence["changed"]["before"], "<u2")  # type: ignore[index, call-overload]
    assert 26 <= told.min() <= 31  # tenths of a second since the slide changed


def test_somebody_who_hardly_moves_for_a_while_is_followed_on() -> None:
    grain = np.random.default_rng(6)

    def draw(n: int) -> Plane:
        image = person(slide(), 60 + 5 * min(n, 20) + 5 * max(0, n - 36))
        if 20 < n <= 36:
            figure = image[80:, 160:230]
            figure[:] = np.clip(figure + grain.normal(0, 8, figure.shape), 0, 255)
        return image

    assert max(percents(draw, 50)[14:]) < 0.2
