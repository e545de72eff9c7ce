"""The last accounts of a process, readable when it was killed: a small file in the run folder that it maps.

Heartbeats are a second apart. What happened between the last one and a SIGKILL would be in nobody's books.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.errors import WireError
from pipeline.messages import Heartbeat, Ledger
from pipeline.wire import decode_message, encode_message

_SIDE_BYTES = 64 << 10
_HEAD = struct.Struct("<BxxxI")  # which side counts, and how long what stands there is


def _path(folder: Path, process: str, incarnation: int) -> Path:
    return folder / f"accounts-{process}-{incarnation}"


class BlackBox:
    """Written by the process. It may be killed at any instant, so the side that counts is never the one written to."""

    def __init__(self, folder: Path, process: str, incarnation: int) -> None:
        self._process = process
        fd = os.open(_path(folder, process, incarnation), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(fd, 3 * _SIDE_BYTES)
            self._map = mmap.mmap(fd, 3 * _SIDE_BYTES)
        finally:
            os.close(fd)
        self._side = 0
        self._counts: Mapping[str, Ledger] = {}

    def write(self, ledgers: Mapping[str, Ledger]) -> None:
        """Keep these, if they count anything new: a loop with nothing to do turns many times a second. More than there
        is room for, of hundreds of fused stages, are left to the heartbeat, as is time spent without a result.
        """
        counts = {name: replace(ledger, busy_ns=0) for name, ledger in ledgers.items()}
        if counts == self._counts:
            return
        self._counts = counts
        data = encode_message(Heartbeat(self._process, "", ledgers))
        if len(data) > _SIDE_BYTES:
            return
        self._side = 2 if self._side == 1 else 1
        begin = self._side * _SIDE_BYTES
        self._map[begin : begin + len(data)] = data
        self._map[: _HEAD.size] = _HEAD.pack(self._side, len(data))


def recovered(folder: Path, process: str, incarnation: int) -> Mapping[str, Ledger] | None:
    """What a process that has ended wrote last, if it wrote anything; the file is removed."""
    path = _path(folder, process, incarnation)
    try:
        data = path.read_bytes()
        path.unlink()
    except OSError:
        return None
    side, length = _HEAD.unpack(data[: _HEAD.size].ljust(_HEAD.size, b"\0"))
    if side not in (1, 2):
        return None
    try:
        message = decode_message(data[side * _SIDE_BYTES : side * _SIDE_BYTES + length])
    except WireError:
        return None  # the heartbeat's numbers are older, and right
    return message.ledgers if isinstance(message, Heartbeat) else None
