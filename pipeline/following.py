"""Run a pipeline and report on it while it runs: the supervisor, a reporter, the metrics file. In the parent.

What ``run``, ``launch`` and the application's own commands have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import PipelineConfig
from pipeline.errors import ExitCode, PipelineError
from pipeline.logs import LogForm
from pipeline.messages import BusMessage, Heartbeat, Ledger, Warn
from pipeline.reporting import Reporter, choose
from pipeline.tally import Tally

if TYPE_CHECKING:
    from pipeline.metrics import MetricsFile
    from pipeline.supervisor import Outcome

Run = Callable[[PipelineConfig, Callable[[BusMessage], None]], "Outcome"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How to report. ``verbose``: 1 tells what stages say, 2 adds tracebacks. ``log``: lines for a long run."""

    as_json: bool = False
    verbose: int = 0
    metrics: Path | None = None
    log: LogForm | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """A run that has ended. The ledgers of the outcome are in order of the data flow."""

    config: PipelineConfig
    outcome: Outcome
    tally: Tally

    @property
    def exit_code(self) -> ExitCode:
        """That of the error, else that of the signal, else 0."""
        if self.outcome.error is not None:
            return self.outcome.error.exit_code
        # Only these two reach the outcome; 128 + n is what a shell makes of a signal.
        return ExitCode(128 + self.outcome.signal) if self.outcome.signal else ExitCode.OK


def follow(
    config: PipelineConfig, manner: Manner, run: Run | None = None, meanwhile: Callable[[], None] | None = None
) -> Followed:
    """Run ``config``, which holds import strings only, to its end. ``run`` stands in for the supervisor in tests.

    ``meanwhile``: called once frames flow, when this process has little to do: what is loaded then is not waited for.

    Raises OutputError if the metrics file cannot be written at the start; never for what goes wrong in the run.
    """
    tally = Tally(config)
    reporter = choose(manner.as_json, manner.verbose > 0, manner.log)
    metrics = _Metrics(config, manner.metrics, reporter) if manner.metrics else None

    def hear(message: BusMessage) -> None:
        nonlocal meanwhile
        tally.hear(message)
        reporter.message(message, tally)
        if meanwhile is not None and tally.processed:
            call, meanwhile = meanwhile, None
            call()
        if metrics is not None and isinstance(message, Heartbeat):
            metrics.update(tally)

    try:
        outcome = (run or _supervised())(config, hear)
    finally:
        reporter.end()
    tally.ledgers |= outcome.ledgers
    if metrics is not None:
        metrics.update(tally, running=False)
    return Followed(config, replace(outcome, ledgers=_in_order(outcome.ledgers, config)), tally)


def _in_order(ledgers: Mapping[str, Ledger], config: PipelineConfig) -> dict[str, Ledger]:
    order = [name for stage in config.stages for name in (*_entering(stage.name, config), stage.name)]
    return {name: ledgers[name] for name in order if name in ledgers}


def _entering(stage: str, config: PipelineConfig) -> list[str]:
    return [link.id for link in config.links if link.sink == stage]


def _supervised() -> Run:
    from pipeline import supervisor

    return supervisor.run


class _Metrics:
    """The metrics file; that it cannot be written any more is said once and ends no run."""

    def __init__(self, config: PipelineConfig, path: Path, reporter: Reporter) -> None:
        from pipeline.metrics import MetricsFile

        self._file: MetricsFile | None = MetricsFile(path, config.name, {link.id for link in config.links})
        self._reporter = reporter

    def update(self, tally: Tally, running: bool = True) -> None:
        """Write what is known."""
        if self._file is None:
            return
        try:
            self._file.update(tally.ledgers, running)
        except PipelineError as e:
            self._file = None
            self._reporter.message(Warn("metrics", str(e)), tally)
