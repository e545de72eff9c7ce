"""Every method behind one contract, and what is particular about some."""

from __future__ import annotations

from typing import get_args

import cv2
import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Frame, Plane
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.bgsub.properties import DEFAULTS, BgsubProperties, Method

METHODS = list(get_args(Method))
WIDTH, HEIGHT = 160, 90
TENTH = 100_000_000


def harness(**properties: object) -> Harness:
    made = Harness(Bgsub, **properties)
    grey = made.stage.sink_caps.value("format") == "gray8"  # type: ignore[union-attr]
    made.caps(Caps.of("video/raw", format="gray8" if grey else "bgr24", width=WIDTH, height=HEIGHT))
    return made


def plane(made: Harness, grey: Plane) -> Plane:
    caps = made.stage.sink_caps  # type: ignore[union-attr]
    return grey if caps.value("format") == "gray8" else np.repeat(grey[:, :, None], 3, axis=2)


def percents(made: Harness, planes: list[Plane], start: int = 0) -> list[float | None]:
    seen: list[float | None] = []
    for seq, grey in enumerate(planes, start):
        caps = Caps.of("video/raw")
        (out,) = frames_of(made.push(Frame(seq, seq * TENTH, caps, (plane(made, grey),))))
        value = out.meta["foreground_percent"]
        assert value is None or isinstance(value, float)
        seen.append(value)
    return seen


def still(level: int = 30) -> Plane:
    return np.full((HEIGHT, WIDTH), level, np.uint8)


def with_box(level: int = 230, x: int = 40) -> Plane:
    image = still()
    image[20:60, x : x + 60] = level
    return image


@pytest.mark.parametrize("method", METHODS)
def test_a_still_picture_comes_to_rest(method: str) -> None:
    assert percents(harness(method=method), [still()] * 60)[-1] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_a_large_change_is_seen_at_once(method: str) -> None:
    made = harness(method=method)
    percents(made, [still()] * 60)
    after = [value for value in percents(made, [with_box()] * 3, 60) if value is not None]
    assert max(after) > 5


@pytest.mark.parametrize("method", METHODS)
def test_the_percentage_stays_a_percentage(method: str) -> None:
    noise = [np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8) for seed in range(40)]
    assert all(value is None or 0 <= value <= 100 for value in percents(harness(method=method), noise))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_frames_give_the_same_percentages(method: str) -> None:
    planes = [with_box(x=n) for n in range(0, 80, 2)]
    assert percents(harness(method=method), planes) == percents(harness(method=method), planes)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_knows_the_properties_it_has_defaults_for(method: str) -> None:
    assert set(DEFAULTS[method]) <= set(BgsubProperties.model_fields)
    assert BgsubProperties(method=method).value(next(iter(DEFAULTS[method]))) >= 0  # type: ignore[arg-type]


def test_gmg_does_not_know_while_it_learns_and_does_not_call_that_settled() -> None:
    values = percents(harness(method="gmg", initializationFrames=7), [still()] * 10)
    assert values[:7] == [None] * 7
    assert None not in values[7:]


def test_frame_diff_counts_the_dilated_pixels_above_the_threshold() -> None:
    made = harness(method="frame_diff")
    image = still()
    image[45, 80] = 255
    _, value = percents(made, [still(), image])
    ellipse = int(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)).sum())
    assert value == pytest.approx(100 * ellipse / (WIDTH * HEIGHT))


def test_frame_diff_does_not_see_what_is_under_its_threshold() -> None:
    assert percents(harness(method="frame_diff"), [still(30), still(110)])[1] == 0.0
    assert percents(harness(method="frame_diff", threshold=79), [still(30), still(110)])[1] == 100.0


