"""The recorder's process is killed for real, three times, while packets arrive: joined, nothing is missing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from operators import Moment, Operator, operated
from packets import payloads, pictures, write_film

from pipeline.config import LinkConfig, PipelineConfig, Restart, StageConfig
from stages.journal import FILE_NAME, Journal
from stages.media.joining import join
from stages.media.pieces import Piece


@pytest.mark.parametrize("form", ["mp4", "mkv"])
def test_nothing_is_missing(form: str, tmp_path: Path, plugins_path: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIDETAP_RUN_DIR", str(tmp_path))
    film = write_film(tmp_path / "film.mp4", seconds=20, rate=25, gop=50)
    out = tmp_path / "out"
    config = PipelineConfig(
        (
            StageConfig("film", "filming:Filming", "film", {"film": str(film), "speed": 6}),
            StageConfig(
                "record", "stages.recorder:Recorder", "record", {"location": str(out), "floor": 0, "format": form}
            ),
        ),
        (LinkConfig("film", "record", pad="packets", window=512),),
        restart=Restart("process", backoff=0.01, longest=0.05, crashes=9),
    )
    dice = random.Random(form)
    count_of_packets = len(payloads(film)) + len(payloads(film, "audio"))

    def figures(operator: Operator, more: int) -> Moment:
        before = len(operator.said("figures"))
        return lambda: len(operator.said("figures")) >= before + more

    def script(operator: Operator) -> Iterator[Moment]:
        for count in range(1, 4):
            yield figures(operator, 1)
            turns = [dice.randrange(1, 12)]

            def some_turns(turns: list[int] = turns) -> bool:
                turns[0] -= 1
                return turns[0] < 0

            yield some_turns
            operator.kill("record")
            yield operator.up(count)
        yield lambda: _sent(operator) == count_of_packets
        operator.control.drain()

    operator = Operator(script)
    outcome = operated(config, operator)
    assert outcome.error is None
    with Journal(out / FILE_NAME) as journal:
        rows = [row for row in journal.segments() if row.bytes]
        assert journal.gaps() == []
    assert len(rows) >= 3
    joined = join([Piece(out / row.file, row.start_pts_ns, row.first_key) for row in rows], [], tmp_path / f"l.{form}")
    assert payloads(joined.files[0]) == payloads(film)
    assert payloads(joined.files[0], "audio") == payloads(film, "audio")[1:], "its first is from before the picture"
    assert pictures(joined.files[0]) == 500


def _sent(operator: Operator) -> int:
    ledger = operator.control.ledgers().get("film")
    return ledger.sent if ledger is not None else 0
