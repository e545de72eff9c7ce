"""Ledgers as Prometheus text, and the file it lies in."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.errors import OutputError, WriteError
from pipeline.messages import Ledger
from pipeline.metrics import MetricsFile

LEDGERS = {
    "a": Ledger(
        received=9, sent=5, held=1, dropped={"rate": 2, "late": 1}, last_pts_ns=1_500_000_000, busy_ns=250_000_000
    ),
    "a-b": Ledger(received=5, sent=4, held=1, resent=3),
}


def samples(path: Path) -> dict[tuple[str, str, str], float]:
    return {
        (sample.name, sample.labels.get("name", ""), sample.labels.get("reason", "")): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }


def test_every_count_of_a_ledger_is_a_figure(tmp_path: Path) -> None:
    path = tmp_path / "slidetap.prom"
    MetricsFile(path, "room", {"a-b"}).update(LEDGERS)
    found = samples(path)
    assert found["slidetap_frames_received_total", "a", ""] == 9
    assert found["slidetap_frames_sent_total", "a", ""] == 5
    assert found["slidetap_frames_held", "a", ""] == 1
    assert found["slidetap_frames_dropped_total", "a", "rate"] == 2
    assert found["slidetap_frames_dropped_total", "a", "late"] == 1
    assert found["slidetap_frames_resent_total", "a-b", ""] == 3
    assert found["slidetap_last_pts_seconds", "a", ""] == 1.5
    assert found["slidetap_busy_seconds_total", "a", ""] == 0.25


def test_stages_and_links_are_told_apart_and_the_pipeline_is_named(tmp_path: Path) -> None:
    path = tmp_path / "slidetap.prom"
    MetricsFile(path, "room", {"a-b"}).update(LEDGERS)
    text = path.read_text()
    assert 'slidetap_frames_sent_total{kind="stage",name="a",pipeline="room"} 5.0' in text
    assert 'slidetap_frames_sent_total{kind="link",name="a-b",pipeline="room"} 4.0' in text


def test_the_end_of_a_run_can_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "slidetap.prom"
    metrics = MetricsFile(path, "room", ())
    assert samples(path)["slidetap_running", "", ""] == 1
    metrics.update(LEDGERS, running=False)
    assert samples(path)["slidetap_running", "", ""] == 0


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    MetricsFile(tmp_path / "slidetap.prom", "room", ()).update(LEDGERS)
    assert [path.name for path in tmp_path.iterdir()] == ["slidetap.prom"]


def test_a_file_that_cannot_be_written_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no/x.prom' cannot be written: No such file"):
        MetricsFile(tmp_path / "no" / "x.prom", "room", ())


def test_a_file_that_cannot_be_written_any_more_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    metrics = MetricsFile(folder / "x.prom", "room", ())
    (folder / "x.prom").unlink()
    folder.rmdir()
    with pytest.raises(WriteError, match="x.prom"):
        metrics.update(LEDGERS)
