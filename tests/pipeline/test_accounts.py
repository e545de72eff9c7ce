"""The ledger as table and as data."""

from __future__ import annotations

from pipeline.accounts import plain, table, unbalanced
from pipeline.messages import Ledger

GOOD = Ledger(received=10, sent=7, held=1, dropped={"late": 1, "dark": 1}, busy_ns=1_230_000_000)
BAD = Ledger(received=10, sent=7)


def test_the_table_has_a_line_for_each_stage_with_reasons() -> None:
    assert table({"bgsub": GOOD, "x": BAD}, ["bgsub", "gone", "x"]).splitlines() == [
        "       in  out         dropped  held  missing    busy",
        "bgsub  10    7  1 dark, 1 late     1        0  1.23 s",
        "x      10    7               0     0        3  0.00 s",
    ]


def test_data_says_what_is_missing() -> None:
    told = plain({"x": BAD})["x"]
    assert (told["received"], told["sent"], told["missing"], told["dropped"]) == (10, 7, 3, {})


def test_what_does_not_add_up_is_named() -> None:
    assert unbalanced({"bgsub": GOOD, "x": BAD}) == ["'x': 3 frames are not accounted for; please report this"]
