"""What is removed so that lectures keep within their limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stages.keeper.retention import DAY_NS, HeldFile, HeldLecture, Limits, plan

NOW = 20_000 * DAY_NS  # in 2024


def lecture(name: str, days_ago: int, *sizes: int, busy: bool = False, rest: int = 0) -> HeldLecture:
    segments = tuple(HeldFile(f"{name}-{number}", size) for number, size in enumerate(sizes))
    return HeldLecture(name, busy, NOW - days_ago * DAY_NS, segments, rest)


def removed(lectures: list[HeldLecture], free: int, limits: Limits) -> list[str]:
    return [removal.file or removal.lecture for removal in plan(lectures, free, limits, NOW)]


def test_without_limits_everything_stays() -> None:
    assert removed([lecture("old", 999, 10**12)], 0, Limits()) == []


def test_too_old_a_lecture_goes_whole() -> None:
    found = [lecture("new", 29, 5), lecture("old", 31, 5)]
    assert removed(found, 0, Limits(keep_ns=30 * DAY_NS)) == ["old"]


def test_a_lecture_of_a_machine_that_did_not_know_the_time_is_not_taken_for_old() -> None:
    assert removed([lecture("1970", 19_999, 5)], 0, Limits(keep_ns=30 * DAY_NS)) == []


def test_above_the_size_the_oldest_recording_goes_and_its_slides_stay() -> None:
    found = [lecture("b", 1, 10, 10, rest=5), lecture("a", 2, 10, 10, rest=5)]
    assert removed(found, 0, Limits(keep_bytes=35)) == ["a-0", "a-1"]
    assert removed(found, 0, Limits(keep_bytes=1)) == ["a-0", "a-1", "b-0", "b-1"]


def test_below_the_floor_only_as_much_goes_as_is_needed() -> None:
    found = [lecture("a", 2, 10, 10), lecture("b", 1, 10)]
    assert removed(found, 95, Limits(floor_bytes=100)) == ["a-0"]
    assert removed(found, 100, Limits(floor_bytes=100)) == []


def test_what_age_removes_makes_room_too() -> None:
    found = [lecture("a", 40, 10, rest=10), lecture("b", 1, 10)]
    assert removed(found, 85, Limits(keep_ns=30 * DAY_NS, floor_bytes=100)) == ["a"]


def test_each_removal_says_why() -> None:
    found = [lecture("a", 40, 10), lecture("b", 1, 10)]
    limits = Limits(30 * DAY_NS, 0, 2**30)
    assert [each.why for each in plan(found, 0, limits, NOW)] == [
        "older than 30 days",
        "less than 1 GiB were free on the disk",
    ]


held = st.builds(
    lecture,
    st.uuids().map(str),
    st.integers(0, 60),
    st.integers(0, 100),
    st.integers(0, 100),
    busy=st.booleans(),
    rest=st.integers(0, 100),
)
limits = st.builds(Limits, st.sampled_from([0, 30 * DAY_NS]), st.integers(0, 400), st.integers(0, 400))


@given(st.lists(held, max_size=8), st.integers(0, 400), limits)
def test_the_open_lecture_is_never_touched_and_the_oldest_goes_first(
    found: list[HeldLecture], free: int, limits: Limits
) -> None:
    planned = plan(found, free, limits, NOW)
    by_name = {each.name: each for each in found}
    assert not any(by_name[removal.lecture].busy for removal in planned)
    for whole in (True, False):
        ages = [by_name[each.lecture].ended_wall_ns for each in planned if (not each.file) is whole]
        assert ages == sorted(ages)
    if not limits.keep_ns:
        assert all(removal.file for removal in planned), "slides go by age alone"


@given(st.lists(held, max_size=8), st.integers(0, 400), limits)
def test_it_stops_as_soon_as_it_is_enough_and_not_before(found: list[HeldLecture], free: int, limits: Limits) -> None:
    planned = plan(found, free, limits, NOW)
    used = sum(each.bytes + sum(segment.bytes for segment in each.segments) for each in found)

    def enough(gone: int) -> bool:
        fits = not limits.keep_bytes or used - gone <= limits.keep_bytes
        return fits and free + gone >= limits.floor_bytes

    segments = [removal for removal in planned if removal.file]
    gone = sum(removal.bytes for removal in planned)
    if segments:
        assert not enough(gone - segments[-1].bytes) or segments[-1].bytes == 0
    aged = {removal.lecture for removal in planned if not removal.file}
    left = [each for each in found if not each.busy and each.name not in aged]
    assert enough(gone) or len(segments) == sum(len(each.segments) for each in left)
