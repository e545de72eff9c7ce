"""When analysis was down, and from when on."""

from __future__ import annotations

from stages.keeper.outages import Outage, Outages

S = 10**9


def outages() -> Outages:
    found = Outages({"bgsub", "trigger"})
    for process in ("bgsub", "trigger"):
        found.heard(process, 99 * S)
    return found


def test_a_short_outage_is_no_gap() -> None:
    found = outages()
    found.down("bgsub", "signal 9", 100 * S)
    assert found.current(102 * S) is None
    found.up("bgsub", 102 * S)
    assert found.current(200 * S) is None


def test_a_long_one_began_when_the_process_died() -> None:
    found = outages()
    found.down("bgsub", "signal 9", 100 * S)
    assert found.current(103 * S) == Outage(100 * S, "bgsub: signal 9")


def test_a_process_that_hung_was_away_since_its_last_heartbeat() -> None:
    found = outages()
    found.down("bgsub", "no heartbeat for 10 s", 109 * S)
    assert found.current(109 * S) == Outage(99 * S, "bgsub: no heartbeat for 10 s")


def test_two_outages_that_overlap_are_one() -> None:
    found = outages()
    found.down("bgsub", "signal 9", 100 * S)
    found.down("trigger", "signal 9", 101 * S - S // 2)
    found.up("bgsub", 104 * S)
    assert found.current(104 * S) is not None
    found.up("trigger", 105 * S)
    assert found.current(105 * S) is None


def test_what_does_not_analyse_makes_no_gap() -> None:
    found = outages()
    found.down("recorder", "signal 9", 100 * S)
    assert found.current(200 * S) is None
