"""A piece of work in a process of its own, at low priority, that the loop of the daemon looks after without waiting.

What it prints goes to files without a name; so it can neither block nor fill a pipe.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TypeAlias

_LAST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Done:
    """``error``: empty if it went well, else its last words."""

    out: bytes
    error: str


class Job:
    """A module of ours with arguments; it begins at once. ``limit_ns``: killed when it takes longer."""

    def __init__(self, module: str, arguments: Sequence[str], limit_ns: int, now_ns: int) -> None:
        self._limit_ns = limit_ns
        self._until_ns = now_ns + limit_ns
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by take and end
        self._error: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._error,
            start_new_session=True,  # Ctrl-C in a terminal is for the daemon, which ends this in its own way
        )

    def poll(self, now_ns: int) -> Done | None:
        """None while it works; after that it is not asked again."""
        code = self._process.poll()
        if code is None and now_ns < self._until_ns:
            return None
        if code is None:
            self._kill()
            return self._close(f"it took longer than {self._limit_ns / 10**9:.0f} s")
        if code == 0:
            return self._close("")
        return self._close(self._said() or (f"signal {-code}" if code < 0 else f"exit code {code}"))

    def end(self) -> None:
        """It is not wanted any more."""
        if self._process.poll() is None:
            self._kill()
        self._close("")

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _said(self) -> str:
        size = self._error.seek(0, 2)
        self._error.seek(max(0, size - _LAST_WORDS))
        lines = self._error.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def _close(self, error: str) -> Done:
        if self._out.closed:
            return Done(b"", error)
        self._out.seek(0)
        with self._out, self._error:
            return Done(self._out.read(), error)


# Begins a job: module, arguments, limit and the time now, both in ns of the monotonic clock.
Begin: TypeAlias = Callable[[str, Sequence[str], int, int], Job]
