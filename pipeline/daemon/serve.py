"""Run a pipeline as a daemon: the supervisor with a service desk beside its loop, until it is told to end.

A stage that is FAILED makes the daemon degraded; it goes on with what is left. What ends it is SIGTERM, SIGINT, the
command ``shutdown``, or an error that no restart mends.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from pipeline.config import PipelineConfig
from pipeline.daemon.desk import ServiceDesk, Surroundings
from pipeline.daemon.keeper import Keeper
from pipeline.daemon.notify import Notifier
from pipeline.ending import Finish, end
from pipeline.errors import ConfigError, ExitCode
from pipeline.following import Manner, follow
from pipeline.logs import LogForm
from pipeline.messages import BusMessage
from pipeline.supervisor import Outcome, run


def serve(
    config: PipelineConfig,
    keeper: Keeper | None = None,
    manner: Manner | None = None,
    reread: Callable[[], PipelineConfig] | None = None,
    finish: Finish | None = None,
) -> ExitCode:
    """Run ``config``, which holds import strings only, until it is to end. ``reread``: for SIGHUP, the file again.

    Call from the main thread. Raises OutputError if the metrics file cannot be written at the start; what goes wrong
    later is a line on standard error and the exit code.
    """
    if config.service is None:
        raise ConfigError(f"'{config.name}' is no service; write a table [service] into its file")
    manner = manner or Manner()
    if not manner.as_json and manner.log is None:
        manner = replace(manner, log=LogForm.TEXT)  # a bar that never ends is of no use
    notifier = Notifier()

    def attended(config: PipelineConfig, hear: Callable[[BusMessage], None]) -> Outcome:
        with _hangups() as hangups:
            return run(config, hear, ServiceDesk(config, keeper, Surroundings(hear, hangups, reread, notifier)))

    try:
        return end(follow(config, manner, attended), manner, finish)
    finally:
        notifier.close()


@contextlib.contextmanager
def _hangups() -> Iterator[list[int]]:
    """A list to which SIGHUP appends inside; in other threads than the main one nothing changes."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = signal.signal(signal.SIGHUP, lambda number, _: received.append(number))
    try:
        yield received
    finally:
        signal.signal(signal.SIGHUP, before)
