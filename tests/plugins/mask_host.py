"""``slidetap masks serve`` as a process of its own, for tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_ENDING_S = 60.0
_AT = re.compile(r"^serving '[^']+' on \S+ at (\S+),")


class MaskHost:
    """Runs from the start, and is killed at the end of ``with`` if it still does. ``said``: its lines so far."""

    def __init__(
        self, model: Path, bind: str, *options: str, keys: Path | None = None, prefix: Sequence[str] = ()
    ) -> None:
        command = [*prefix, sys.executable, "-m", "stages", "masks", "serve", str(model), "--bind", bind]
        command += ["--device", "cpu", "--threads", "1", *options, *(["--keys", str(keys)] if keys else [])]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self.said: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.address = self.wait_for(_AT)[1]

    def __enter__(self) -> MaskHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tell(signal.SIGCONT)
        self.kill()

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def tell(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait_for(self, pattern: re.Pattern[str], after: int = 0) -> re.Match[str]:
        """The first line that has it, of those after the first ``after``."""

        def found() -> re.Match[str] | None:
            return next(filter(None, map(pattern.search, self.said[after:])), None)

        with self._changed:
            come = self._changed.wait_for(lambda: found() or self.process.poll() is not None, _ENDING_S)
            match = found()
        assert come and match, self.said
        return match

    def end(self, number: int = signal.SIGTERM) -> tuple[int, dict[str, int]]:
        """End it by a signal; its exit code and the figures of its last line."""
        self.tell(number)
        code = self.process.wait(_ENDING_S)
        self._reader.join(_ENDING_S)
        figures = {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", self.said[-1])}
        return code, figures

    def kill(self) -> None:
        """As a fault would."""
        self.tell(signal.SIGKILL)
        self.process.wait(_ENDING_S)
        self._reader.join(_ENDING_S)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.said.append(line.rstrip())
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
