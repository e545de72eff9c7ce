"""A camera's timestamps on the monotonic clock, as arithmetic on made-up instants."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from fractions import Fraction

from pipeline.frame import SECOND_NS
from stages.decoder.live.clock import CameraClock

MS = 1_000_000
BASE = Fraction(1, 90_000)
START = 1000 * SECOND_NS  # monotonic


def clock(late_ns: int | None = 2 * SECOND_NS) -> CameraClock:
    return CameraClock(BASE, late_ns)


def times_ms(made: CameraClock, packets: Iterable[tuple[int | None, int]]) -> list[float]:
    """From (camera ms, arrival ms) to ms on the monotonic clock, both from START."""
    found = []
    for camera_ms, arrival_ms in packets:
        pts = None if camera_ms is None else camera_ms * 90
        found.append((made.mono_ns(pts, pts, START + arrival_ms * MS) - START) / MS)
    return found


def steps(times: list[float]) -> list[float]:
    return [round(b - a, 3) for a, b in itertools.pairwise(times)]


def test_a_steady_camera_keeps_its_spacing() -> None:
    assert times_ms(clock(), [(7000 + 40 * i, 40 * i) for i in range(5)]) == [0, 40, 80, 120, 160]


def test_jitter_of_the_network_is_absorbed() -> None:
    chance = random.Random(1)
    packets = [(40 * i, 40 * i + (0 if i < 2 else chance.randrange(30))) for i in range(200)]
    assert all(39.5 < step < 40.5 for step in steps(times_ms(clock(), packets)))


def test_no_packet_is_of_later_than_when_it_came() -> None:
    chance = random.Random(2)
    packets = [(40 * i, 40 * i + chance.randrange(100)) for i in range(200)]
    arrivals = [arrival for _, arrival in packets]
    assert all(time <= arrival for time, arrival in zip(times_ms(clock(), packets), arrivals, strict=True))


def test_a_burst_after_a_stall_keeps_the_times_at_which_it_was_taken() -> None:
    packets = [(40 * i, 40 * i if i < 10 else 1400) for i in range(35)]
    assert steps(times_ms(clock(), packets)) == [40.0] * 34


def test_a_camera_clock_set_forward_is_counted_and_time_goes_on() -> None:
    made = clock()
    times = times_ms(made, [(40 * i + (3_600_000 if i >= 5 else 0), 40 * i + 10) for i in range(10)])
    assert steps(times) == [40.0] * 9
    assert made.jumps == 1


def test_a_camera_clock_set_back_is_counted_and_time_goes_on() -> None:
    made = clock()
    times = times_ms(made, [(4_000_000 + 40 * i - (3_600_000 if i >= 5 else 0), 40 * i + 10) for i in range(10)])
    assert steps(times) == [40.0] * 9
    assert made.jumps == 1


def test_a_wrapped_counter_is_a_clock_that_was_set_back() -> None:
    made = clock()
    wrap = 1 << 33
    stamps = [(wrap - 3 * 3600 + 3600 * i) % wrap for i in range(6)]
    found = [made.mono_ns(pts, pts, START + 40 * MS * i) - START for i, pts in enumerate(stamps)]
    assert found == [40 * MS * i for i in range(6)]
    assert made.jumps == 1


def test_a_pause_of_the_camera_is_no_jump() -> None:
    made = clock()
    assert times_ms(made, [(0, 0), (40, 40), (9000, 9000), (9040, 9040)]) == [0, 40, 9000, 9040]
    assert made.jumps == 0


def test_packets_without_a_timestamp_are_counted_and_timed_by_their_arrival() -> None:
    made = clock()
    assert times_ms(made, [(None, 0), (None, 40), (7000, 80), (None, 120), (7080, 160)]) == [0, 40, 80, 120, 160]
    assert made.missing == 3


def test_drift_between_the_clocks_is_followed_either_way() -> None:
    for ppm in (-200, 200):
        packets = [(40 * i, 40 * i + 40 * i * ppm // 1_000_000) for i in range(30_000)]
        last = times_ms(clock(), packets)[-1]
        assert abs(last - packets[-1][1]) < 5


def test_a_delay_that_grew_for_good_is_anchored_anew_in_a_few_seconds() -> None:
    made = clock()
    packets = [(40 * i, 40 * i + (0 if i < 50 else 3000)) for i in range(200)]
    times = times_ms(made, packets)
    assert made.anchored == 1
    assert times[-1] == packets[-1][1]


def test_segments_that_come_late_by_their_length_are_spread_evenly() -> None:
    made = clock(late_ns=None)
    packets = [(4000 * segment + 40 * i, 4000 * segment) for segment in range(5) for i in range(100)]
    assert set(steps(times_ms(made, packets)[100:])) == {40.0}
    assert made.jumps == made.anchored == 0


def test_pictures_that_are_coded_out_of_order_keep_their_spacing() -> None:
    made = clock()
    shown = [0, *(base + at for base in range(0, 200, 4) for at in (4, 2, 1, 3))]  # as in I P B b b P B b b
    found = {pts: made.mono_ns(dts * 3600, (pts + 2) * 3600, START + dts * 40 * MS) for dts, pts in enumerate(shown)}
    settled = [found[pts] for pts in sorted(found)][8:]
    assert {b - a for a, b in itertools.pairwise(settled)} == {40 * MS}


def test_a_pts_that_makes_no_sense_beside_its_dts_is_not_used() -> None:
    made = clock()
    made.mono_ns(0, 0, START)
    assert made.mono_ns(3600, 1 << 40, START + 40 * MS) == START + 40 * MS
