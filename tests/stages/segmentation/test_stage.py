"""Segmentation as a stage, in a file: each frame with its mask, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from people import ON_CPU, finder, is_person, person, slide, sway

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import SECOND_NS, Event, EventKind, Flags, Frame, Item, Layout, Picture, Plane, Ticket
from pipeline.testing import Harness, frames_of
from stages.presenter import Presenter, looked_for, presenter_of
from stages.segmentation import Segmentation
from stages.segmentation import stage as stage_module

pytest.importorskip("onnxruntime", reason="runs the network of these tests")

WIDTH, HEIGHT = 320, 180
TENTH = SECOND_NS // 10
CAPS = Caps.of("video/raw", format="gray8", width=WIDTH, height=HEIGHT, rate=10)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return finder(tmp_path / "green.onnx")


def harness(model: Path, **properties: object) -> Harness:
    made = Harness(Segmentation, model=str(model), **{**ON_CPU, **properties})
    made.caps(CAPS)
    return made


def frame(seq: int, picture: Plane, flags: Flags = Flags.NONE, pts_ns: int | None = None) -> Frame:
    """Full pictures are twice as large as the plane."""
    full = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
    image = Picture(Layout("bgr24", 2 * WIDTH, 2 * HEIGHT), (full,))
    pts_ns = seq * TENTH if pts_ns is None else pts_ns
    return Frame(seq, pts_ns, CAPS, (np.ascontiguousarray(picture.min(axis=2)),), image, {"hint": seq}, flags)


def standing(seq: int) -> Frame:
    return frame(seq, person(slide(1), 0.4 + sway(seq / 10)))


def alone(seq: int) -> Frame:
    return frame(seq, slide(1))


def pushed(made: Harness, frames: Iterable[Frame]) -> list[Frame]:
    return [out for each in frames for out in frames_of(made.push(each))]


def there(frames: Iterable[Frame]) -> str:
    """P for each frame with a presenter, - for each without."""
    return "".join("P" if presenter_of(each) else "-" for each in frames)


def found(out: Frame) -> Presenter:
    presenter = presenter_of(out)
    assert presenter is not None
    return presenter


def test_every_frame_goes_on_as_it_came(model: Path) -> None:
    made = harness(model)
    given = [standing(seq) for seq in range(12)]
    out = pushed(made, given)
    for before, after in zip(given, out, strict=True):
        assert (after.seq, after.pts_ns, after.caps, after.image) == (before.seq, before.pts_ns, CAPS, before.image)
        assert after.planes[0] is before.planes[0]
        assert after.meta["hint"] == before.seq
        assert looked_for(after)
    assert made.eos() == []
    assert (made.ledger.received, made.ledger.sent, made.ledger.missing) == (12, 12, 0)


def test_whoever_is_before_the_slide_is_under_the_mask_and_little_else(model: Path) -> None:
    out = pushed(harness(model), (standing(seq) for seq in range(8)))
    mask, green = found(out[-1]).mask, is_person(person(slide(1), 0.4 + sway(0.7)))
    assert (mask.shape, mask.dtype, set(np.unique(mask))) == ((HEIGHT, WIDTH), np.uint8, {0, 255})
    assert (mask[green] == 255).all(), "it is wider than they are"
    assert np.count_nonzero(mask) < 1.5 * np.count_nonzero(green)


def test_a_slide_with_nobody_before_it_has_no_presenter(model: Path) -> None:
    out = pushed(harness(model), (alone(seq) for seq in range(12)))
    assert there(out) == "-" * 12
    assert all(len(each.planes) == 1 for each in out)


def test_somebody_is_there_from_the_second_mask_on(model: Path) -> None:
    assert there(pushed(harness(model), (standing(seq) for seq in range(12)))) == "-----PPPPPPP"


def test_who_has_left_is_gone_with_the_second_mask_without_them(model: Path) -> None:
    made = harness(model)
    pushed(made, (standing(seq) for seq in range(10)))
    assert there(pushed(made, (alone(seq) for seq in range(10, 22)))) == "PPPPP-------"


def test_masks_fall_on_multiples_and_the_frames_between_say_how_old_theirs_is(model: Path) -> None:
    out = pushed(harness(model), (standing(seq) for seq in range(17)))
    ages = [found(each).age_ns // TENTH for each in out[5:]]
    assert ages == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]


def test_more_masks_are_made_if_that_is_asked_for(model: Path) -> None:
    out = pushed(harness(model, rate=5), (frame(seq, person(slide(1), 0.4 + 0.006 * seq)) for seq in range(8)))
    assert there(out) == "--PPPPPP"
    assert [found(each).age_ns // TENTH for each in out[2:]] == [0, 1, 0, 1, 0, 1]


def test_who_walks_is_covered_between_two_masks(model: Path) -> None:
    made = harness(model)
    for seq in range(20):
        picture = person(slide(1), 0.3 + 0.01 * seq)
        (out,) = pushed(made, [frame(seq, picture)])
        if seq >= 5:
            green = is_person(picture)
            assert np.count_nonzero(found(out).mask[green]) >= 0.98 * np.count_nonzero(green), seq


def test_a_picture_in_which_nothing_moved_is_not_looked_at_again(model: Path) -> None:
    made = harness(model)
    rng = np.random.default_rng(1)
    for seq in range(26):
        still = person(slide(1 if seq < 15 else 2), 0.4 + sway(min(seq, 5) / 10))
        noisy = np.clip(still + rng.normal(0.0, 3.0, still.shape), 0, 255).astype(np.uint8)
        (out,) = pushed(made, [frame(seq, noisy)])
        assert (presenter_of(out) is not None) == (seq >= 5)
    made.tick()
    figures = told(made.context.messages)
    assert (figures["masks_total"], figures["masks_reused_total"]) == (3, 3), (
        "at 0 and 0.5 s, and of the next slide at 1.5 s"
    )


def test_who_moves_is_looked_at_each_time(model: Path) -> None:
    made = harness(model)
    pushed(made, (frame(seq, person(slide(1), 0.3 + 0.01 * seq)) for seq in range(16)))
    made.tick()
    assert told(made.context.messages)["masks_total"] == 4


def test_a_run_can_be_repeated_bit_by_bit(model: Path) -> None:
    def run() -> list[bytes]:
        walk = (frame(seq, person(slide(1), 0.3 + 0.01 * seq)) for seq in range(20))
        return [found(each).mask.tobytes() for each in pushed(harness(model), walk)[5:]]

    assert run() == run()


@pytest.mark.parametrize(
    "event",
    [
        Event(EventKind.GAP, 10 * TENTH, {"reason": "lost"}),
        Event(EventKind.EPOCH, 10 * TENTH, {"epoch": 1}),
        Event(EventKind.LECTURE_START, 10 * TENTH, {"lecture": "b", "folder": "/b", "zero_ns": 0, "shift_ns": 0}),
    ],
    ids=lambda event: str(event.kind),
)
def test_after_a_break_nobody_is_known_and_masks_are_counted_anew(model: Path, event: Event) -> None:
    made = harness(model)
    made.event(Event(EventKind.LECTURE_START, 0, {"lecture": "a", "folder": "/a", "zero_ns": 0, "shift_ns": 0}))
    pushed(made, (standing(seq) for seq in range(8)))
    assert made.event(event) == [event]
    assert there(pushed(made, (standing(seq) for seq in range(8, 16)))) == "-----PPP"


def test_a_discontinuity_is_a_break(model: Path) -> None:
    made = harness(model)
    pushed(made, (standing(seq) for seq in range(8)))
    broken = replace(standing(8), flags=Flags.DISCONT)
    assert there(pushed(made, [broken, *(standing(seq) for seq in range(9, 16))])) == "-----PPP"


def test_time_that_goes_back_is_a_break(model: Path) -> None:
    made = harness(model)
    pushed(made, (standing(seq) for seq in range(8)))
    assert there(pushed(made, (standing(seq) for seq in range(8)))) == "-----PPP"


def test_other_caps_are_a_break(model: Path) -> None:
    made = harness(model)
    pushed(made, (standing(seq) for seq in range(8)))
    made.caps(CAPS)
    assert there(pushed(made, (standing(seq) for seq in range(8, 16)))) == "-----PPP"


def test_the_same_lecture_announced_again_shifts_time_and_breaks_nothing(model: Path) -> None:
    made = harness(model)
    lecture = {"lecture": "a", "folder": "/a", "zero_ns": 0}
    made.event(Event(EventKind.LECTURE_START, 0, {**lecture, "shift_ns": 0}))
    pushed(made, (standing(seq) for seq in range(8)))
    made.event(Event(EventKind.LECTURE_START, 0, {**lecture, "shift_ns": 100 * SECOND_NS}))
    later = [replace(standing(seq), pts_ns=seq * TENTH + 100 * SECOND_NS) for seq in range(8, 12)]
    assert [found(each).age_ns // TENTH for each in pushed(made, later)] == [3, 4, 0, 1]


def test_a_mark_or_the_end_of_a_visit_passes(model: Path) -> None:
    made = harness(model)
    pushed(made, (standing(seq) for seq in range(8)))
    event = Event(EventKind.VISIT_END, 8 * TENTH)
    assert made.event(event) == [event]
    assert there(pushed(made, [standing(8)])) == "P"


def test_a_picture_that_is_lost_is_counted_and_the_plane_is_looked_at(model: Path) -> None:
    made = harness(model)
    gone = Ticket("pool", 0, 1, Layout("bgr24", 2 * WIDTH, 2 * HEIGHT))
    out = pushed(made, (replace(standing(seq), image=gone) for seq in range(7)))
    assert there(out) == "-" * 7, "a grey plane has nothing green"
    made.tick()
    assert told(made.context.messages)["mask_pictures_lost_total"] == 2


def test_colour_planes_pass_too(model: Path) -> None:
    made = Harness(Segmentation, model=str(model), format="bgr24", **ON_CPU)
    caps = Caps.of("video/raw", format="bgr24", width=WIDTH, height=HEIGHT)
    assert made.caps(caps) == {"frames": caps}
    pictures = [person(slide(1), 0.4 + sway(seq / 10)) for seq in range(7)]
    images = [Picture(Layout("bgr24", WIDTH, HEIGHT), (each,)) for each in pictures]
    frames = (Frame(seq, seq * TENTH, caps, (pictures[seq],), images[seq]) for seq in range(7))
    out = pushed(made, frames)
    assert there(out) == "-----PP"
    assert found(out[-1]).mask.shape == (HEIGHT, WIDTH)


def test_a_window_with_somebody_in_it_is_a_presenter_and_a_still_rectangle_is_the_slide(model: Path) -> None:
    def window(seq: int, moves: bool) -> Frame:
        picture = slide(1)
        picture[100:170, 220:310] = (30, 220, 30)
        if moves:
            x = 240 + 8 * (seq % 5)
            picture[120:150, x : x + 20] = (90, 255, 90)
        return frame(seq, picture)

    assert there(pushed(harness(model), (window(seq, moves=False) for seq in range(20)))) == "-" * 20
    moving = pushed(harness(model, rate=5), (window(seq, moves=True) for seq in range(20)))
    assert there(moving).endswith("P" * 10)
    assert there(pushed(harness(model, role="any"), (window(seq, moves=False) for seq in range(10)))) == "-----PPPPP"


def test_a_mask_of_too_little_or_too_unsure_is_nobody(model: Path) -> None:
    assert there(pushed(harness(model, min_area=0.5), (standing(seq) for seq in range(8)))) == "-" * 8
    assert there(pushed(harness(model, min_probability=1), (standing(seq) for seq in range(8)))) == "-" * 8


def told(messages: Iterable[Item]) -> dict[str, object]:
    """The newest figures."""
    return [dict(each.data) for each in messages if each.name == "figures"][-1]  # type: ignore[attr-defined]


def test_figures_say_how_many_masks_how_old_and_where(model: Path) -> None:
    made = harness(model)
    pushed(made, (standing(seq) for seq in range(8)))
    made.tick()
    figures = told(made.context.messages)
    assert (figures["masks_total"], figures["masks_reused_total"]) == (2, 0)
    assert (figures["presenter_share"], figures["masks_on_gpu"]) == (0.5, 0)
    assert (figures["mask_age_seconds"], figures["mask_age_seconds_max"]) == (0.2, 0.4)
    assert all(figures[name] > 0 for name in ("mask_seconds", "first_mask_seconds", "warm_mask_seconds"))  # type: ignore[operator]
    made.push(standing(8))
    made.eos()
    assert told(made.context.messages)["mask_age_seconds_max"] == 0.3, "since they were told last"


def test_what_it_runs_on_is_said_once_at_the_start(model: Path) -> None:
    made = harness(model)
    (said,) = [each.data for each in made.context.messages if each.name == "device"]
    assert (said["model"], said["device"]) == (str(model), "cpu")
    assert made.context.warnings == []
    made.tick()
    assert told(made.context.messages)["masks_fell_back"] == 0


def test_auto_without_a_gpu_says_so_once_and_goes_on(model: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there may be a GPU here")
    made = harness(model, device="auto")
    pushed(made, (standing(seq) for seq in range(12)))
    made.tick()
    (warning,) = made.context.warnings
    assert warning.startswith("masks are made on the CPU: ")
    assert told(made.context.messages)["masks_fell_back"] == 1
    with pytest.raises(ConfigError, match="device 'cuda' cannot be had: "):
        harness(model, device="cuda")


def test_a_network_too_slow_to_wait_for_is_refused_unless_nobody_waits(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_module, "LONGEST_NS", 1)
    with pytest.raises(ConfigError, match=r"takes \d+\.\d s on cpu, and frames cannot wait .* or wait = false"):
        harness(model)
    harness(model, wait=False).eos()


def test_masks_are_remembered_for_as_long_as_they_are_apart(model: Path) -> None:
    seconds = (replace(standing(seq), pts_ns=seq * SECOND_NS) for seq in range(8))
    assert there(pushed(harness(model, rate=0.2), seconds)) == "-----PPP"
