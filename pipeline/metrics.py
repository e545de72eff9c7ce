"""Ledgers -> Prometheus text, for ``--metrics FILE``: a file that node_exporter's textfile collector picks up.

The process of the command writes it; stages only count. The only file that imports the Prometheus client.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.errors import OutputError, WriteError
from pipeline.messages import Ledger

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
