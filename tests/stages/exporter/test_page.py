from __future__ import annotations

from dataclasses import replace

import pages
import pytest

from pipeline.errors import StageError
from pipeline.frame import Value
from stages.exporter.page import Page, plain


def test_what_trigger_and_dedup_said_is_kept_in_plain_types() -> None:
    page = Page.of(pages.page(3, 2.5, "revisit", start_s=1, epoch=2))
    assert (page.slide, page.decision, page.epoch) == (3, "revisit", 2)
    assert (page.pts_ns, page.start_pts_ns) == (2_500_000_000, 1_000_000_000)
    assert page.trigger["percent"] == 0.004 and page.dedup["why"] == "revisit by dhash"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"\x0f", "0f"),
        (float("nan"), None),
        (float("inf"), None),
        (0.5, 0.5),
        (True, True),
        ([1, (2.0, "x")], [1, [2.0, "x"]]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
    ],
)
def test_values_become_what_json_can_say(value: Value, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize(
    ("key", "change", "named"),
    [
        ("page", {"slide": 0}, "slide is 0"),
        ("page", {"slide": "1"}, "slide is '1'"),
        ("page", {"decision": "maybe"}, "decision is 'maybe'"),
        ("capture", {"start_pts_ns": 1.5}, "start_pts_ns is 1.5"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(key: str, change: dict[str, Value], named: str) -> None:
    frame = pages.page(1, 1)
    said = frame.meta[key]
    assert isinstance(said, dict)
    with pytest.raises(StageError, match=named):
        Page.of(replace(frame, meta={**frame.meta, key: {**said, **change}}))
