"""How lecture time goes on after a restart, whatever was done to the clock on the wall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stages.journal import SessionRow
from stages.keeper.lecture_time import Now, boot_id, continuation

S = 10**9
HOUR = 3600 * S
WALL = 1_790_000_000 * S
SESSION = SessionRow(1, "boot-a", zero_ns=1000 * S, start_pts_ns=0, wall_ns=WALL)


def test_in_the_same_boot_time_counts_from_where_it_did() -> None:
    found = continuation(SESSION, 60 * S, Now("boot-a", 1100 * S, WALL + 100 * S))
    assert (found.zero_ns, found.pts_ns, found.away_ns) == (1000 * S, 100 * S, 40 * S)


def test_in_the_same_boot_the_wall_clock_does_not_matter() -> None:
    plain = continuation(SESSION, 60 * S, Now("boot-a", 1100 * S, WALL + 100 * S))
    for change in (-HOUR, HOUR):
        assert continuation(SESSION, 60 * S, Now("boot-a", 1100 * S, WALL + 100 * S + change)) == plain


def test_after_another_boot_the_wall_clock_says_how_long_it_was_away() -> None:
    found = continuation(SESSION, 60 * S, Now("boot-b", 5 * S, WALL + 360 * S))
    assert (found.pts_ns, found.away_ns) == (360 * S, 300 * S)
    assert 5 * S - found.zero_ns == 360 * S


def test_a_clock_that_was_set_back_across_a_boot_does_not_make_time_go_back() -> None:
    found = continuation(SESSION, 60 * S, Now("boot-b", 5 * S, WALL - HOUR))
    assert (found.pts_ns, found.away_ns) == (60 * S, 0)


def test_a_later_session_is_counted_from_its_own_start() -> None:
    second = SessionRow(2, "boot-b", zero_ns=-350 * S, start_pts_ns=360 * S, wall_ns=WALL + 360 * S)
    found = continuation(second, 400 * S, Now("boot-c", 1 * S, WALL + 500 * S))
    assert found.pts_ns == 500 * S


@given(
    known_ns=st.integers(0, 48 * HOUR),
    mono_ns=st.integers(0, 1000 * HOUR),
    wall_ns=st.integers(WALL - 1000 * HOUR, WALL + 1000 * HOUR),
    boot=st.sampled_from(["boot-a", "boot-b", ""]),
)
def test_time_never_goes_back(known_ns: int, mono_ns: int, wall_ns: int, boot: str) -> None:
    found = continuation(SESSION, known_ns, Now(boot, mono_ns, wall_ns))
    assert found.pts_ns >= known_ns
    assert found.pts_ns == mono_ns - found.zero_ns
    assert found.away_ns >= 0


def test_this_boot_has_a_name_that_stays() -> None:
    assert boot_id() == boot_id() != ""