def test_tiles_do_not_see_noise_that_is_spread_thin() -> None:
    generator = np.random.default_rng(1)
    noisy = [np.clip(still(120) + generator.normal(0, 3, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8) for _ in range(40)]
    assert percents(harness(), noisy)[-10:] == [0.0] * 10


def test_tiles_come_to_rest_on_a_very_noisy_source_and_still_see_a_change() -> None:
    generator = np.random.default_rng(1)

    def grainy(image: Plane) -> Plane:
        return np.clip(image + generator.normal(0, 10, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)

    made = harness()
    assert percents(made, [grainy(still(120)) for _ in range(40)])[-10:] == [0.0] * 10
    changed = percents(made, [grainy(with_box(20)) for _ in range(4)], 40)
    assert max(value for value in changed if value is not None) > 10


def test_tiles_do_not_take_a_cut_for_noise_though_every_pixel_changes() -> None:
    made = harness()
    percents(made, [still(30)] * 10)
    assert 100.0 in percents(made, [still(60)] * 4, 10)


def test_tiles_give_no_weight_to_what_never_rests_but_still_see_the_rest_change() -> None:
    def film(n: int, slide: int) -> Plane:
        image = still(slide)
        image[60:90, 120:160] = np.random.default_rng(n).integers(0, 256, (30, 40), dtype=np.uint8)
        return image

    made = harness()
    values = percents(made, [film(n, 30) for n in range(80)])
    assert values[6] == pytest.approx(100 * 1200 / (WIDTH * HEIGHT))
    assert values[-1] == 0.0
    changed = percents(made, [film(n, 200) for n in range(80, 84)], 80)
    assert max(value for value in changed if value is not None) > 80


def test_tiles_compare_over_an_interval_and_let_the_mask_stand_in_between() -> None:
    made = harness(interval=0.4)
    assert percents(made, [still(), still(), still(), with_box(), with_box()]) == [
        None,
        None,
        None,
        None,
        pytest.approx(100 * 2400 / (WIDTH * HEIGHT)),
    ]


@pytest.mark.parametrize(("method", "looked_at"), [("auto", [2, 2, 4, 4, 6]), ("knn", [2, 3, 4, 5, 6])])
def test_each_frame_says_which_was_looked_at_last(method: str, looked_at: list[int]) -> None:
    made = harness(method=method)
    outs = [
        out
        for seq in range(7)
        for out in frames_of(made.push(Frame(seq, seq * TENTH, Caps.of("video/raw"), (plane(made, still()),))))
    ]
    assert [out.meta["foreground_pts_ns"] for out in outs[2:]] == [number * TENTH for number in looked_at]


def test_the_mask_of_tiles_has_the_size_of_the_plane() -> None:
    caps = Caps.of("video/raw", format="gray8")
    made = harness(mask=True, interval=0.0)
    made.push(Frame(0, 0, caps, (still(),)))
    (out,) = frames_of(made.push(Frame(1, TENTH, caps, (with_box(),))))
    assert out.planes[0].shape == (HEIGHT, WIDTH)
    assert np.array_equal(out.planes[0] > 0, with_box() != still())


def test_the_mask_travels_only_when_asked_for() -> None:
    caps = Caps.of("video/raw", format="gray8")
    made = harness(method="frame_diff", mask=True)
    made.push(Frame(0, 0, caps, (still(),)))
    (out,) = frames_of(made.push(Frame(1, TENTH, caps, (with_box(),))))
    assert out.planes[0].shape == (HEIGHT, WIDTH)
    assert set(np.unique(out.planes[0])) == {0, 255}
    assert out.caps.value("format") == "mask8"
    plain = harness(method="frame_diff")
    (bare,) = frames_of(plain.push(Frame(0, 0, caps, (still(),))))
    assert bare.planes == ()


def test_a_property_of_another_method_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="method gmg has no 'history'; it has: initializationFrames"):
        Harness(Bgsub, method="gmg", history=5)


def test_new_caps_start_the_model_afresh() -> None:
    made = harness(method="frame_diff")
    percents(made, [still(), still()])
    made.caps(Caps.of("video/raw", format="gray8", width=WIDTH, height=HEIGHT))
    assert percents(made, [with_box()], 2) == [None]
