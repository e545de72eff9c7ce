"""What pictures tell of a source's state. A static slide is none of black, frozen and no signal."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.frame import SECOND_NS, Plane
from stages.decoder.live.watch import PictureWatch, SourceState, is_black, is_card

SLIDE = np.full((360, 640), 235, np.uint8)
cv2.putText(SLIDE, "Title", (80, 120), cv2.FONT_HERSHEY_SIMPLEX, 3, 20, 5)
BLACK = np.full((360, 640), 2, np.uint8)


def watched(plane: Plane, seconds: float, *, same: bool, changed: bool, card: bool = False) -> SourceState:
    """Ten pictures and packets a second for so long."""
    watch = PictureWatch(10 * SECOND_NS)
    for step in range(round(seconds * 10) + 1):
        now_ns = SECOND_NS + step * SECOND_NS // 10
        watch.packet(changed)
        watch.picture(plane, same and step > 0, now_ns)
        watch.card(card, now_ns)
    return watch.state()


def test_a_static_slide_with_the_noise_of_a_camera_is_live() -> None:
    assert watched(SLIDE, 60, same=False, changed=True) is SourceState.LIVE


def test_a_static_slide_whose_encoder_codes_nothing_is_live() -> None:
    assert watched(SLIDE, 60, same=True, changed=False) is SourceState.LIVE


def test_a_picture_that_stays_the_same_while_changes_are_coded_is_frozen() -> None:
    assert watched(SLIDE, 9, same=True, changed=True) is SourceState.LIVE
    assert watched(SLIDE, 11, same=True, changed=True) is SourceState.FROZEN


def test_a_picture_that_changes_again_is_live_again() -> None:
    watch = PictureWatch(SECOND_NS)
    for step in range(60):
        watch.packet(True)
        watch.picture(SLIDE, step > 0, step * SECOND_NS // 10)
    assert watch.state() is SourceState.FROZEN
    watch.picture(SLIDE, False, 6 * SECOND_NS)
    assert watch.state() is SourceState.LIVE


@pytest.mark.parametrize("same", [True, False])
def test_black_for_more_than_two_seconds_is_black(same: bool) -> None:
    assert watched(BLACK, 1.9, same=same, changed=False) is SourceState.LIVE
    assert watched(BLACK, 2.1, same=same, changed=False) is SourceState.BLACK


def test_a_black_slide_with_a_line_of_text_is_not_black() -> None:
    slide = BLACK.copy()
    cv2.putText(slide, "Questions?", (200, 180), cv2.FONT_HERSHEY_SIMPLEX, 1, 200, 2)
    assert not is_black(slide)
    assert watched(slide, 60, same=True, changed=False) is SourceState.LIVE


def test_a_card_for_a_while_is_no_signal() -> None:
    assert watched(SLIDE, 4, same=True, changed=False, card=True) is SourceState.LIVE
    assert watched(SLIDE, 6, same=True, changed=False, card=True) is SourceState.NO_SIGNAL


def bars(*colours: tuple[int, int, int]) -> Plane:
    picture = np.zeros((36, 64, 3), np.uint8)
    edges = np.linspace(0, 64, len(colours) + 1).round().astype(int)
    for colour, begin, end in zip(colours, edges, edges[1:], strict=False):
        picture[:, begin:end] = colour
    return picture


SEVEN = ((191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191), (0, 0, 191), (191, 0, 0))
EIGHT = ((255, 255, 255), *SEVEN[1:], (0, 0, 0))


@pytest.mark.parametrize("colours", [SEVEN, EIGHT])
def test_colour_bars_are_a_card(colours: tuple[tuple[int, int, int], ...]) -> None:
    assert is_card(bars(*colours))


def test_a_blue_screen_is_a_card() -> None:
    assert is_card(np.full((36, 64, 3), (230, 20, 10), np.uint8))


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (40, 160, 30), (200, 150, 120), (60, 30, 20)])
def test_a_page_of_another_colour_is_no_card(colour: tuple[int, int, int]) -> None:
    assert not is_card(np.full((36, 64, 3), colour, np.uint8))


def test_a_blue_slide_with_text_is_no_card() -> None:
    slide = np.full((360, 640, 3), (230, 20, 10), np.uint8)
    cv2.putText(slide, "Title of the lecture", (80, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 4)
    assert not is_card(cv2.resize(slide, (64, 36), interpolation=cv2.INTER_AREA).astype(np.uint8))


def test_a_bar_chart_is_no_card() -> None:
    assert not is_card(bars(*SEVEN[::-1]))


def test_states_have_names_for_people_and_numbers_for_machines() -> None:
    assert [(state.label, int(state)) for state in SourceState] == [
        ("connecting", 0),
        ("live", 1),
        ("stalled", 2),
        ("black", 3),
        ("frozen", 4),
        ("no-signal", 5),
        ("lost", 6),
    ]
