"""Truth files, good and bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import DataError, SourceError
from stages.tuning.truth import Truth


def reading(tmp_path: Path, content: object) -> Truth:
    path = tmp_path / "talk.truth.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return Truth.read(path)


def test_what_is_not_said_has_its_usual_value(tmp_path: Path) -> None:
    (slide,) = reading(tmp_path, {"slides": [{"start": 1, "end": 2}]}).slides
    assert (slide.partial_from, slide.tolerated, slide.optional) == (1, 1, False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ([], 'it must be an object with "slides"'),
        ({"pages": []}, 'it must be an object with "slides"'),
        ({"slides": {}}, '"slides" must be a list'),
        ({"slides": [], "ignore": 3}, '"ignore" must be a list'),
        ({"slides": [7]}, 'slides[0] must be an object with "start" and "end"'),
        ({"slides": [{"start": 1, "end": 2}, {"start": 1}]}, 'slides[1]: "end" is None'),
        ({"slides": [{"start": "1", "end": 2}]}, "slides[0]: \"start\" is '1'"),
        ({"slides": [{"start": 3, "end": 2}]}, '"end" 2 is before "start" 3'),
        ({"slides": [{"start": 1, "end": 2, "optional": 1}]}, '"optional" is 1'),
        ({"slides": [{"start": 1, "end": 2, "tolerated_captures": 0}]}, '"tolerated_captures" is 0'),
        ('{"slides": [{"start": NaN, "end": 2}]}', '"start" is nan'),
        (f'{{"slides": [{{"start": 1{400 * "0"}, "end": 2}}]}}', '"start" is 1000'),
        (f'{{"slides": [{{"start": {5000 * "1"}, "end": 2}}]}}', "is no JSON"),
        (100_000 * "[", "is no JSON"),
        ({"slides": [], "ignore": [{"start": 4, "end": 1}]}, 'ignore[0]: "end" 1 is before "start" 4'),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(DataError) as caught:
        reading(tmp_path, content)
    assert said in str(caught.value)
    assert "talk.truth.json" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no.json' cannot be read"):
        Truth.read(tmp_path / "no.json")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.truth.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="no text file in UTF-8"):
        Truth.read(path)
