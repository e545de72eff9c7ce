"""The trigger's state machine, driven by numbers: percent in, captures out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.trigger.machine import Machine, Rules, Step, Verdict, View

SECOND = 1_000_000_000
FRAME = SECOND // 10
SETTLE = Rules("settle", start_percent=0.15, settle_percent=0.01, settle_time_ns=SECOND // 2, delay_ns=0)
LAST = replace(SETTLE, picture="last")
BOTH = replace(SETTLE, picture="both")
DELAY = Rules("delay", start_percent=0.06, settle_percent=0.0, settle_time_ns=0, delay_ns=2 * SECOND)


def drive(machine: Machine, percents: Iterable[float | None]) -> list[Step]:
    return [machine.step(n * FRAME, percent) for n, percent in enumerate(percents)]


def captured(steps: list[Step]) -> list[int]:
    return [n for n, step in enumerate(steps) if step.verdict is Verdict.CAPTURE]


def test_the_first_view_is_captured_once_it_has_been_calm_for_the_settle_time() -> None:
    steps = drive(Machine(SETTLE), [0.0] * 20)
    assert captured(steps) == [5]
    assert steps[5].view == View(0, "first-view")


def test_motion_then_calm_captures_the_next_view_and_says_since_when_it_was_calm() -> None:
    steps = drive(Machine(SETTLE), [0.0] * 10 + [5.0] * 4 + [0.0] * 10)
    assert captured(steps) == [5, 19]
    assert steps[10].left
    assert steps[19].view == View(14 * FRAME, "settled")


def test_between_the_two_thresholds_nothing_happens_to_a_settled_view() -> None:
    steps = drive(Machine(SETTLE), [0.0] * 10 + [0.1] * 50)
    assert captured(steps) == [5]
    assert not any(step.left for step in steps)


def test_between_the_two_thresholds_a_moving_view_does_not_settle() -> None:
    assert captured(drive(Machine(SETTLE), [0.0] * 10 + [5.0] + [0.1] * 50)) == [5]


def test_a_twitch_while_settling_starts_the_settle_time_anew() -> None:
    assert captured(drive(Machine(SETTLE), [0.0, 0.0, 0.0, 0.5] + [0.0] * 10)) == [9]


def test_what_is_not_known_yet_does_not_count_as_calm() -> None:
    assert captured(drive(Machine(SETTLE), [None] * 15 + [0.0] * 10)) == [20]


def test_what_is_not_known_does_not_end_a_settled_view() -> None:
    assert not any(step.left for step in drive(Machine(SETTLE), [0.0] * 10 + [None] * 5))


def test_a_view_that_never_settled_is_flushed_at_its_calmest_frame() -> None:
    machine = Machine(SETTLE)
    steps = drive(machine, [9.0, 4.0, 2.0, 6.0, 2.0, 7.0])
    assert [n for n, step in enumerate(steps) if step.verdict is Verdict.KEEP] == [0, 1, 2, 4]
    flushed = machine.flush(5 * FRAME)
    assert flushed is not None
    assert flushed.reason == "flush"


def test_a_settled_view_leaves_nothing_to_flush() -> None:
    machine = Machine(SETTLE)
    drive(machine, [0.0] * 10)
    assert machine.flush(SECOND) is None


@pytest.mark.parametrize("rules", [SETTLE, BOTH, DELAY], ids=["first", "both", "delay"])
def test_a_capture_whose_picture_was_lost_is_tried_again_with_the_next_frame(rules: Rules) -> None:
    machine = Machine(rules)
    lost = next(step for step in drive(machine, [0.0] * 6) if step.view is not None)
    assert lost.view is not None
    machine.missed(lost.view)
    again = machine.step(6 * FRAME, 0.0)
    assert again.verdict is Verdict.CAPTURE
    assert again.view is not None
    assert again.view.reason == "first-view"


def test_a_capture_whose_picture_was_lost_waits_for_calm_if_motion_comes_first() -> None:
    machine = Machine(SETTLE)
    drive(machine, [0.0] * 6)
    machine.missed(View(0, "settled"))
    assert machine.step(6 * FRAME, 9.0).verdict is Verdict.KEEP
    assert captured([machine.step((7 + n) * FRAME, 0.0) for n in range(10)]) == [5]


def test_after_a_hole_the_same_calm_is_a_new_view() -> None:
    machine = Machine(SETTLE)
    drive(machine, [0.0] * 10)
    machine.restart()
    assert captured([machine.step((10 + n) * FRAME, 0.0) for n in range(10)]) == [5]


def test_delay_captures_at_once_and_then_a_fixed_time_after_motion_began() -> None:
    steps = drive(Machine(DELAY), [0.0] * 10 + [5.0] + [0.0] * 40)
    assert captured(steps) == [0, 30]
    assert steps[10].left


def test_delay_takes_no_notice_of_motion_while_it_is_armed() -> None:
    assert captured(drive(Machine(DELAY), [0.0] * 10 + [5.0] * 15 + [0.0] * 40)) == [0, 30]


percents = st.lists(st.one_of(st.none(), st.floats(0, 100), st.sampled_from([0.0, 0.005, 0.05, 0.2])), max_size=120)


@given(percents, st.sampled_from([SETTLE, DELAY]))
def test_between_two_captures_the_view_was_left(values: list[float | None], rules: Rules) -> None:
    settled = False
    for step in drive(Machine(rules), values):
        if step.left:
            assert settled
            settled = False
        if step.verdict is Verdict.CAPTURE:
            assert not settled
            settled = True


@given(percents)
def test_a_view_calm_for_the_settle_time_is_captured(values: list[float | None]) -> None:
    machine = Machine(SETTLE)
    drive(machine, values)
    calm = [machine.step((len(values) + n) * FRAME, 0.0) for n in range(6)]
    assert not machine.pending
    assert machine.flush((len(values) + 6) * FRAME) is None
    assert all(not step.left for step in calm)


@given(percents.filter(bool), st.sampled_from([SETTLE, DELAY]))
def test_every_stream_with_a_frame_gives_a_capture_or_has_one_to_flush(
    values: list[float | None], rules: Rules
) -> None:
    machine = Machine(rules)
    steps = drive(machine, values)
    kept = any(step.verdict is Verdict.KEEP for step in steps)
    assert captured(steps) or (kept and machine.flush(len(values) * FRAME) is not None)


@given(percents)
def test_the_same_numbers_give_the_same_steps(values: list[float | None]) -> None:
    assert drive(Machine(SETTLE), values) == drive(Machine(SETTLE), values)


@pytest.mark.parametrize("rate", [5, 10, 30, 60])
def test_the_settle_time_is_time_and_not_a_number_of_frames(rate: int) -> None:
    machine = Machine(SETTLE)
    step_ns = SECOND // rate
    times = [n * step_ns for n in range(2 * rate) if machine.step(n * step_ns, 0.0).verdict is Verdict.CAPTURE]
    assert len(times) == 1
    assert SECOND // 2 - rate <= times[0] < SECOND // 2 + step_ns  # each step is up to 1 ns short


def test_with_last_a_settled_view_is_kept_and_named_when_it_is_left() -> None:
    steps = drive(Machine(LAST), [0.0] * 10 + [5.0] * 3 + [0.0] * 10 + [5.0])
    assert captured(steps) == []
    assert steps[5].verdict is Verdict.KEEP
    assert all(step.verdict is Verdict.RENEW for step in steps[6:10])
    assert [(n, step.left) for n, step in enumerate(steps) if step.left] == [
        (10, View(0, "first-view")),
        (23, View(13 * FRAME, "settled")),
    ]


def test_with_last_only_calm_frames_renew_the_picture() -> None:
    steps = drive(Machine(LAST), [0.0] * 10 + [0.1, None, 0.0])
    assert [step.verdict for step in steps[10:]] == [Verdict.PASS, Verdict.PASS, Verdict.RENEW]


def test_with_last_the_view_on_screen_at_the_end_is_flushed_as_settled() -> None:
    machine = Machine(LAST)
    drive(machine, [0.0] * 10 + [5.0] + [0.0] * 10)
    assert machine.flush(30 * FRAME) == View(11 * FRAME, "settled")


@given(percents)
def test_with_last_the_same_views_are_captured_but_later(values: list[float | None]) -> None:
    first, last = Machine(SETTLE), Machine(LAST)
    at_rest = captured(drive(first, values))
    left = [step.left.since_ns for step in drive(last, values) if step.left]
    flushed = last.flush(len(values) * FRAME)
    views = left + ([flushed.since_ns] if flushed is not None and flushed.reason != "flush" else [])
    assert len(views) == len(at_rest)
    assert all(since <= n * FRAME for since, n in zip(views, at_rest, strict=True))


def test_with_both_a_view_is_captured_when_it_settles_and_renewed_until_it_is_left() -> None:
    steps = drive(Machine(BOTH), [0.0] * 10 + [5.0] * 3 + [0.0] * 10 + [5.0])
    assert [(n, step.view) for n, step in enumerate(steps) if step.view] == [
        (5, View(0, "first-view")),
        (18, View(13 * FRAME, "settled")),
    ]
    assert all(step.verdict is Verdict.RENEW for step in steps[6:10])
    assert [(n, step.left) for n, step in enumerate(steps) if step.left] == [
        (10, View(0, "left")),
        (23, View(13 * FRAME, "left")),
    ]


def test_with_both_the_view_on_screen_at_the_end_is_flushed_as_left() -> None:
    machine = Machine(BOTH)
    drive(machine, [0.0] * 10)
    assert machine.flush(SECOND) == View(0, "left")


def test_a_view_that_settles_with_the_frame_that_ends_another_is_told_apart_from_it() -> None:
    machine = Machine(
        Rules("settle", start_percent=0.1, settle_percent=0.5, settle_time_ns=0, delay_ns=0, picture="both")
    )
    machine.step(0, 0.0)
    assert machine.step(FRAME, 0.2) == Step(Verdict.CAPTURE, View(FRAME, "settled"), View(0, "left"))


@given(percents)
def test_with_both_the_early_captures_are_those_of_first_and_the_late_ones_those_of_last(
    values: list[float | None],
) -> None:
    first, last, both = (drive(Machine(rules), values) for rules in (SETTLE, LAST, BOTH))
    assert [step.view for step in both] == [step.view for step in first]
    times = [step.left.since_ns if step.left else None for step in last]
    assert [step.left.since_ns if step.left else None for step in both] == times
