"""The trigger's state machine, driven by numbers: percent in, captures out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.trigger.machine import Machine, Phase, Rules, Step, Verdict

SECOND = 1_000_000_000
FRAME = SECOND // 10
SETTLE = Rules("settle", start_percent=0.15, settle_percent=0.01, settle_time_ns=SECOND // 2, delay_ns=0)
LAST = replace(SETTLE, last=True)
DELAY = Rules("delay", start_percent=0.06, settle_percent=0.0, settle_time_ns=0, delay_ns=2 * SECOND)


def drive(machine: Machine, percents: Iterable[float | None]) -> list[Step]:
    return [machine.step(n * FRAME, percent) for n, percent in enumerate(percents)]


def captured(steps: list[Step]) -> list[int]:
    return [n for n, step in enumerate(steps) if step.verdict is Verdict.CAPTURE]


def test_the_first_view_is_captured_once_it_has_been_calm_for_the_settle_time() -> None:
    steps = drive(Machine(SETTLE), [0.0] * 20)
    assert captured(steps) == [5]
    assert steps[5].reason == "first-view"
    assert steps[5].since_ns == 0


def test_motion_then_calm_captures_the_next_view_and_says_since_when_it_was_calm() -> None:
    steps = drive(Machine(SETTLE), [0.0] * 10 + [5.0] * 4 + [0.0] * 10)
    assert captured(steps) == [5, 19]
    assert steps[10].left
    assert steps[19].reason == "settled"
    assert steps[19].since_ns == 14 * FRAME


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


def test_a_capture_whose_picture_was_lost_is_tried_again_with_the_next_frame() -> None:
    machine = Machine(SETTLE)
    drive(machine, [0.0] * 6)
    machine.missed()
    assert machine.phase is Phase.SETTLING
    assert machine.step(6 * FRAME, 0.0).verdict is not Verdict.PASS


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
    assert SECOND // 2 <= times[0] < SECOND // 2 + step_ns


def test_with_last_a_settled_view_is_kept_and_named_when_it_is_left() -> None:
    steps = drive(Machine(LAST), [0.0] * 10 + [5.0] * 3 + [0.0] * 10 + [5.0])
    assert captured(steps) == []
    assert steps[5].verdict is Verdict.KEEP
    assert all(step.verdict is Verdict.RENEW for step in steps[6:10])
    assert [(n, step.reason, step.since_ns) for n, step in enumerate(steps) if step.left] == [
        (10, "first-view", 0),
        (23, "settled", 13 * FRAME),
    ]


def test_with_last_only_calm_frames_renew_the_picture() -> None:
    steps = drive(Machine(LAST), [0.0] * 10 + [0.1, None, 0.0])
    assert [step.verdict for step in steps[10:]] == [Verdict.PASS, Verdict.PASS, Verdict.RENEW]


def test_with_last_the_view_on_screen_at_the_end_is_flushed_as_settled() -> None:
    machine = Machine(LAST)
    drive(machine, [0.0] * 10 + [5.0] + [0.0] * 10)
    flushed = machine.flush(30 * FRAME)
    assert flushed is not None
    assert (flushed.reason, flushed.left, flushed.since_ns) == ("settled", True, 11 * FRAME)


@given(percents)
def test_with_last_the_same_views_are_captured_but_later(values: list[float | None]) -> None:
    first, last = Machine(SETTLE), Machine(LAST)
    at_rest = captured(drive(first, values))
    left = [step.since_ns for step in drive(last, values) if step.left]
    flushed = last.flush(len(values) * FRAME)
    views = left + ([flushed.since_ns] if flushed is not None and flushed.left else [])
    assert len(views) == len(at_rest)
    assert all(since <= n * FRAME for since, n in zip(views, at_rest, strict=True))
