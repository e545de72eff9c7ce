"""Which pictures of a live source go on."""

from __future__ import annotations

from collections import Counter

from av.video.frame import VideoFrame

from stages.decoder.live.decoding import Stamp, Taken
from stages.decoder.live.sampling import LiveSampler

MS = 1_000_000


def taken(at_ms: int) -> Taken:
    return Taken(VideoFrame(2, 2), Stamp(at_ms * MS, at_ms * MS))


def made(rate: float = 10, newest: bool = True) -> tuple[LiveSampler, Counter[str]]:
    drops: Counter[str] = Counter()
    return LiveSampler(rate, newest, lambda reason, count: drops.update({reason: count})), drops


def test_pictures_that_are_not_due_are_dropped_because_of_the_rate() -> None:
    sampler, drops = made()
    sent = 0
    for at in range(0, 1000, 40):
        sampler.put(taken(at), at * MS)
        sent += sampler.get(at * MS) is not None
    assert sent == 10
    assert sent + drops["rate"] in (24, 25)  # the last may be waiting


def test_without_room_the_newest_is_kept() -> None:
    sampler, drops = made(rate=0)
    given = [taken(at) for at in (0, 40, 80)]
    for at, one in enumerate(given):
        sampler.put(one, at)
    assert not sampler.full
    assert sampler.get(100 * MS) is given[-1]
    assert drops == {"behind": 2}


def test_a_source_that_comes_by_the_segment_waits_for_room() -> None:
    sampler, drops = made(newest=False)
    sampler.put(taken(0), 0)
    assert sampler.full
    sampler.get(0)
    assert not sampler.full
    assert not drops


def test_the_last_picture_goes_out_when_nothing_follows_it() -> None:
    sampler, _ = made()
    last = taken(40)
    sampler.put(taken(0), 0)
    sampler.get(0)
    sampler.put(last, 40 * MS)
    assert not sampler.waiting(100 * MS)
    assert sampler.waiting(400 * MS)
    assert sampler.get(400 * MS) is last
    assert not sampler.in_time


def test_at_a_break_the_last_picture_is_what_is_left() -> None:
    sampler, drops = made()
    last = taken(40)
    sampler.put(taken(0), 0)
    sampler.put(last, 40 * MS)
    assert sampler.flush() is last
    assert sampler.flush() is None
    assert drops == {"behind": 1}
