"""A bar on standard error for one download, as ``downloading`` wants it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


class DownloadBar:
    """Shows itself with the first byte."""

    def __init__(self, name: str, console: Console | None = None) -> None:
        self.total = 0
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console or Console(stderr=True), transient=True)
        self._task = self._progress.add_task(name, total=None)

    def update(self, count: int) -> None:
        """``count`` more bytes."""
        self._progress.start()
        self._progress.update(self._task, total=self.total or None, advance=count)

    def reset(self) -> None:
        """Begin again; the end of a download, for pooch."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Go away."""
        self._progress.stop()
