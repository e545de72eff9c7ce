"""Whether somebody is there."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import SECOND_NS, Plane
from stages.segmentation.masks import mask_of
from stages.segmentation.presence import Presence, Terms

HALF = SECOND_NS // 2


def person(left: int = 100, height: int = 60, probability: float = 0.95) -> np.ndarray:
    """Probabilities; an ellipse is as much of a person as this needs."""
    drawn = np.zeros((180, 320), np.float32)
    cv2.ellipse(drawn, (left, 120), (25, height), 0, 0, 360, probability, cv2.FILLED)
    return drawn


NOBODY = np.full((180, 320), 0.02, np.float32)


class Stream:
    """Shows probabilities to one ``Presence``, two a second."""

    def __init__(self, **terms: object) -> None:
        self.presence = Presence(Terms(**terms))  # type: ignore[arg-type]
        self.now_ns = 0

    def see(self, *shown: np.ndarray, step_ns: int = HALF) -> list[Plane | None]:
        seen: list[Plane | None] = []
        for each in shown:
            seen.append(self.presence.see(mask_of(each, 0.5), each, self.now_ns))
            self.now_ns += step_ns
        return seen


def there(seen: list[Plane | None]) -> list[bool]:
    return [mask is not None for mask in seen]


def test_nobody_is_there_in_an_empty_picture() -> None:
    assert there(Stream().see(NOBODY, NOBODY, NOBODY)) == [False, False, False]


def test_somebody_is_there_from_the_second_mask_on() -> None:
    seen = Stream().see(person(), person(104), person(108))
    assert there(seen) == [False, True, True]
    np.testing.assert_array_equal(seen[2], mask_of(person(108), 0.5))


def test_a_blink_of_a_mask_is_nobody() -> None:
    assert there(Stream().see(NOBODY, person(), NOBODY, person(), NOBODY)) == [False] * 5


def test_blots_that_are_elsewhere_each_time_are_nobody() -> None:
    assert there(Stream().see(*(person(left) for left in (40, 280, 120, 200)))) == [False] * 4


def test_a_mask_that_fails_once_is_replaced_by_the_one_before() -> None:
    seen = Stream().see(person(), person(), NOBODY, person())
    assert there(seen) == [False, True, True, True]
    np.testing.assert_array_equal(seen[2], seen[1])


def test_who_has_gone_is_gone_with_the_second_mask_and_must_be_seen_twice_again() -> None:
    seen = Stream().see(person(), person(), NOBODY, NOBODY, NOBODY, person(), person())
    assert there(seen) == [False, True, True, False, False, False, True]


def test_who_is_there_may_jump() -> None:
    assert there(Stream().see(person(40), person(40), person(280))) == [False, True, True]


def test_a_speck_is_nobody() -> None:
    assert there(Stream().see(*[person(height=1)] * 4)) == [False] * 4


def test_a_mask_that_the_network_is_unsure_of_is_nobody() -> None:
    assert there(Stream().see(*[person(probability=0.55)] * 4)) == [False] * 4


def test_the_slide_is_no_presenter_but_is_something() -> None:
    slide = np.zeros((180, 320), np.float32)
    slide[20:120, 40:240] = 0.99
    assert there(Stream().see(*[slide] * 4)) == [False] * 4
    assert there(Stream(role="any").see(*[slide] * 4)) == [False, True, True, True]


def test_a_picture_full_of_presenter_is_the_slide() -> None:
    assert there(Stream().see(*[np.ones((180, 320), np.float32)] * 4)) == [False] * 4


def test_masks_too_far_apart_say_nothing_about_each_other() -> None:
    stream = Stream()
    assert there(stream.see(person(), person(), step_ns=10 * SECOND_NS)) == [False, False]


def test_time_that_goes_back_begins_anew() -> None:
    stream = Stream()
    stream.see(person(), person())
    stream.now_ns = 0
    assert there(stream.see(person(), person())) == [False, True]


def test_after_a_break_nobody_is_there_until_seen_again() -> None:
    stream = Stream()
    stream.see(person(), person())
    assert stream.presence.there
    stream.presence.forget()
    assert not stream.presence.there
    assert there(stream.see(person(), person())) == [False, True]


def test_one_mask_is_enough_if_that_is_asked_for() -> None:
    assert there(Stream(masks=1).see(person(), NOBODY, person())) == [True, False, True]


def test_masks_of_another_size_are_not_compared() -> None:
    stream = Stream()
    small = cv2.resize(person(), (160, 90), interpolation=cv2.INTER_NEAREST)
    assert there(stream.see(person(), small, small)) == [False, False, True]


def test_time_that_is_counted_differently_is_no_break() -> None:
    stream = Stream()
    stream.see(person(), person())
    stream.presence.shift(100 * SECOND_NS)
    stream.now_ns += 100 * SECOND_NS
    assert there(stream.see(person())) == [True]


def test_somebody_in_a_window_is_there() -> None:
    window = np.zeros((180, 320), np.float32)
    window[110:170, 230:310] = 0.99
    presence = Presence()
    seen = [presence.see(mask_of(window, 0.5), window, turn * HALF, stir=0.1) for turn in range(4)]
    assert there(seen) == [False, True, True, True]
