"""Ledgers -> Prometheus text, for ``--metrics FILE``: a file that node_exporter's textfile collector picks up; and a
daemon's snapshot -> the same, for /metrics.

The process of the command writes it; stages only count. The only file that imports the Prometheus client.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.daemon.snapshot import SOURCE_STATES, Figure, Snapshot
from pipeline.errors import OutputError, WriteError
from pipeline.messages import Ledger
from pipeline.states import State

_SECOND_NS = 1e9
# Name, help, value. Prometheus wants seconds, and counters end in _total, which the client adds.
_COUNTERS: tuple[tuple[str, str, Callable[[Ledger], float]], ...] = (
    ("frames_received", "frames that came in; for a source, frames it decoded", lambda ledger: ledger.received),
    ("frames_sent", "frames that went on; for a link, frames that were acknowledged", lambda ledger: ledger.sent),
    ("frames_resent", "frames that a restarted receiver was given again", lambda ledger: ledger.resent),
    ("pictures_lost", "pictures that were overwritten before they were taken", lambda ledger: ledger.lost_pictures),
    ("busy_seconds", "time in the stage's own code", lambda ledger: ledger.busy_ns / _SECOND_NS),
)
_GAUGES: tuple[tuple[str, str, Callable[[Ledger], float]], ...] = (
    ("frames_held", "frames kept for later", lambda ledger: ledger.held),
    ("last_pts_seconds", "stream time of the newest frame", lambda ledger: ledger.last_pts_ns / _SECOND_NS),
)


class LedgerCollector(Collector):
    """A prometheus_client collector over the newest ledgers of a pipeline."""

    def __init__(self, pipeline: str, links: Collection[str]) -> None:
        self._pipeline = pipeline
        self._links = links
        self.ledgers: Mapping[str, Ledger] = {}
        self.running = True

    def collect(self) -> Iterator[Metric]:
        """One family per figure; every sample says of which stage or link it is."""
        labels = ["pipeline", "kind", "name"]
        for name, text, value in _COUNTERS:
            counter = CounterMetricFamily(f"slidetap_{name}", text, labels=labels)
            for key, ledger in self.ledgers.items():
                counter.add_metric(self._labels(key), value(ledger))
            yield counter
        reasoned = [*labels, "reason"]
        dropped = CounterMetricFamily("slidetap_frames_dropped", "frames that went no further", labels=reasoned)
        for key, ledger in self.ledgers.items():
            for reason, count in ledger.dropped.items():
                dropped.add_metric([*self._labels(key), reason], count)
        yield dropped
        for name, text, value in _GAUGES:
            gauge = GaugeMetricFamily(f"slidetap_{name}", text, labels=labels)
            for key, ledger in self.ledgers.items():
                gauge.add_metric(self._labels(key), value(ledger))
            yield gauge
        running = GaugeMetricFamily("slidetap_running", "1 while the pipeline runs, 0 after", labels=["pipeline"])
        running.add_metric([self._pipeline], float(self.running))
        yield running

    def _labels(self, key: str) -> list[str]:
        return [self._pipeline, "link" if key in self._links else "stage", key]


class ServiceCollector(Collector):
    """A prometheus_client collector over one snapshot of a daemon: states, restarts, sources, and stages' figures."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Families with one meaning each; a figure whose name is taken is left out."""
        taken: set[str] = set()
        for family in (*self._ledgers(), *self._states()):
            taken.add(family.name)
            yield family
        grouped: dict[str, list[Figure]] = {}
        for figure in self._snapshot.figures:
            grouped.setdefault(figure.name, []).append(figure)
        for name, figures in grouped.items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(f"slidetap_{name}", "told by the stage", labels=["pipeline", "stage"])
            for figure in figures:
                family.add_metric([self._snapshot.pipeline, figure.stage], figure.value)
            if family.name not in taken:
                taken.add(family.name)
                yield family

    def _ledgers(self) -> Iterator[Metric]:
        collector = LedgerCollector(self._snapshot.pipeline, self._snapshot.links)
        collector.ledgers = self._snapshot.ledgers
        return collector.collect()

    def _states(self) -> Iterator[Metric]:
        known, pipeline = self._snapshot, self._snapshot.pipeline
        labels = ["pipeline", "stage", "state"]
        states = GaugeMetricFamily("slidetap_stage_state", "1 for the state that a stage is in", labels=labels)
        for stage, state in known.states.items():
            for each in State:
                states.add_metric([pipeline, stage, each.value], float(each is state))
        yield states
        sources = GaugeMetricFamily("slidetap_source_state", "1 for the state that a live source is in", labels=labels)
        for stage, told in known.sources.items():
            for name in SOURCE_STATES:
                sources.add_metric([pipeline, stage, name], float(name == told))
        yield sources
        restarts = CounterMetricFamily("slidetap_restarts", "how often a stage was restarted", labels=labels[:2])
        for stage, count in known.restarts.items():
            restarts.add_metric([pipeline, stage], count)
        yield restarts
        for name, text, value in (
            ("degraded", "1 while a stage does not work", bool(known.degraded)),
            ("ready", "1 once every stage has played", known.ready),
        ):
            gauge = GaugeMetricFamily(f"slidetap_{name}", text, labels=labels[:1])
            gauge.add_metric([pipeline], float(value))
            yield gauge


def exposition(snapshot: Snapshot) -> bytes:
    """A snapshot as Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(snapshot))
    return generate_latest(registry)


class MetricsFile:
    """The file; whoever reads it finds all of one moment or all of another."""

    def __init__(self, path: Path, pipeline: str, links: Collection[str]) -> None:
        """Write it for the first time. Raises OutputError if that cannot be done."""
        self._path = path
        self._collector = LedgerCollector(pipeline, links)
        self._registry = CollectorRegistry()
        self._registry.register(self._collector)
        try:
            self._write()
        except OSError as e:
            raise OutputError(f"metrics file '{path}' cannot be written: {e.strerror}") from e

    def update(self, ledgers: Mapping[str, Ledger], running: bool = True) -> None:
        """Write the newest ledgers. Raises WriteError."""
        self._collector.ledgers, self._collector.running = ledgers, running
        try:
            self._write()
        except OSError as e:
            raise WriteError(f"metrics file '{self._path}' cannot be written: {e.strerror}") from e

    def _write(self) -> None:
        # No fsync: after a power cut these figures are of no use.
        sketch = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            sketch.write_bytes(generate_latest(self._registry))
            sketch.replace(self._path)
        finally:
            sketch.unlink(missing_ok=True)
