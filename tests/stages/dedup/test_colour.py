"""Pictures that differ in colour alone: other states, other slides, or the same by another light."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hues import GREEN, RED, chart, remark
from media import Bgr

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture
from pipeline.testing import Harness, frames_of
from stages.chroma import chroma_size
from stages.dedup import Dedup
from stages.dedup.colour import balanced, differing
from stages.dedup.content import Content, Likeness, Rules
from stages.dedup.yuv import like_captured
from stages.picture import small_chroma, small_gray, to_bgr
from stages.presenter import Presenter, carrying

CAPS = Caps.of("slide/capture")
BT709 = Layout("yuv420p", 640, 360, "bt709")
RULES = Rules(same_percent=0.6, kept_percent=90, touched_percent=25)
BLUE_BARS = chart((170, 85, 40))


def picture(image: Bgr) -> Picture:
    """Luma by BT.709, so that RED and GREEN have the same."""
    return like_captured(image, BT709)


def content(image: Bgr, hidden: Bgr | None = None) -> Content:
    shown = picture(image)
    return Content(small_gray(shown, 640, 360), hidden, small_chroma(shown, *chroma_size(640, 360)))


def likeness(before: Bgr, after: Bgr) -> Likeness:
    return content(before).looked_at().against(content(after).looked_at())


class Lecture:
    """Views one after the other, each with its capture at its end and the end of its visit."""

    def __init__(self, *, evidence: bool = False, **properties: object) -> None:
        self.evidence = evidence  # what bgsub says of changes: all over the picture, when the view began
        self.harness = Harness(Dedup, **{"distance": 36, "confirm": "content", "builds": "final", **properties})
        self.harness.caps(CAPS)
        self.now_ns = 0

    def view(self, shown: Picture) -> list[Item]:
        start, self.now_ns = self.now_ns, self.now_ns + 5 * SECOND_NS
        meta: Any = {"capture": {"start_pts_ns": start, "reason": "settled"}}
        if self.evidence:
            meta["changed"] = {"rows": 36, "columns": 64, "before": np.full((36, 64), 49, "<u2").tobytes()}
        captured = self.harness.push(Frame(0, self.now_ns, CAPS, (), shown, meta))
        return [*captured, *self.harness.event(Event(EventKind.VISIT_END, self.now_ns))]

    def pages(self, *views: Picture) -> list[tuple[int, str, int, Any]]:
        """Slide, decision, time of the picture in s and the picture, of each page with one."""
        items = [*(item for shown in views for item in self.view(shown)), *self.harness.eos()]
        told = [(frame, dict(frame.meta["page"])) for frame in frames_of(items)]  # type: ignore[call-overload]
        return [(p["slide"], p["decision"], f.pts_ns // SECOND_NS, f.image) for f, p in told if f.image is not None]

    def decided(self, *images: Bgr) -> list[tuple[int, str, int]]:
        return [each[:3] for each in self.pages(*map(picture, images))]


def test_luma_alone_takes_red_for_green() -> None:
    before, after = (Content(small_gray(picture(chart(hue)), 640, 360)) for hue in (RED, GREEN))
    assert before.looked_at().against(after.looked_at()).differing == 0


@pytest.mark.parametrize(
    ("before", "after"), [(chart(RED), chart(RED, RED, GREEN, RED, RED)), (remark(RED), remark(GREEN))]
)
def test_a_part_in_another_colour_is_growth_either_way(before: Bgr, after: Bgr) -> None:
    for seen in (likeness(before, after), likeness(after, before)):
        assert seen.differing > 0
        assert seen.recoloured > 0
        assert seen.grown(RULES)


def test_most_of_a_slide_in_other_colours_is_another_slide() -> None:
    seen = likeness(chart(RED), chart(GREEN))
    assert seen.kept == seen.kept_back == 100
    assert seen.in_other_colours(RULES)
    assert not seen.grown(RULES)
    assert not seen.covered(RULES)


def test_a_spot_in_another_colour_is_never_another_slide() -> None:
    before, after = (np.full((360, 640, 3), 240, np.uint8) for _ in range(2))
    for image, hue in ((before, RED), (after, GREEN)):
        cv2.circle(image, (300, 200), 12, hue, -1)
    seen = likeness(before, after)
    assert seen.recoloured > 50
    assert not seen.in_other_colours(RULES)
    assert seen.grown(RULES)


@pytest.mark.parametrize("evidence", [False, True])
def test_a_highlight_in_another_colour_makes_the_slide_grow_and_the_newest_picture_is_its_page(evidence: bool) -> None:
    ((slide, decision, at_s, image),) = Lecture(evidence=evidence).pages(picture(remark(RED)), picture(remark(GREEN)))
    assert (slide, decision, at_s) == (1, "new", 10)
    assert isinstance(image, Picture)
    assert np.array_equal(image.planes[2], picture(remark(GREEN)).planes[2])


def test_a_highlight_in_another_colour_goes_out_at_once_where_slides_do() -> None:
    assert Lecture(builds="update").decided(remark(RED), remark(GREEN)) == [(1, "new", 5), (1, "grown", 10)]


@pytest.mark.parametrize("evidence", [False, True])
@pytest.mark.parametrize("builds", ["final", "update"])
def test_two_charts_that_differ_in_colours_are_two_slides_and_each_is_known_again(builds: str, evidence: bool) -> None:
    shown = (chart(RED), chart(GREEN), chart(RED), chart(GREEN))
    assert Lecture(builds=builds, evidence=evidence).decided(*shown) == [(1, "new", 5), (2, "new", 10)]


def test_the_reason_says_that_it_is_colour_alone() -> None:
    lecture = Lecture(builds="update")
    items = [item for hue in (RED, GREEN) for item in lecture.view(picture(remark(hue)))]
    last = frames_of(items)[-1].meta["page"]
    assert isinstance(last, dict)
    assert "in colour alone" in str(last["why"])


def by_another_light(image: Bgr, red: float, blue: float) -> Bgr:
    """What is white keeps its luma by BT.709."""
    green = (1 - 0.2126 * red - 0.0722 * blue) / 0.7152
    return np.clip(np.rint(image * [blue, green, red]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("red", "blue"), [(1.06, 0.8), (0.84, 1.04), (1.0, 0.8)])
def test_another_white_balance_is_no_change(red: float, blue: float) -> None:
    before, after = chart(RED, GREEN), by_another_light(chart(RED, GREEN), red, blue)
    chromas = [small_chroma(picture(image), 128, 72) for image in (before, after)]
    assert chromas[0] is not None
    assert chromas[1] is not None
    assert np.median(np.abs(chromas[0].astype(int) - chromas[1]), axis=(0, 1)).max() > 16
    seen = likeness(before, after)
    assert seen.differing <= RULES.same_percent
    assert seen.covered(RULES)
    assert Lecture().decided(before, remark(RED), after) == [(1, "new", 5), (2, "new", 10)]


def test_less_light_on_saturated_colours_is_no_change() -> None:
    scene = np.tile(np.linspace(110, 200, 640).astype(np.uint8)[None, :, None], (360, 1, 3))
    scene[100:200, 100:300] = (60, 60, 200)
    scene[220:300, 350:560] = (190, 110, 40)
    seen = likeness(scene, np.asarray(np.rint(scene * 0.7), np.uint8))
    assert seen.recoloured < 1
    assert seen.differing < 1


def test_another_colour_is_no_white_balance_however_much_has_it() -> None:
    grounds = [np.full((360, 640, 3), hue, np.uint8) for hue in (RED, GREEN)]
    for image in grounds:
        cv2.putText(image, "white on it", (60, 200), cv2.FONT_HERSHEY_SIMPLEX, 2, (240, 240, 240), 4)
    assert likeness(*grounds).in_other_colours(RULES)
    assert Lecture().decided(*grounds) == [(1, "new", 5), (2, "new", 10)]


@pytest.mark.parametrize(("shift", "share"), [(24, 0), (45, 1)])
def test_a_white_balance_moves_colours_so_far_and_no_further(shift: int, share: float) -> None:
    before, luma = np.full((72, 128, 2), 128, np.uint8), np.full((360, 640), 180, np.uint8)
    assert np.mean(differing(before, before + np.uint8(shift), luma, luma) > 0) == share


def test_what_is_alike_is_left_as_it_is() -> None:
    before, after = (small_chroma(picture(image), 128, 72) for image in (chart(RED), chart(RED, GREEN)))
    assert before is not None
    assert after is not None
    assert np.array_equal(balanced(before, after, np.full((72, 128), 200, np.uint8)), after)


def test_what_is_hidden_has_no_colour() -> None:
    mask = np.zeros((360, 640), np.uint8)
    mask[100:, 60:620] = 255
    veiled = content(chart(GREEN), mask).looked_at()
    seen = content(chart(RED)).looked_at().against(veiled)
    assert seen.recoloured == 0
    assert seen.differing == 0


def test_what_was_hidden_is_joined_with_its_colour() -> None:
    mask = np.zeros((360, 640), np.uint8)
    mask[:, 300:] = 255
    whole = content(chart(RED), mask).over(content(chart(RED)))
    assert whole.equals(content(chart(RED)))
    assert content(chart(RED)).looked_at().against(whole.looked_at()).recoloured == 0


def test_a_presenter_who_moves_before_a_coloured_slide_makes_no_new_one() -> None:
    lecture, decided = Lecture(), []
    for n, left in enumerate((80, 300, 480)):
        mask = np.zeros((360, 640), np.uint8)
        mask[60:, left : left + 100] = 255
        shown = chart(RED, GREEN)
        shown[mask > 0] = RED
        frame = Frame(n, (n + 1) * 5 * SECOND_NS, CAPS, (), picture(shown), {"capture": {"reason": "settled"}})
        decided += frames_of(lecture.harness.push(carrying(frame, (), Presenter(mask))))
    decided += frames_of(lecture.harness.eos())
    assert {dict(frame.meta["page"])["slide"] for frame in decided} == {1}  # type: ignore[call-overload]


def test_grey_pictures_are_compared_as_ever() -> None:
    grey = [
        Picture(Layout("gray", 640, 360, full_range=True), (small_gray(picture(image), 640, 360),))
        for image in (chart(RED), chart(GREEN), remark(RED))
    ]
    assert [page[:3] for page in Lecture().pages(*grey)] == [(1, "new", 10), (2, "new", 15)]


def test_a_grey_picture_differs_from_a_coloured_one_by_luma_alone() -> None:
    grey = Content(small_gray(picture(chart(RED)), 640, 360))
    assert grey.looked_at().against(content(chart(RED)).looked_at()).differing == 0


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
def test_a_picture_from_its_file_has_the_luma_and_chroma_of_its_capture(matrix: str) -> None:
    layout = Layout("yuv420p", 640, 360, matrix)
    back = like_captured(BLUE_BARS, layout)
    assert np.abs(to_bgr(back).astype(int) - BLUE_BARS).max() <= 2
    assert back.layout.matrix == matrix
    assert like_captured(BLUE_BARS, Layout("gray", 640, 360)).layout.pix_fmt == "gray"
