"""How child processes come about: forked by a zygote where the system can, else spawned, each loading all anew.

The environment of both is the same. What a child writes to standard error goes to its log. A command that is about to
run something lets its zygote ``begin`` before it knows what: both load side by side.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipeline.errors import ResourceError
from pipeline.runner.spec import ProcessSpec

_PR_SET_CHILD_SUBREAPER = 36
_FIRST_ANSWER_S = 30.0  # it may have to load everything first, on a machine that is busy with other things
_ANSWER_S = 5.0  # in which the supervisor hears nothing else
_UNKNOWN = 255  # exit code of a child that somebody else has waited for
_CHILD_ENV = {
    # Each stage is one thread of work; libraries that start a thread per core would fight over the cores.
    "OPENCV_FOR_THREADS_NUM": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc: pictures come and go, and a fresh page for each of them costs a third of all time in the kernel.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # looking for them reads what is known of every package installed
}


class Process(Protocol):
    """What is needed of subprocess.Popen."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """The exit code, negative for a signal, or None while it runs."""

    def kill(self) -> None:
        """SIGKILL, if it runs."""

    def wait(self, timeout: float) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""


def begin() -> None:
    """Let a zygote load for the next run. If there may be none, ``dismiss`` it in the end."""
    if not _begun and (zygote := _zygote()) is not None:
        _begun.append(zygote)


def dismiss() -> None:
    """End the zygote that was begun, if no run has taken it."""
    while _begun:
        _begun.pop().close()


class Spawner:
    """Makes the processes of one run. The zygote begins to load at once."""

    def __init__(self) -> None:
        self._zygote = _begun.pop() if _begun else _zygote()

    def spawn(self, spec: ProcessSpec, log: Path) -> Process:
        """A child that lives by ``spec``. Raises ResourceError if the operating system refuses."""
        log.write_bytes(b"")
        try:
            if self._zygote is not None:
                try:
                    return self._zygote.fork(spec, log)
                except _ZygoteError:
                    self._zygote.close()
                    self._zygote = None  # whatever is the matter with it, the run can do without
            return _spawned(spec, log)
        except OSError as e:
            raise ResourceError(f"cannot start the process of stage '{spec.nodes[0].name}': {e.strerror}") from e

    def close(self) -> None:
        """The children that were made live on."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None


def _zygote() -> _Zygote | None:
    """None where there can be none."""
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError):
        return _Zygote()
    return None


def _spawned(spec: ProcessSpec, log: Path) -> Process:
    with open(log, "wb") as out:
        made = _popen(["pipeline.runner"], subprocess.PIPE, out.fileno())
    assert made.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it died at once; the watch loop will say so
        made.stdin.write(spec.to_json().encode() + b"\n")
        made.stdin.close()
    return made


def _popen(module: list[str], stdin: int, out: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        # -P: the current folder is not searched for modules, whatever lies in it.
        [sys.executable, "-P", "-m", *module],
        stdin=stdin,
        stdout=out,
        stderr=out,
        env=_CHILD_ENV | dict(os.environ),
        start_new_session=True,  # Ctrl-C reaches the parent alone
    )


class _ZygoteError(Exception):
    """It does not answer, or not as it should."""


class _Zygote:
    """The parent's side of ``pipeline.runner.zygote``."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_FIRST_ANSWER_S)
        with theirs:  # why it could not load a child that is spawned in its place will say
            module = ["pipeline.runner.zygote", str(os.getpid())]
            try:
                self._popen = _popen(module, theirs.fileno(), subprocess.DEVNULL)
            except OSError:
                self._control.close()
                raise

    def fork(self, spec: ProcessSpec, log: Path) -> Process:
        """Raises _ZygoteError if it is of no use, OSError if it could not fork."""
        request = json.dumps({"spec": spec.to_json(), "log": str(log)}).encode() + b"\n"
        with _adopting():
            try:
                self._control.sendall(request)
                answer = int(self._answer())
            except (OSError, ValueError) as e:
                raise _ZygoteError from e
        self._control.settimeout(_ANSWER_S)
        if answer == -errno.ECHILD:  # this system does not let it be ours
            raise _ZygoteError
        if answer <= 0:
            raise OSError(-answer, os.strerror(-answer))
        return _Adopted(answer)

    def close(self) -> None:
        self._control.close()
        self._popen.kill()  # it keeps nothing
        self._popen.wait()

    def _answer(self) -> bytes:
        read = b""
        while not read.endswith(b"\n"):
            part = self._control.recv(64)
            if not part:
                raise _ZygoteError
            read += part
        return read


@contextlib.contextmanager
def _adopting() -> Iterator[None]:
    """Orphans among what this process has started become its children inside. Raises _ZygoteError if they cannot."""
    prctl = ctypes.CDLL(None).prctl
    if prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise _ZygoteError
    try:
        yield
    finally:
        prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class _Adopted:
    """A child that this process has not forked itself."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self._code = _UNKNOWN
            else:
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def kill(self) -> None:
        if self.poll() is None:  # not waited for, so the number is still its own
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        if self.poll() is None:
            descriptor = os.pidfd_open(self.pid)  # not waited for, so the number is still its own
            try:
                ended = select.poll()
                ended.register(descriptor, select.POLLIN)
                ended.poll(timeout * 1000)
            finally:
                os.close(descriptor)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
        return code


_begun: list[_Zygote] = []  # at most one
