"""The timeline: gapless, seeded, and with everything that a lecture has."""

from __future__ import annotations

from itertools import pairwise

from pipeline.frame import SECOND_NS
from stages.testsource.properties import TestSourceProperties
from stages.testsource.script import Lecture


def lecture(**properties: object) -> Lecture:
    return Lecture(TestSourceProperties.model_validate(properties))


def test_the_shots_cover_the_lecture_without_a_gap() -> None:
    made = lecture(duration=120, seed=4)
    assert made.shots[0].start_ns == 0
    assert made.shots[-1].end_ns == 120 * SECOND_NS
    assert all(a.end_ns == b.start_ns for a, b in pairwise(made.shots))


def test_the_default_lecture_has_all_that_makes_capture_hard() -> None:
    made = lecture()
    shown = [shot.slide for shot in made.shots]
    assert any(shot.reveals_ns for shot in made.shots), "builds"
    assert any(shot.fade_ns for shot in made.shots), "fades"
    assert any(not shot.fade_ns and shot.start_ns for shot in made.shots), "hard cuts"
    assert any(shot.film_ns for shot in made.shots), "a film"
    assert len(shown) > len(set(shown)), "a revisited slide"
    assert len({slide.theme.paper for slide in made.slides}) == 2, "dark and light"


def test_whatever_is_switched_off_does_not_happen() -> None:
    made = lecture(duration=300, fades=False, builds=False, revisits=False, film=False, pointer=False, theme="light")
    shown = [shot.slide for shot in made.shots]
    assert not any(shot.fade_ns or shot.reveals_ns or shot.film_ns for shot in made.shots)
    assert len(shown) == len(set(shown))
    assert made.at(5 * SECOND_NS).pointer is None
    assert len({slide.theme.paper for slide in made.slides}) == 1


def test_slides_counts_different_slides() -> None:
    made = lecture(duration=60, slides=7)
    assert len(made.slides) == 7
    assert {shot.slide for shot in made.shots} == set(range(7))


def test_no_two_slides_of_a_long_lecture_have_the_same_title() -> None:
    titles = [slide.title for slide in lecture(slides=500, duration=5000).slides]
    assert len(set(titles)) == 500


def test_a_slide_never_follows_itself() -> None:
    for seed in range(20):
        shown = [shot.slide for shot in lecture(seed=seed, duration=400).shots]
        assert all(a != b for a, b in pairwise(shown))


def test_parts_appear_one_at_a_time_until_the_slide_is_full() -> None:
    made = lecture()
    shot = next(shot for shot in made.shots if shot.reveals_ns)
    times = (shot.start_ns, *shot.reveals_ns)
    assert [made.at(t).parts for t in times] == list(range(1, len(times) + 1))
    assert [made.at(t - 1).parts for t in shot.reveals_ns] == list(range(1, len(times)))
    assert shot.full_ns == shot.reveals_ns[-1]
    assert made.at(shot.full_ns).parts == made.slides[shot.slide].parts


def test_a_fade_begins_with_the_old_slide_and_ends_with_the_new_one() -> None:
    made = lecture()
    index = next(i for i, shot in enumerate(made.shots) if shot.fade_ns)
    shot, before = made.shots[index], made.shots[index - 1]
    begin, middle, end = (made.at(shot.start_ns + part) for part in (0, shot.fade_ns // 2, shot.fade_ns))
    assert begin.under is not None
    assert begin.under[0] == before.slide
    assert 0 < begin.fade < 0.02
    assert 0.5 < middle.fade < 0.51
    assert end.under is None


def test_a_lecture_shorter_than_a_slide_has_one() -> None:
    made = lecture(duration=0.05, fps=20)
    assert made.frames == 1
    assert [(shot.start_ns, shot.end_ns) for shot in made.shots] == [(0, 50_000_000)]


def test_a_frame_count_is_not_lost_to_rounding() -> None:
    assert lecture(duration=10, fps=30000 / 1001).frames == 299
    assert lecture(duration=7, fps=30).frames == 210
    assert lecture(duration=0.7, fps=10).frames == 7
