"""One daemon for a folder of lectures: two would take each other's lectures for their own, and end them.

The kernel lets go of it with the process, however that ended.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pipeline.errors import OutputError, ServiceError

# From the folder of the lectures to what lets go of it. Raises ServiceError, OutputError.
Claim: TypeAlias = Callable[[Path], Callable[[], None]]


def claim(root: Path) -> Callable[[], None]:
    """Hold ``root`` until the answer is called. Raises ServiceError if a daemon has it, OutputError."""
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as e:
        raise OutputError(f"[lectures] folder: cannot work in '{root}': {e.strerror}") from e
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as e:
        os.close(handle)
        raise ServiceError(
            f"[lectures] folder: another daemon keeps its lectures in '{root}'; give each daemon a folder of its own"
        ) from e
    except OSError as e:
        os.close(handle)
        raise OutputError(
            f"[lectures] folder: '{root}' cannot be locked: {e.strerror}; name one on a disk of this machine"
        ) from e
    return partial(os.close, handle)
