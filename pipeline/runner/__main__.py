"""``python -m pipeline.runner``: a child process. Reads its ProcessSpec from standard input."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Callable

from pipeline.errors import PipelineError, StageError
from pipeline.messages import Failure
from pipeline.runner.spec import ProcessSpec
from pipeline.runner.worker import Worker

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends, also if it ended before this call."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def run(spec: ProcessSpec) -> int:
    """Run the process; the exit code is that of the error that ended it."""
    die_with_parent(spec.parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides what Ctrl-C means
    faulthandler.enable()
    worker = Worker(spec)
    code = attempt(worker, lambda: live(worker))
    code = attempt(worker, worker.stop) or code
    worker.close()
    return code


def live(worker: Worker) -> None:
    """Build, wait for the word, play to the end."""
    worker.build()
    go = worker.wait_for_play()
    if go is not None:
        worker.play(go)


def attempt(worker: Worker, work: Callable[[], None]) -> int:
    """Do ``work``; an error goes to the bus, naming its stage, and its exit code is returned."""
    try:
        work()
    except PipelineError as e:
        return report(worker, e)
    except Exception as e:  # noqa: BLE001 - whatever a stage does wrong must reach the supervisor as one line
        return report(worker, StageError(f"{type(e).__name__}: {e}"))
    return 0


def report(worker: Worker, error: PipelineError) -> int:
    """Put ``error`` on the bus."""
    stage = error.stage or worker.failed_stage
    trace = traceback.format_exc()
    worker.send(Failure(stage, type(error).__name__, str(error), trace[-8000:]))
    return int(error.exit_code)


if __name__ == "__main__":
    code = run(ProcessSpec.from_json(sys.stdin.readline()))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # nothing is left to clean up, and the interpreter's own teardown takes long enough to be seen
