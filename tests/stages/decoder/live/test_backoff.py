"""How long to wait before connecting again."""

from __future__ import annotations

import pytest

from stages.decoder.live.backoff import Backoff, judged
from stages.decoder.live.faults import Kind


def delays(kind: Kind, count: int, chance: float = 0.0) -> list[float]:
    backoff = Backoff(lambda: chance)
    return [backoff.delay_s(kind) for _ in range(count)]


def test_the_first_attempt_comes_at_once_and_then_they_double() -> None:
    assert delays(Kind.NETWORK, 6) == [0.0, 0.2, 0.4, 0.8, 1.6, 2.0]


@pytest.mark.parametrize(("kind", "most"), [(Kind.NETWORK, 2.0), (Kind.AUTH, 30.0), (Kind.ADDRESS, 30.0)])
def test_waiting_is_bounded_by_the_kind_of_fault(kind: Kind, most: float) -> None:
    assert delays(kind, 40)[-1] == most


def test_chance_shortens_a_delay_by_a_quarter_at_most() -> None:
    assert delays(Kind.NETWORK, 2, chance=1.0)[1] == pytest.approx(0.15)


def test_a_connection_that_held_makes_the_next_loss_a_new_one() -> None:
    backoff = Backoff(lambda: 0.0)
    for _ in range(5):
        backoff.delay_s(Kind.NETWORK)
    backoff.succeeded()
    assert [backoff.delay_s(Kind.NETWORK) for _ in range(2)] == [0.0, 0.2]


@pytest.mark.parametrize("kind", [Kind.ADDRESS, Kind.AUTH])
def test_what_worked_a_moment_ago_is_no_mistake_of_a_person(kind: Kind) -> None:
    assert judged(kind, None) is kind
    assert judged(kind, 30.0) is Kind.NETWORK


def test_a_login_that_is_refused_for_long_is_asked_seldom_again() -> None:
    assert judged(Kind.AUTH, 61.0) is Kind.AUTH
    assert judged(Kind.ADDRESS, 3600.0) is Kind.NETWORK


@pytest.mark.parametrize("known_s", [None, 1.0])
def test_other_faults_stay_what_they_are(known_s: float | None) -> None:
    assert judged(Kind.CONFIG, known_s) is Kind.CONFIG
    assert judged(Kind.NETWORK, known_s) is Kind.NETWORK
