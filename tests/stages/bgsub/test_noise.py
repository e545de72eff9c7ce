"""The noise floor: region by region, and what stays below it."""

from __future__ import annotations

import numpy as np

from pipeline.frame import SECOND_NS, Plane
from stages.bgsub.noise import NoiseFloor

STEP_NS = SECOND_NS // 5
LEAST = 12


def noisy(rng: np.random.Generator, left: float, right: float) -> Plane:
    """What two frames differ by: normal noise of one deviation in the left half, of another in the right one."""
    deviations = np.repeat([left, right], 160)
    return np.asarray(np.clip(np.abs(rng.normal(0, 1, (180, 320)) * deviations), 0, 255), np.uint8)


def test_a_noisy_region_has_a_higher_threshold_and_a_quiet_one_keeps_its_own() -> None:
    rng, floor = np.random.default_rng(4), NoiseFloor(LEAST)
    for n in range(20):
        above = floor.above(n * STEP_NS, noisy(rng, 1, 15))
    assert np.mean(above[:, 240:] > 0) < 0.01
    faint = noisy(rng, 1, 15)
    faint[60:120, 20:60] = 20
    faint[60:120, 260:300] = 20
    above = floor.above(20 * STEP_NS, faint)
    assert (above[60:120, 20:60] == 255).all()
    assert not above[60:120, 260:300].any()


def test_motion_for_some_seconds_is_no_noise() -> None:
    rng, floor = np.random.default_rng(4), NoiseFloor(LEAST)
    for n in range(5):
        floor.above(n * STEP_NS, noisy(rng, 1, 1))
    moving = np.full((180, 320), 40, np.uint8)
    assert all((floor.above(n * STEP_NS, moving) == 255).all() for n in range(5, 25))


def test_the_noise_is_followed_as_it_grows() -> None:
    rng, floor = np.random.default_rng(4), NoiseFloor(LEAST)
    shares = [np.mean(floor.above(n * STEP_NS, noisy(rng, *[2.0 if n < 10 else 15.0] * 2)) > 0) for n in range(60)]
    assert shares[12] > 0.3
    assert shares[59] < 0.01


def test_measured_anew_it_knows_only_what_comes() -> None:
    rng, floor = np.random.default_rng(4), NoiseFloor(LEAST)
    floor.above(0, noisy(rng, 1, 1))
    floor.forget()
    assert np.mean(floor.above(STEP_NS, noisy(rng, 15, 15)) > 0) < 0.01


def test_a_still_frame_says_what_a_difference_of_nothing_says() -> None:
    rng, told, seen = np.random.default_rng(4), NoiseFloor(LEAST), NoiseFloor(LEAST)
    for n in range(40):
        difference = noisy(rng, 2, 15)
        if n % 7 == 3:
            told.still(n * STEP_NS, *difference.shape)
            difference[:] = 0
            seen.above(n * STEP_NS, difference)
        else:
            np.testing.assert_array_equal(told.above(n * STEP_NS, difference), seen.above(n * STEP_NS, difference))
