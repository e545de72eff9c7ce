"""The operating system's side of a run: its private folder, and the child processes in it.

The folder lies in shared memory where there is some: it holds the sockets, the picture pools and what the children
write to standard error. It is 0700, locked while its owner lives, and swept up by the next run if the owner died.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Self

from pipeline.errors import ResourceError
from pipeline.runner.spec import ProcessSpec
from pipeline.spawning import Spawner

_PREFIX = "slidetap-"
_UNFINISHED = ".slidetap-"
_OLD_S = 60


def shared_memory() -> Path:
    """Where run folders go: SLIDETAP_RUN_DIR, else /dev/shm, else the temporary folder. Raises ResourceError."""
    chosen = os.environ.get("SLIDETAP_RUN_DIR")
    if chosen:
        if not (os.path.isdir(chosen) and os.access(chosen, os.W_OK | os.X_OK)):
            raise ResourceError(f"SLIDETAP_RUN_DIR is '{chosen}', which is no folder that can be written to")
        return Path(chosen)
    shm = Path("/dev/shm")
    return shm if shm.is_dir() and os.access(shm, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


class RunFolder:
    """A private folder that exists as long as the run does. Use as a context manager."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or shared_memory()
        self.path = self._parent
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._sweep()
        try:
            made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._parent))
            self._lock = open(made / "lock", "wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Only now has it the name that others sweep: whatever is called so and not locked is nobody's any more.
            self.path = made.rename(self._parent / (_PREFIX + made.name.removeprefix(_UNFINISHED)))
        except OSError as e:
            raise ResourceError(f"cannot make a run folder in {self._parent}: {e.strerror}") from e
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    def _sweep(self) -> None:
        """Remove folders whose owner was killed: their lock is free. What a crash left without a lock goes when old."""
        for folder in [*self._parent.glob(_PREFIX + "*"), *self._parent.glob(_UNFINISHED + "*")]:
            with contextlib.suppress(OSError):
                stat = folder.stat()
                if stat.st_uid != os.getuid():
                    continue
                if folder.name.startswith(_PREFIX) and (folder / "lock").exists():
                    with open(folder / "lock", "rb") as lock:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(folder, ignore_errors=True)
                elif time.time() - stat.st_mtime > _OLD_S:
                    shutil.rmtree(folder, ignore_errors=True)


class Child:
    """One child process. Everything here runs in the parent."""

    def __init__(self, spec: ProcessSpec, spawner: Spawner) -> None:
        """Start it. Raises ResourceError when the operating system refuses."""
        self.name = spec.process
        self.stages = tuple(node.name for node in spec.nodes)
        self._log = Path(spec.folder) / f"{spec.process}.log"
        self._process = spawner.spawn(spec, self._log)
        self.descriptor = os.pidfd_open(self._process.pid) if hasattr(os, "pidfd_open") else None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """The exit code, negative for a signal, or None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """SIGKILL. It ends soon after; one that waits for a device that answers nothing may take its time."""
        self._process.kill()

    def reap(self, timeout_s: float) -> bool:
        """Wait for it to end; whether it did."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self._process.poll() is not None

    def close(self) -> None:
        """Release the descriptor."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def last_words(self) -> str:
        """The last line it wrote to standard error, for what the bus could not carry."""
        with contextlib.suppress(OSError):
            lines = self._log.read_text(errors="replace").strip().splitlines()
            return lines[-1][:300] if lines else ""
        return ""

    def epitaph(self) -> str:
        """How it ended, in words."""
        status = self.exit_status
        if status is None:
            return "is still running"
        if status < 0:
            name = signal.Signals(-status).name
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            return f"was killed by {name}{hint}"
        words = self.last_words()
        return f"ended with exit code {status}" + (f": {words}" if words else "")
