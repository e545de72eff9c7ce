"""Frames: bit-identical for a seed, moving where something moves, still where nothing does, at any size."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.frame import SECOND_NS, Plane
from stages.testsource.drawing import FILM_BOX
from stages.testsource.properties import TestSourceProperties
from stages.testsource.rendering import Renderer
from stages.testsource.script import Lecture

SMALL = {"width": 320, "height": 180, "fps": 10, "duration": 40}


def renderer(**properties: object) -> Renderer:
    return Renderer(Lecture(TestSourceProperties.model_validate({**SMALL, **properties})))


def different(a: Plane, b: Plane) -> float:
    """Fraction of pixels that differ."""
    return float((a != b).any(axis=2).mean())


@pytest.mark.parametrize("options", [{}, {"noise": 5}, {"presenter": "pip"}, {"presenter": "walk", "noise": 2}])
def test_the_same_seed_gives_the_same_frames_in_any_order(options: dict[str, object]) -> None:
    forward, backward = renderer(seed=3, **options), renderer(seed=3, **options)
    numbers = range(0, 400, 37)
    first = {n: forward.frame(n) for n in numbers}
    second = {n: backward.frame(n) for n in reversed(numbers)}
    assert all(np.array_equal(first[n], second[n]) for n in numbers)


def test_another_seed_gives_other_slides() -> None:
    assert different(renderer(seed=1).frame(0), renderer(seed=2).frame(0)) > 0.01


def test_nothing_moves_while_nothing_moves() -> None:
    still = renderer(pointer=False, film=False)
    assert still.frame(5) is still.frame(6)


def test_the_pointer_moves_over_a_slide_that_does_not_change() -> None:
    with_pointer, without = renderer(), renderer(pointer=False)
    apart = different(with_pointer.frame(3), without.frame(3))
    assert 0 < apart < 0.01
    assert different(with_pointer.frame(0), with_pointer.frame(14)) > 0


def test_the_film_plays_in_its_box_and_only_there() -> None:
    playing = renderer(pointer=False)
    shot = next(shot for shot in playing.lecture.shots if shot.film_ns)
    assert shot.film_ns is not None
    start = shot.film_ns[0] * 10 // SECOND_NS + 5
    a, b = playing.frame(start), playing.frame(start + 3)
    x0, y0, x1, y1 = (round(part * edge) for part, edge in zip(FILM_BOX, (320, 180, 320, 180), strict=True))
    assert different(a[y0:y1, x0:x1], b[y0:y1, x0:x1]) > 0.2
    outside = (a != b).any(axis=2)
    outside[y0:y1, x0:x1] = False
    assert not outside.any()


def test_the_picture_in_picture_moves_in_its_corner_and_covers_nothing_else() -> None:
    person, bare = renderer(presenter="pip", pointer=False), renderer(pointer=False)
    changed = (person.frame(10) != bare.frame(10)).any(axis=2)
    ys, xs = np.nonzero(changed)
    assert (xs.min() / 320, ys.min() / 180) > (0.7, 0.55)
    assert different(person.frame(10), person.frame(11)) > 0.001


def test_the_walker_comes_covers_part_of_the_slide_and_moves_on() -> None:
    person, bare = renderer(presenter="walk", pointer=False, duration=120), renderer(pointer=False, duration=120)
    covered = [different(person.frame(n), bare.frame(n)) for n in range(0, 1200, 40)]
    assert min(covered) == 0.0, "now and then out of the picture"
    assert 0.05 < max(covered) < 0.3


def test_noise_has_the_deviation_asked_for_and_is_new_in_each_frame() -> None:
    noisy, clean = renderer(noise=4, pointer=False, theme="light"), renderer(pointer=False, theme="light")
    grey = clean.frame(0)
    mid = (grey > 100) & (grey < 200)  # where nothing is cut off at black or white
    apart = noisy.frame(0).astype(int)[mid] - grey[mid]
    assert 3.5 < apart.std() < 4.5
    assert abs(apart.mean()) < 0.3
    assert different(noisy.frame(0), noisy.frame(1)) > 0.8


@pytest.mark.parametrize("size", [(2, 2), (7, 501), (501, 7), (333, 187)])
@pytest.mark.parametrize("presenter", ["pip", "walk"])
def test_any_size_can_be_drawn(size: tuple[int, int], presenter: str) -> None:
    drawn = renderer(width=size[0], height=size[1], presenter=presenter, noise=2)
    for number in range(0, 400, 50):
        assert drawn.frame(number).shape == (size[1], size[0], 3)
