"""``python -m pipeline.runner.zygote SUPERVISOR``: has loaded what every child needs, and forks them.

A child that is spawned loads Python, NumPy and more for half a second; one that is forked has them, and shares their
memory. The zygote knows no stage, opens no socket of ZeroMQ and starts no thread, so that a fork of it is as good as
a fresh process. Standard input is a socket on which each line asks for one child; the answer is its pid, or an errno
with a minus sign. It forks twice, so that the child becomes one of the supervisor, which asks as a subreaper
(prctl(2)): it waits for it, and the child dies with it, whatever becomes of the zygote.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from typing import NoReturn

from pipeline.runner.spec import ProcessSpec

_USUAL = ("cv2", "numpy.typing")  # nothing of the framework needs them, but most stages do
_PR_SET_NAME = 15
_ADOPTED_MS = 5000


def main(supervisor: int) -> None:
    """Fork a child for each line, until the supervisor closes its end."""
    gc.disable()  # what is loaded stays, and to look it over again and again takes a tenth of the time
    from pipeline.runner.__main__ import die_with_parent

    die_with_parent(supervisor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides what Ctrl-C means
    for name in _USUAL:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    control = socket.socket(fileno=0)
    gc.freeze()  # a collection in a child would write to, and so copy, every page that has an object
    gc.enable()
    while request := _line(control):
        asked = json.loads(request)
        try:
            between = os.fork()
        except OSError as e:
            _answer(control, -(e.errno or errno.EAGAIN))
            continue
        if between == 0:
            _fork(control, ProcessSpec.from_json(asked["spec"]), asked["log"])
        os.waitpid(between, 0)


def _fork(control: socket.socket, spec: ProcessSpec, log: str) -> NoReturn:
    """In the process between: it only makes the child an orphan."""
    try:
        between = os.pidfd_open(os.getpid())
        if os.fork() == 0:
            _live(control, spec, log, between)
    except OSError as e:
        _answer(control, -(e.errno or errno.EAGAIN))
    finally:
        os._exit(0)


def _live(control: socket.socket, spec: ProcessSpec, log: str, between: int) -> NoReturn:
    """In the child, to its end. ``between``: a pidfd of its parent, which ends at once."""
    code = 1
    try:
        os.setsid()
        _await_adoption(between)
        if os.getppid() == spec.parent_pid:
            _redirect(control, spec, log)
            from pipeline.runner.__main__ import run

            code = run(spec)
        else:
            _answer(control, -errno.ECHILD)
    except BaseException:  # noqa: BLE001 - it must end here, not go on as a second zygote
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)  # nothing is left to clean up, and the interpreter's own teardown takes long enough to be seen


def _await_adoption(between: int) -> None:
    """The kernel finds orphans another parent before it says that theirs has ended."""
    ended = select.poll()
    ended.register(between, select.POLLIN)
    ended.poll(_ADOPTED_MS)
    os.close(between)


def _redirect(control: socket.socket, spec: ProcessSpec, log: str) -> None:
    """As if it had been spawned: a name and a log of its own, and nothing on standard input. Says its pid."""
    ctypes.CDLL(None).prctl(_PR_SET_NAME, spec.process.encode()[:15], 0, 0, 0)
    out, nothing = os.open(log, os.O_WRONLY), os.open(os.devnull, os.O_RDONLY)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    _answer(control, os.getpid())
    os.dup2(nothing, control.detach())
    os.close(nothing)


def _line(control: socket.socket) -> bytes:
    """What is asked; empty at the end. The supervisor waits for an answer to each."""
    read = bytearray()
    while not read.endswith(b"\n"):
        part = control.recv(1 << 16)
        if not part:
            return b""
        read += part
    return bytes(read)


def _answer(control: socket.socket, number: int) -> None:
    control.sendall(b"%d\n" % number)


if __name__ == "__main__":
    main(int(sys.argv[1]))
