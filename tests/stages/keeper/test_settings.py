"""The table [lectures]: what it may say, and one clear line for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from stages.keeper.settings import settings


def test_an_empty_table_is_a_keeper_by_command() -> None:
    found = settings({})
    assert (found.begin, found.folder, found.exports, found.backfill) == (
        "command",
        Path("lectures"),
        ("json", "pdf"),
        True,
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"foldr": "x"}, r"unknown key 'foldr' in \[lectures\]; did you mean 'folder'\?"),
        ({"begin": "never"}, r"\[lectures\] begin: input should be 'command', 'schedule' or 'auto'"),
        ({"begin": "schedule"}, r'\[lectures\]: begin = "schedule" needs schedule'),
        ({"keep_days": -1}, r"\[lectures\] keep_days: input should be greater than or equal to 0"),
        ({"exports": ["docx"]}, r"\[lectures\] exports.0: input should be"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        settings(table)
    assert "\n" not in str(error.value)


def test_every_mistake_is_named() -> None:
    with pytest.raises(ConfigError, match=r"title: .*; .*keep_gib: "):
        settings({"keep_gib": "much", "title": 3})
