"""Slides with somebody before them: decided by what is to be seen of them; what is revealed goes to its own slide."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture, Plane
from pipeline.testing import Harness, frames_of
from stages.composite import Composite
from stages.dedup import Dedup
from stages.dedup.fingerprint import fingerprint
from stages.dedup.properties import DedupProperties
from stages.picture import to_bgr
from stages.presenter import Presenter, carrying, presenter_of

CAPS = Caps.of("slide/capture")
WIDTH, HEIGHT = 320, 180
RULES: dict[str, object] = {"distance": 36, "confirm": "content"}
WORDS = ["alpha", "beta", "gamma", "delta", "rho", "sigma", "tau", "one", "two", "three", "lorem", "ipsum", "dolor"]


def slide(number: int, lines: int = 4) -> Plane:
    """One template, other words on each."""
    image = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
    cv2.rectangle(image, (0, 0), (WIDTH, 26), (120, 70, 30), cv2.FILLED)
    cv2.putText(image, "UNI", (280, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    cv2.line(image, (10, 168), (310, 168), (120, 70, 30), 1)
    rng = np.random.default_rng(number)
    for line in range(1 + lines):
        text, (x, y), grey = " ".join(rng.choice(WORDS, 3 + line % 2)), (10, 19), 255
        if line:
            x, y, grey = 15, 25 + 30 * line, 30
        cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (grey, grey, grey), 1)
    return image


def standing(share: float, x: float) -> Plane:
    """The mask of who hides ``share`` of the picture, centred at ``x`` of its width."""
    half = max(round(share * WIDTH / 0.85 / 2), 1)
    left = min(max(round(x * WIDTH) - half, 0), WIDTH - 2 * half)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[round(0.15 * HEIGHT) :, left : left + 2 * half] = 255
    return mask


class Room:
    """Dedup, and what an exporter would make of its pages."""

    def __init__(self, picture: str = "first", **properties: object) -> None:
        self.harness = Harness(Dedup, **{**RULES, **properties})
        self.harness.caps(CAPS)
        self.picture = picture
        self.now_ns = 0
        self.items: list[Item] = []
        self.free: dict[int, Composite] = {}

    def capture(self, image: Plane, mask: Plane | None = None, *, lost: bool = False) -> list[tuple[int, str]]:
        self.now_ns += SECOND_NS
        capture = {"start_pts_ns": self.now_ns - SECOND_NS // 2, "reason": "settled", "picture": self.picture}
        return self._push(image, mask, {"capture": capture}, lost)

    def reveal(self, image: Plane, mask: Plane | None = None, *, later: bool = True) -> list[tuple[int, str]]:
        self.now_ns += SECOND_NS * later
        return self._push(image, mask, {"reveal": {"share": 0.1}})

    def leave(self, kind: EventKind = EventKind.VISIT_END) -> list[tuple[int, str]]:
        return self._take(self.harness.event(Event(kind, self.now_ns)))

    def end(self) -> list[tuple[int, str]]:
        told = self._take(self.harness.eos())
        assert self.harness.ledger.missing == self.harness.ledger.held == 0
        return told

    def _push(self, image: Plane, mask: Plane | None, meta: Any, lost: bool = False) -> list[tuple[int, str]]:
        shown = image.copy()
        if mask is not None:
            shown[mask > 0] = (np.indices((HEIGHT, WIDTH)).sum(0) % 90 + self.now_ns // SECOND_NS % 9 * 15)[
                mask > 0, None
            ]
        picture = None if lost else Picture(Layout("bgr24", WIDTH, HEIGHT), (shown,))
        frame = Frame(self.now_ns // SECOND_NS, self.now_ns, CAPS, (), picture, meta)
        return self._take(self.harness.push(carrying(frame, (), Presenter(mask) if mask is not None else None)))

    def _take(self, items: list[Item]) -> list[tuple[int, str]]:
        self.items += items
        told = []
        for frame in frames_of(items):
            page: Any = frame.meta["page"]
            told.append((page["slide"], page["decision"]))
            if isinstance(frame.image, Picture):
                self._gather(page, frame.image.planes[0], presenter_of(frame))
        return told

    def _gather(self, page: Any, image: Plane, presenter: Presenter | None) -> None:
        hidden = None if presenter is None else presenter.mask
        if page["decision"] == "new":
            self.free[page["slide"]] = Composite(image, hidden)
        elif page.get("fill"):
            self.free[page["slide"]].fill(image, hidden)
        else:
            self.free[page["slide"]].renew(image, hidden)


ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 3, 5, 1, 8]


@pytest.mark.parametrize("builds", ["each", "final", "all", "update"])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("places", [(0.15,), (0.5,), (0.85,), (0.2, 0.5, 0.6)], ids=str)
def test_whoever_hides_a_part_makes_no_slide_and_hides_none(
    places: tuple[float, ...], share: float, builds: str
) -> None:
    room, told = Room(builds=builds), []
    for index, number in enumerate(ORDER):
        told += room.capture(slide(number), standing(share, places[index % len(places)]))
        told += room.leave()
    told += room.end()
    pages = [page for page in told if page[1] != "reveal"]
    assert pages == [(number, "new" if index < 8 else "revisit") for index, number in enumerate(ORDER)]
    for number, composite in room.free.items():
        assert np.array_equal(composite.picture[composite.seen > 0], slide(number)[composite.seen > 0])


def test_a_reveal_belongs_to_the_slide_of_the_capture_before_it() -> None:
    room = Room()
    room.capture(slide(1), standing(0.2, 0.2))
    assert room.reveal(slide(1), standing(0.2, 0.8)) == [(1, "reveal")]
    page: Any = frames_of(room.items)[-1].meta["page"]
    assert page["fill"] is False
    assert room.free[1].revealed == 1


def test_what_is_revealed_is_known_of_its_slide_from_then_on() -> None:
    hidden, other = standing(0.45, 0.25), standing(0.45, 0.75)
    room = Room()
    room.capture(slide(1), hidden)
    room.reveal(slide(1), other)
    room.leave()
    room.capture(slide(2))
    assert room.capture(slide(1), hidden) == [(1, "revisit")]
    assert room.capture(slide(1), other) == [(1, "same")]


@pytest.mark.parametrize("kind", [EventKind.VISIT_END, EventKind.GAP, EventKind.EPOCH, EventKind.LECTURE_STOP])
def test_what_is_revealed_after_a_view_was_left_belongs_to_nothing(kind: EventKind) -> None:
    room = Room()
    room.capture(slide(1), standing(0.2, 0.2))
    room.leave(kind)
    assert room.reveal(slide(2)) == []
    assert room.harness.ledger.dropped == {"no-slide": 1}


def test_what_is_revealed_of_a_capture_without_a_picture_belongs_to_nothing() -> None:
    room = Room()
    room.capture(slide(1), standing(0.2, 0.2))
    room.capture(slide(2), standing(0.2, 0.2), lost=True)
    assert room.reveal(slide(2)) == []
    assert room.harness.ledger.dropped == {"no-picture": 1, "no-slide": 1}


def test_a_revisit_that_shows_more_of_its_slide_has_a_picture_to_fill_it_with() -> None:
    room = Room()
    room.capture(slide(1), standing(0.2, 0.2))
    room.capture(slide(2), standing(0.2, 0.2))
    room.capture(slide(1), standing(0.2, 0.8))
    frame = frames_of(room.items)[-1]
    page: Any = frame.meta["page"]
    assert (page["decision"], page["fill"], isinstance(frame.image, Picture)) == ("revisit", True, True)
    assert room.free[1].revealed == 1
    assert room.reveal(slide(1)) == [(1, "reveal")]
    again: Any = frames_of(room.items)[-1].meta["page"]
    assert again["fill"] is True


def test_a_revisit_that_shows_nothing_more_has_no_picture() -> None:
    room = Room()
    for number in (1, 2, 1):
        room.capture(slide(number), standing(0.2, 0.2))
    assert frames_of(room.items)[-1].image is None


def test_a_view_that_turns_out_to_be_another_slide_is_one_though_what_was_visible_was_the_same() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[60:160] = 255
    room, other = Room(), slide(2)
    other[:60] = slide(1)[:60]
    room.capture(slide(1))
    assert room.capture(other, mask) == [(1, "same")]
    assert room.reveal(other) == [(2, "new")]
    assert np.array_equal(room.free[1].picture, slide(1))


def test_a_capture_that_hides_nearly_all_of_itself_is_no_slide_until_more_of_it_is_seen() -> None:
    room, mask = Room(), np.full((HEIGHT, WIDTH), 255, np.uint8)
    mask[:20] = 0
    room.capture(slide(1))
    assert room.capture(slide(2), mask) == [(1, "same")]
    page: Any = frames_of(room.items)[-1].meta["page"]
    assert "% of it is to be seen" in page["why"]
    assert room.reveal(slide(2), standing(0.2, 0.2)) == [(2, "new")]
    assert np.array_equal(room.free[1].picture, slide(1))


def test_a_capture_made_when_its_view_was_left_is_decided_by_all_that_was_seen_of_it() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[60:160] = 255
    room, other = Room("last"), slide(2)
    other[:60] = slide(1)[:60]
    room.capture(slide(1))
    assert room.capture(other, mask) == []
    assert room.harness.ledger.held == 1
    assert room.reveal(other, later=False) == [(2, "new"), (2, "reveal")]
    assert room.free[2].revealed == 1
    room.capture(slide(3), mask)
    assert room.leave() == [(3, "new")]
    room.capture(slide(4), mask)
    assert room.end() == [(4, "new")]


def test_what_is_revealed_of_a_slide_that_is_held_comes_right_after_its_page_in_one_frame() -> None:
    room = Room(builds="final")
    room.capture(slide(1), standing(0.3, 0.2))
    room.reveal(slide(1), standing(0.3, 0.5))
    room.reveal(slide(1), standing(0.3, 0.8))
    room.leave()
    assert room.harness.ledger.dropped == {"merged": 1}
    room.capture(slide(2))
    assert [type(item) for item in room.items] == [Frame, Frame, Event]
    assert room.free[1].revealed == 1
    assert np.array_equal(room.free[1].picture, slide(1))
    assert room.end() == [(2, "new")]


def test_the_state_that_a_held_slide_has_grown_to_keeps_what_was_seen_of_it_before() -> None:
    room = Room(builds="final")
    room.capture(slide(1, lines=3), standing(0.2, 0.2))
    room.capture(slide(1), standing(0.2, 0.8))
    assert room.end() == [(1, "new"), (1, "reveal")]
    assert room.free[1].revealed > 0.99
    right = slide(1)
    right[:, : WIDTH // 2] = np.where(standing(0.2, 0.2)[:, : WIDTH // 2, None] > 0, 0, right[:, : WIDTH // 2])
    assert np.array_equal(room.free[1].picture[:, WIDTH // 2 :], right[:, WIDTH // 2 :])


def test_what_a_held_slide_has_grown_by_where_somebody_stands_now_is_not_shown_as_it_was() -> None:
    """A line comes in that goes on behind whoever has walked there meanwhile."""
    full = slide(1)
    cv2.line(full, (190, 125), (310, 125), (30, 30, 30), 3)
    room = Room(builds="final")
    room.capture(slide(1), standing(0.2, 0.2))
    room.capture(full, standing(0.2, 0.8))
    assert room.end()[0] == (1, "new")
    seen = room.free[1].seen > 0
    assert room.free[1].revealed > 0.7
    assert np.array_equal(room.free[1].picture[seen], full[seen])


def test_somebody_who_steps_before_a_slide_does_not_get_on_its_page() -> None:
    room = Room(builds="final")
    room.capture(slide(1))
    room.capture(slide(1), standing(0.2, 0.2))
    assert room.end() == [(1, "new")]
    assert np.array_equal(room.free[1].picture, slide(1))
    assert presenter_of(frames_of(room.items)[0]) is None


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("sar", [12 / 11, 1.004])
def test_what_is_revealed_with_square_pixels_is_compared_with_captures_that_have_others(
    sar: float, rotation: int
) -> None:
    """720 x 576 with pixels of 12:11, as of every camera for television, is 785.45 px wide."""
    image = cv2.resize(slide(1), (720, 576))
    captured = Picture(Layout("bgr24", 720, 576, rotation=rotation, sar=sar), (np.asarray(image, np.uint8),))
    whole = to_bgr(captured)
    revealed = Picture(Layout("bgr24", whole.shape[1], whole.shape[0]), (whole,))
    properties = DedupProperties.model_validate({"confirm": "content"})
    one, other = (fingerprint(each, properties) for each in (captured, revealed))
    assert one is not None and one.content is not None
    assert other is not None and other.content is not None
    assert one.content.looked_at().plane.shape == other.content.looked_at().plane.shape


def test_without_a_comparison_reveals_go_to_the_newest_slide() -> None:
    room = Room(hash="none", distance=0, confirm="none")
    told = room.capture(slide(1), standing(0.2, 0.2)) + room.reveal(slide(1)) + room.capture(slide(1))
    assert told == [(1, "new"), (1, "reveal"), (2, "new")]


def test_an_exact_hash_takes_what_is_hidden_from_the_slide_it_is_compared_with() -> None:
    room = Room(distance=0, confirm="none")
    room.capture(slide(1))
    room.capture(slide(2), standing(0.2, 0.2))
    assert room.capture(slide(1), standing(0.2, 0.7)) == [(1, "revisit")]
    assert room.capture(slide(2), standing(0.2, 0.7)) == [(2, "revisit")]


masks = st.sampled_from([None, standing(0.2, 0.2), standing(0.3, 0.8), np.full((HEIGHT, WIDTH), 255, np.uint8)])
steps = st.tuples(st.sampled_from(["capture", "reveal", "leave", "lost"]), st.integers(1, 3), masks)


@given(st.lists(steps, max_size=12), st.sampled_from(["all", "final", "update"]), st.sampled_from(["first", "last"]))
def test_every_frame_is_accounted_for(plan: list[tuple[str, int, Plane | None]], builds: str, picture: str) -> None:
    room = Room(picture, builds=builds)
    for what, number, mask in plan:
        if what == "leave":
            room.leave()
        elif what == "reveal":
            room.reveal(slide(number), mask)
        else:
            room.capture(slide(number), mask, lost=what == "lost")
        assert room.harness.ledger.missing == 0
    room.end()
