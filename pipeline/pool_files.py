"""Names of the picture pools' files, and the removal of those whose process has ended. Loads no numpy.

The supervisor removes what a killed child left behind; it never looks into a pool.
"""

from __future__ import annotations

import re
from pathlib import Path


def pool_name(process: str, incarnation: int, number: int) -> str:
    """The file name of the ``number``-th pool of a process."""
    return f"pool-{process}-{incarnation}-{number}"


def remove_pools(folder: Path, process: str, incarnation: int) -> None:
    """Unlink the pools that a process left behind when it ended; maps that others hold stay valid."""
    mine = re.compile(re.escape(pool_name(process, incarnation, 0))[:-1] + r"\d+")
    for path in folder.glob("pool-*"):
        if mine.fullmatch(path.name):
            path.unlink(missing_ok=True)
