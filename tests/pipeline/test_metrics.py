"""Ledgers as Prometheus text, and the file it lies in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.daemon.snapshot import Figure, Snapshot
from pipeline.errors import OutputError, WriteError
from pipeline.messages import Ledger
from pipeline.metrics import MetricsFile, exposition
from pipeline.states import State

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


SNAPSHOT = Snapshot(
    "room",
    taken_s=0.0,
    ready=True,
    links={"a-b"},
    ledgers=LEDGERS,
    states={"a": State.PLAYING, "b": State.FAILED},
    restarts={"a": 0, "b": 3},
    sources={"a": "stalled"},
    figures=(Figure("capture_lag_seconds", "a", 0.25), Figure("reconnects_total", "a", 4)),
    degraded=("stage 'b' is failed",),
)


def told(snapshot: Snapshot) -> dict[str, float]:
    """Each line that is no comment: what stands before the number, and the number."""
    lines = [line.rpartition(" ") for line in exposition(snapshot).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_a_snapshot_is_told_with_ledgers_states_sources_restarts_and_figures() -> None:
    found = told(SNAPSHOT)
    assert found['slidetap_frames_received_total{kind="stage",name="a",pipeline="room"}'] == 9
    assert found['slidetap_stage_state{pipeline="room",stage="b",state="failed"}'] == 1
    assert found['slidetap_stage_state{pipeline="room",stage="b",state="playing"}'] == 0
    assert found['slidetap_source_state{pipeline="room",stage="a",state="stalled"}'] == 1
    assert found['slidetap_source_state{pipeline="room",stage="a",state="live"}'] == 0
    assert found['slidetap_restarts_total{pipeline="room",stage="b"}'] == 3
    assert found['slidetap_capture_lag_seconds{pipeline="room",stage="a"}'] == 0.25
    assert found['slidetap_reconnects_total{pipeline="room",stage="a"}'] == 4
    assert found['slidetap_degraded{pipeline="room"}'] == 1
    assert found['slidetap_ready{pipeline="room"}'] == 1


def test_what_ends_in_total_is_a_counter_and_the_rest_are_gauges() -> None:
    kinds = {family.name: family.type for family in text_string_to_metric_families(exposition(SNAPSHOT).decode())}
    assert kinds["slidetap_reconnects"] == "counter"
    assert kinds["slidetap_capture_lag_seconds"] == "gauge"


@pytest.mark.parametrize("name", ["frames_held", "frames_sent_total", "frames_sent", "degraded", "running"])
def test_a_figure_with_a_name_that_is_taken_is_left_out(name: str) -> None:
    text = exposition(replace(SNAPSHOT, figures=(Figure(name, "a", 77.0),))).decode()
    assert "77.0" not in text
    families = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(families) == len(set(families))


def test_a_gauge_and_a_counter_of_one_name_do_not_meet() -> None:
    figures = (Figure("reconnects", "a", 1.0), Figure("reconnects_total", "a", 2.0))
    names = [key for key in told(replace(SNAPSHOT, figures=figures)) if "reconnects" in key]
    assert len(names) == 1
