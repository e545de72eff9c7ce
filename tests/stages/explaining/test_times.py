"""Times as people write them."""

from __future__ import annotations

import pytest

from stages.explaining.times import clock, length, parsed, percent

S = 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:14:03", 843),
        ("14:03", 843),
        ("843.5", 843.5),
        ("1:00:00.25", 3600.25),
        ("0", 0),
        (" 7 ", 7),
        ("120:00", 7200),
    ],
)
def test_times_are_clock_times_or_seconds(text: str, seconds: float) -> None:
    assert parsed(text) == round(seconds * S)


@pytest.mark.parametrize(
    "text", ["", "x", "-3", "1:2:3:4", "1:75:00", "14:60", "1e3", "14:", "nan", 4000 * "1", 5000 * "1"]
)
def test_what_is_no_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parsed(text)


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0:00:00.0"), (843_500_000_000, "0:14:03.5"), (3_599_960_000_000, "1:00:00.0"), (-5 * S, "-0:00:05.0")],
)
def test_clock_times_are_rounded_to_tenths(ns: int, text: str) -> None:
    assert clock(ns) == text


def test_lengths_have_no_more_digits_than_they_need() -> None:
    assert [length(ns) for ns in (S // 2, 12 * S, 600 * S)] == ["0.5 s", "12 s", "10 min"]


def test_percents_are_not_rounded_to_nothing() -> None:
    assert [percent(value) for value in (0, 31.456, 0.00043, None, True)] == [
        "0.00 %",
        "31.46 %",
        "0.00043 %",
        "unknown",
        "unknown",
    ]
