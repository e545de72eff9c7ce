"""What was seen behind somebody of an older state of a slide is kept only if nothing has changed around them."""

from __future__ import annotations

import cv2
import numpy as np
import people

from pipeline.frame import Plane
from stages.composite import Composite
from stages.outdated import forget_changed


def standing(x: float) -> Plane:
    """The mask of somebody at ``x``, a fraction of the width, and a margin."""
    body = np.asarray(people.is_person(people.person(people.slide(1), x)) * 255, np.uint8)
    return np.asarray(cv2.dilate(body, np.ones((5, 5), np.uint8)), np.uint8)


def with_a_line(picture: Plane, left: int, right: int) -> Plane:
    shown = picture.copy()
    cv2.rectangle(shown, (left, 140), (right, 150), (20, 20, 20), cv2.FILLED)
    return shown


def test_a_slide_that_has_grown_elsewhere_is_still_known_behind_them() -> None:
    older, hidden = Composite(people.slide(1)), standing(0.8)
    forget_changed(older, people.person(with_a_line(people.slide(1), 10, 120), 0.8), hidden)
    assert older.revealed == 1


def test_what_has_changed_beside_them_may_have_changed_behind_them() -> None:
    older, hidden = Composite(people.slide(1)), standing(0.5)
    forget_changed(older, people.person(with_a_line(people.slide(1), 40, 250), 0.5), hidden)
    assert (older.seen[hidden > 0] == 0).all()
    assert older.revealed > 0.5, "what is seen in the newest state is not forgotten"


def test_of_two_people_each_is_judged_by_what_is_around_them() -> None:
    older, left, right = Composite(people.slide(1)), standing(0.2), standing(0.8)
    shown = people.person(people.person(with_a_line(people.slide(1), 10, 110), 0.2), 0.8)
    forget_changed(older, shown, np.maximum(left, right))
    assert (older.seen[left > 0] == 0).all() and (older.seen[right > 0] == 255).all()


def test_noise_and_a_pointer_are_no_change() -> None:
    noise = np.random.default_rng(1).normal(0, 4, (180, 320, 3))
    shown = people.person(people.slide(1), 0.5)
    shown[60:66, 100:104] = 0
    older = Composite(people.slide(1))
    forget_changed(older, np.clip(shown + noise, 0, 255).astype(np.uint8), standing(0.5))
    assert older.revealed == 1


def test_where_nothing_around_them_can_be_compared_nothing_is_known() -> None:
    hidden = standing(0.5)
    wide = cv2.dilate(hidden, np.ones((61, 61), np.uint8))
    older = Composite(people.slide(1), np.asarray(cv2.bitwise_xor(wide, hidden), np.uint8))
    forget_changed(older, people.person(people.slide(1), 0.5), hidden)
    assert (older.seen[hidden > 0] == 0).all()
