"""Ledgers over the incarnations of a process: they balance, whatever died with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.messages import Ledger
from pipeline.supervisor.books import Books, added, crashed

counts = st.integers(0, 1000)
ledgers = st.builds(Ledger, counts, counts, counts, st.dictionaries(st.sampled_from("abc"), counts), counts, counts)


def test_what_was_taken_in_and_not_given_out_is_lost_to_the_crash() -> None:
    made = crashed(Ledger(10, 5, 3, {"dull": 1}))
    assert (made.dropped, made.held, made.missing) == ({"dull": 1, "crash": 4}, 0, 0)


def test_nothing_is_lost_where_everything_was_given_out() -> None:
    assert crashed(Ledger(10, 9, 0, {"dull": 1})).dropped == {"dull": 1}


@given(st.lists(ledgers, max_size=4))
def test_sums_over_incarnations_balance_if_the_last_one_does(past: list[Ledger]) -> None:
    books = Books()
    for ledger in past:
        given_out = ledger.sent + sum(ledger.dropped.values())
        books.hear("p", {"s": added(ledger, Ledger(given_out))})  # no stage gives out more than it took in
        books.close("p")
    books.hear("p", {"s": Ledger(7, 6, 0, {"dull": 1}, last_pts_ns=5)})
    whole = books.all()["s"]
    assert whole.missing == 0
    assert whole.sent == 6 + sum(ledger.sent for ledger in past)
    assert whole.last_pts_ns == 5


def test_what_is_heard_comes_back_with_what_went_before() -> None:
    books = Books()
    books.hear("p", {"s": Ledger(3, 3, last_pts_ns=9)})
    books.close("p")
    assert books.hear("p", {"s": Ledger(2, 1, 1)}) == {"s": Ledger(5, 4, 1, last_pts_ns=9)}


def test_a_process_that_ended_before_it_was_heard_leaves_nothing() -> None:
    books = Books()
    books.close("p")
    assert books.all() == {}


def test_a_rollback_begins_new_books() -> None:
    books = Books()
    books.hear("p", {"s": Ledger(3, 3)})
    books.close("p")
    books.hear("q", {"t": Ledger(3, 3)})
    books.clear()
    assert books.all() == {}
