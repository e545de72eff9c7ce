from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pages
import pytest
from pydantic import ValidationError

from pipeline.errors import OutputError
from pipeline.frame import Meta
from pipeline.messages import Ledger
from pipeline.testing import Harness
from stages import exporter
from stages.exporter import Exporter, index
from stages.exporter.model import Index

SCHEMA = Path(__file__).parents[3] / "docs" / "slides.schema.json"
LEDGERS = {"trigger": Ledger(100, 3, 0, {"unsettled": 97}), "trigger-dedup": Ledger(3, 3, resent=1)}


def export(folder: Path, finished: bool = True) -> None:
    harness = Harness(Exporter, location=str(folder), source="lecture.mp4", pdf=False)
    harness.push(pages.page(1, 1))
    if finished:
        harness.eos()
    else:
        harness.stage.stop()


def test_the_documented_schema_is_the_one_that_is_written() -> None:
    written = json.dumps(Index.model_json_schema(), indent=1) + "\n"
    assert SCHEMA.read_text() == written, "make it anew from Index.model_json_schema(); does the version change?"


def test_the_ledger_and_the_stream_are_added_at_the_end(tmp_path: Path) -> None:
    export(tmp_path / "out")
    before = index.read(tmp_path / "out")
    stream: Meta = {"uri": "redacted", "duration_ns": 9, "fps": 25.0, "codec": "h264", "of_a_later_decoder": 1}
    index.annotate(tmp_path / "out", ledgers=LEDGERS, stream=stream)
    after = index.read(tmp_path / "out")
    assert after.complete and after.slides == before.slides
    assert after.ledger is not None
    assert after.ledger["trigger"]["dropped"] == {"unsettled": 97}
    assert after.ledger["trigger"]["missing"] == 0
    assert after.ledger["trigger-dedup"]["resent"] == 1
    assert (after.source.uri, after.source.codec, after.source.fps) == ("lecture.mp4", "h264", 25.0)
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["journal.sqlite", "slides", "slides.json"]


def test_an_interrupted_run_is_not_complete(tmp_path: Path) -> None:
    export(tmp_path / "out")
    index.annotate(tmp_path / "out", ledgers=LEDGERS, interrupted=True)
    assert (index.read(tmp_path / "out").complete, index.read(tmp_path / "out").ended) == (False, "interrupted")


def test_a_run_that_failed_can_be_annotated_and_stays_unfinished(tmp_path: Path) -> None:
    export(tmp_path / "out", finished=False)
    index.annotate(tmp_path / "out.partial", ledgers=LEDGERS, interrupted=True)
    made = index.read(tmp_path / "out.partial")
    assert made.ended == "unfinished" and made.ledger is not None and len(made.slides) == 1


def test_annotating_again_replaces_what_was_there(tmp_path: Path) -> None:
    export(tmp_path / "out")
    index.annotate(tmp_path / "out", ledgers=LEDGERS)
    index.annotate(tmp_path / "out", ledgers={})
    assert index.read(tmp_path / "out").ledger == {}


def test_a_folder_that_is_no_result_is_not_annotated(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a result of slidetap"):
        index.annotate(tmp_path, ledgers={})
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_version_is_not_read_as_this_one(tmp_path: Path) -> None:
    export(tmp_path / "out")
    path = tmp_path / "out" / "slides.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(ValidationError, match="version"):
        index.read(tmp_path / "out")


def test_slides_of_a_later_connection_come_later(tmp_path: Path) -> None:
    harness = Harness(Exporter, location=str(tmp_path / "out"), pdf=False)
    harness.push(pages.page(1, 500))
    harness.push(pages.page(2, 3, epoch=1))
    harness.eos()
    assert [(s.number, s.id, s.epoch) for s in index.read(tmp_path / "out").slides] == [(1, 1, 0), (2, 2, 1)]


def test_the_command_that_reads_it_loads_no_stage_and_no_pictures() -> None:
    script = "import sys, stages.exporter.index; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    loaded = set(told.stdout.split())
    assert "stages.exporter.model" in loaded
    assert not loaded & {"stages.exporter.stage", "numpy", "cv2", "PIL", "img2pdf", "pptx"}


def test_the_package_has_its_stage_and_nothing_else() -> None:
    assert exporter.Exporter.__module__ == "stages.exporter.stage"
    assert exporter.ExporterProperties.__module__ == "stages.exporter.properties"
    with pytest.raises(AttributeError, match="no attribute 'Conversion'"):
        getattr(exporter, "Conversion")  # noqa: B009 - mypy knows that there is none
