"""What was at rest for too short a time: it is listed, and nothing that was at rest for ``min_dwell`` is missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playthings import picture

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item
from pipeline.testing import Harness, events_of, frames_of
from stages.trigger import Trigger

CAPS = Caps.of("video/motion", picture_width=16, picture_height=8)
TENTH = SECOND_NS // 10
LAST: dict[str, object] = {"start_percent": 0.2, "settle_percent": 0.2, "settle_time": 0.5, "picture": "last"}


@dataclass(frozen=True)
class Short:
    """A transient as the trigger tells it."""

    start_ns: int
    end_ns: int
    before: float | None
    after: float | None
    reason: str


class Stream:
    """Frames of a percent each; those without an ``image`` have lost their picture."""

    def __init__(self, **properties: object) -> None:
        self.harness = Harness(Trigger, **{**LAST, **properties})
        self.harness.caps(CAPS)
        self.items: list[Item] = []
        self.seq = 0

    def push(self, pts_ns: int, percent: float | None, image: bool = True) -> None:
        shown = picture(self.seq, 16, 8) if image else None
        frame = Frame(self.seq, pts_ns, CAPS, (), shown, {"foreground_percent": percent})
        self.seq += 1
        self.items += self.harness.push(frame)

    def at_10(self, percents: list[float | None]) -> Stream:
        for percent in percents:
            self.push(self.seq * TENTH, percent)
        return self

    def end(self) -> Stream:
        self.items += self.harness.eos()
        return self

    @property
    def captured_ns(self) -> list[int]:
        return [frame.pts_ns for frame in frames_of(self.items)]

    @property
    def transients(self) -> list[Short]:
        found: list[Any] = [event.data["transients"] for event in events_of(self.items, EventKind.TRACE)]
        return sorted((Short(*each) for told in found for each in told), key=lambda short: short.start_ns)


MOVING: list[float | None] = [30.0] * 3


def still(tenths: int, percent: float = 0.0) -> list[float | None]:
    return [percent] * tenths


def test_a_rest_that_was_left_before_it_settled_is_told_with_the_motion_around_it() -> None:
    stream = Stream().at_10([*still(20), 30.0, 31.0, *still(4), 7.0, 30.0, *still(20)]).end()
    assert stream.transients == [Short(22 * TENTH, 26 * TENTH, 31.0, 7.0, "left")]
    assert len(stream.captured_ns) == 2


def test_a_view_that_settled_is_none_though_it_was_shorter_than_min_dwell() -> None:
    stream = Stream().at_10([*still(20), *MOVING, *still(7), *MOVING, *still(20)]).end()
    assert stream.transients == []
    assert len(stream.captured_ns) == 3


@pytest.mark.parametrize(("tenths", "listed"), [(1, 0), (2, 1)])
def test_a_pause_of_one_frame_at_10_a_second_is_not_told_and_one_of_two_is(tenths: int, listed: int) -> None:
    stream = Stream().at_10([*still(20), *MOVING, *still(tenths), *MOVING, *still(20)]).end()
    assert len(stream.transients) == listed


@pytest.mark.parametrize("picture", ["first", "last", "both"])
@pytest.mark.parametrize("tenths", [3, 6, 9, 11, 15])
def test_flashes_between_slides_are_captured_or_told(tenths: int, picture: str) -> None:
    stream = Stream(picture=picture).at_10([*still(30), *MOVING, *still(tenths), *MOVING, *still(30)]).end()
    start_ns, end_ns = 33 * TENTH, (33 + tenths) * TENTH
    captured = any(start_ns <= pts_ns < end_ns for pts_ns in stream.captured_ns)
    assert captured == (tenths >= 6)
    assert [(short.start_ns, short.end_ns) for short in stream.transients] == ([] if captured else [(start_ns, end_ns)])


def test_the_calmest_moment_of_what_never_settles_is_no_transient_and_the_others_are() -> None:
    series = [*still(3, 0.1), *MOVING, *still(4, 0.0), *MOVING, *still(3, 0.1), *[30.0] * 40]
    stream = Stream(max_unsettled=3).at_10(series).end()
    assert stream.captured_ns[0] == 9 * TENTH
    assert [short.start_ns for short in stream.transients] == [0, 13 * TENTH]


def test_what_may_yet_be_captured_is_not_told_before_that_is_known() -> None:
    stream = Stream().at_10([*still(4), *[30.0] * 700])
    assert events_of(stream.items, EventKind.TRACE)
    assert stream.transients == []
    stream.end()
    assert stream.captured_ns == [3 * TENTH], "the calmest frame, at the end of the stream"
    assert stream.transients == []


def test_a_rest_that_the_end_of_the_stream_cut_off_is_told_if_another_moment_is_captured() -> None:
    stream = Stream().at_10([*still(4, 0.0), *MOVING, *still(3, 0.1)]).end()
    assert stream.captured_ns == [3 * TENTH]
    assert stream.transients == [Short(7 * TENTH, 9 * TENTH, 30.0, None, "cut")]


def test_a_gap_ends_a_rest() -> None:
    stream = Stream().at_10([*still(20), *MOVING, *still(4), 0.15])
    stream.items += stream.harness.event(Event(EventKind.GAP, 28 * TENTH))
    stream.items += stream.harness.push(Frame(99, 50 * TENTH, CAPS, (), picture(1, 16, 8), {"foreground_percent": 9.0}))
    stream.end()
    assert 26 * TENTH in stream.captured_ns
    assert stream.transients == []


def test_a_short_view_whose_picture_was_lost_is_told_and_one_of_min_dwell_is_only_counted() -> None:
    for tenths, reasons in [(8, ["lost"]), (12, [])]:
        stream = Stream().at_10([*still(20), *MOVING])
        for _ in range(tenths):
            stream.push(stream.seq * TENTH, 0.0, image=False)
        stream.at_10([*MOVING, *still(20)]).end()
        assert [short.reason for short in stream.transients] == reasons
        assert stream.harness.ledger.dropped["no-picture"]


def test_what_is_not_known_ends_a_rest() -> None:
    (short,) = Stream().at_10([*still(20), *MOVING, *still(4), None, *MOVING, *still(20)]).end().transients
    assert (short.end_ns, short.after) == (27 * TENTH, None)


def test_with_delay_what_was_over_before_the_capture_is_told() -> None:
    stream = Stream(policy="delay", picture="first", delay=2.0, start_percent=0.2)
    stream.at_10([*still(10), *MOVING, *still(9), *MOVING, *still(30)]).end()
    assert stream.captured_ns == [0, 30 * TENTH]
    assert [(short.start_ns, short.end_ns) for short in stream.transients] == [(13 * TENTH, 22 * TENTH)]


def test_nothing_is_promised_and_nothing_told_without_min_dwell() -> None:
    stream = Stream(min_dwell=0, settle_time=2.0).at_10([*still(30), *MOVING, *still(15), *MOVING]).end()
    assert stream.transients == []


def test_a_settle_time_that_would_break_the_promise_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="settle_time = 1.5 would miss what is at rest for min_dwell = 1: set min_dwell"
    ):
        Harness(Trigger, settle_time=1.5)
    Harness(Trigger, settle_time=1.5, min_dwell=1.5)
    Harness(Trigger, settle_time=1.5, policy="delay")
    with pytest.raises(ConfigError, match="min_dwell"):
        Harness(Trigger, min_dwell=-1)


times = st.one_of(
    st.integers(1, 60).map(lambda rate: [n * SECOND_NS // rate for n in range(150)]),
    st.lists(st.integers(SECOND_NS // 60, SECOND_NS // 2), min_size=150, max_size=150).map(
        lambda steps: [sum(steps[:n]) for n in range(150)]
    ),
)
runs = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.19, 0.2, 5.0, 60.0]), st.integers(1, 20)), max_size=20)
waits = st.sampled_from([(0.0, 1.0), (0.5, 1.0), (1.0, 1.0), (0.3, 0.4), (2.0, 2.0)])


@given(runs, times, waits, st.sampled_from(["first", "last", "both"]), st.sampled_from([0, 3]))
def test_what_rests_for_min_dwell_is_captured_and_what_is_not_captured_is_told(
    series: list[tuple[float, int]], pts: list[int], wait: tuple[float, float], picture: str, max_unsettled: int
) -> None:
    settle_time, min_dwell = wait
    percents = [percent for percent, count in series for _ in range(count)][: len(pts)]
    stream = Stream(settle_time=settle_time, min_dwell=min_dwell, picture=picture, max_unsettled=max_unsettled)
    for pts_ns, percent in zip(pts, percents, strict=False):
        stream.push(pts_ns, percent)
    stream.end()
    told = [(short.start_ns, short.end_ns) for short in stream.transients]
    expected = []
    for first, last in stretches_at_rest(percents):
        over = last + 1 if last + 1 < len(percents) else last
        dwell_ns, period_ns = pts[over] - pts[first], pts[over] - pts[last]
        captured = any(pts[first] <= pts_ns <= pts[last] for pts_ns in stream.captured_ns)
        assert captured or dwell_ns < round(min_dwell * SECOND_NS) + period_ns
        if not captured and dwell_ns >= SECOND_NS // 5 - SECOND_NS // 1000:
            expected.append((pts[first], pts[over]))
    assert told == expected


def stretches_at_rest(percents: list[float]) -> list[tuple[int, int]]:
    """First and last frame of each."""
    found: list[tuple[int, int]] = []
    for n, percent in enumerate(percents):
        if percent < 0.2:
            found = [*found[:-1], (found[-1][0], n)] if found and found[-1][1] == n - 1 else [*found, (n, n)]
    return found


frames = st.lists(
    st.tuples(st.sampled_from([None, 0.0, 0.1, 0.3, 1.0, 50.0]), st.integers(1, 9), st.booleans()), max_size=25
)


@given(frames, st.sampled_from(["first", "last", "both"]), st.sampled_from([0.0, 0.5]), st.booleans())
def test_whatever_happens_no_transient_was_captured_and_none_is_told_twice(
    series: list[tuple[float | None, int, bool]], picture: str, settle_time: float, hole: bool
) -> None:
    """With percents that are not known, pictures that are lost, a hole, and a band between the thresholds."""
    stream = Stream(picture=picture, settle_time=settle_time, start_percent=0.5, max_unsettled=2)
    for part, (percent, count, image) in enumerate(series):
        for _ in range(count):
            stream.push(stream.seq * TENTH, percent, image)
        if hole and part == len(series) // 2:
            stream.items += stream.harness.event(Event(EventKind.GAP, stream.seq * TENTH))
    stream.end()
    ends = [(short.start_ns, short.end_ns) for short in stream.transients]
    assert all(start_ns <= end_ns - 2 * TENTH for start_ns, end_ns in ends)
    assert all(one[1] <= other[0] for one, other in zip(ends, ends[1:], strict=False))
    assert not any(start_ns <= pts_ns < end_ns for start_ns, end_ns in ends for pts_ns in stream.captured_ns)
    assert stream.harness.ledger.missing == stream.harness.ledger.held == 0
