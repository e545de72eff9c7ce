"""docs/slides-json.md and the models say the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stages.exporter.model import Gap, Index, LectureFacts, Mark, Segment, Slide

TEXT = (Path(__file__).parents[3] / "docs" / "slides-json.md").read_text()


def examples() -> list[dict[str, object]]:
    return [json.loads(text.replace('"..."', "")) for text in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


def test_the_example_of_a_conversion_is_one_that_can_be_read_and_shows_every_field() -> None:
    (conversion, _) = examples()
    made = Index.model_validate(conversion)
    assert set(conversion) == set(Index.model_fields)
    shown = conversion["slides"]
    assert isinstance(shown, list) and set(shown[0]) == set(Slide.model_fields)
    assert made.slides[0].visits[0].captures[0].decision == "new"


def test_the_example_of_a_lecture_shows_every_field_that_only_a_lecture_has() -> None:
    (conversion, live) = examples()
    made = Index.model_validate({**conversion, **live})
    assert made.lecture is not None and made.lecture.title == "Analysis II"
    kinds = {"lecture": LectureFacts, "gaps": Gap, "segments": Segment, "marks": Mark}
    for name, kind in kinds.items():
        shown = live[name]
        assert set(shown[0] if isinstance(shown, list) else shown) == set(kind.model_fields)  # type: ignore[call-overload]


def test_every_decision_is_explained() -> None:
    explained = TEXT[TEXT.index("- `captures`") : TEXT.index("- `version`")]
    assert all(f"`{decision}`" in explained for decision in ("new", "grown", "revisit", "same"))
