"""The picture pool: full-resolution pictures in shared memory, read by ticket.

One process writes (the one with the source), any number read. The file lies in the run's private folder, which the
supervisor makes and removes; it is 0600. Its memory is allocated before it is written to, that of the first slot when
it is made and all the rest before the second is used, so that a small /dev/shm is found then and not by SIGBUS, and
that the first picture need not wait for it. It knows nothing of links: whoever puts a picture says when its slot may be
used again.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import struct
from collections import deque
from math import prod
from pathlib import Path

import numpy as np

from pipeline.errors import ResourceError, WireError
from pipeline.frame import Picture, Plane, Ticket

_MAGIC = b"SLTPOOL1"
_HEADER = struct.Struct("<8sQQ")
_PAGE = 4096
_SLOT_HEADER = 64  # a cache line; its first 8 bytes are the generation, odd while the slot is being written
BUDGET_BYTES = 128 << 20
FEWEST_SLOTS = 3


def slots_for(nbytes: int, wanted: int) -> int:
    """How many slots of ``nbytes`` to make: ``wanted``, less where that would pass the budget of 128 MiB."""
    return max(FEWEST_SLOTS, min(wanted, BUDGET_BYTES // max(nbytes, 1)))


def _stride(slot_bytes: int) -> int:
    return (_SLOT_HEADER + slot_bytes + _PAGE - 1) // _PAGE * _PAGE


def _free_bytes(folder: Path) -> int | None:
    """None: there is no limit (tmpfs of size 0, which tells of no blocks at all)."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize if room.f_blocks else None


class PoolWriter:
    """Creates the pool file and puts pictures into free slots."""

    def __init__(self, folder: Path, name: str, slots: int, slot_bytes: int) -> None:
        """Raises ResourceError when the folder has no room for ``slots`` x ``slot_bytes``."""
        self.name = name
        self.slot_bytes = slot_bytes
        self._path = folder / name
        self._size = size = _PAGE + slots * _stride(slot_bytes)
        self._fd: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)  # None: all is allocated
        try:
            free = _free_bytes(folder)
            if free is not None and free < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.ftruncate(self._fd, size)
            os.posix_fallocate(self._fd, 0, _PAGE + _stride(slot_bytes))
            self._map = mmap.mmap(self._fd, size)
        except OSError as e:
            os.close(self._fd)
            self._path.unlink()
            raise self._no_room() from e
        self._map[: _HEADER.size] = _HEADER.pack(_MAGIC, slots, slot_bytes)
        self._bytes = np.frombuffer(self._map, np.uint8)
        self._free = deque(range(slots))  # first in, first out: a slot rests as long as it can
        self._out: dict[int, int] = {}  # slot -> how many claims on it are out

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def busy(self) -> int:
        return len(self._out)

    def put(self, picture: Picture) -> Ticket | None:
        """Copy the picture into a free slot; None if there is none. Raises ResourceError if it is too large, or if
        others have taken the memory that was free when the pool was made.
        """
        if picture.layout.nbytes > self.slot_bytes:
            raise ResourceError(f"a picture of {picture.layout.nbytes} bytes in a pool of {self.slot_bytes} a slot")
        if not self._free:
            return None
        if self._free[0] and self._fd is not None:
            self._allocate(self._fd)
        slot = self._free.popleft()
        self._out[slot] = 1
        start = _PAGE + slot * _stride(self.slot_bytes)
        generation = self._bytes[start : start + 8].view(np.uint64)
        generation[0] += 1
        position = start + _SLOT_HEADER
        for plane, shape in zip(picture.planes, picture.layout.plane_shapes(), strict=True):
            size = prod(shape)
            np.copyto(self._bytes[position : position + size].reshape(shape), plane)
            position += size
        generation[0] += 1
        return Ticket(self.name, slot, int(generation[0]), picture.layout)

    def again(self, ticket: Ticket) -> bool:
        """One more claim on a picture put earlier, so that it need not be copied twice; False if it is gone."""
        if ticket.pool != self.name or self._generation(ticket.slot) != ticket.generation:
            return False
        if ticket.slot not in self._out:
            self._free.remove(ticket.slot)
        self._out[ticket.slot] = self._out.get(ticket.slot, 0) + 1
        return True

    def release(self, slot: int) -> None:
        """One claim less; with the last one the slot may be written again."""
        if slot not in self._out:
            return
        self._out[slot] -= 1
        if self._out[slot] == 0:
            del self._out[slot]
            self._free.append(slot)

    def _allocate(self, fd: int) -> None:
        """All slots, at once."""
        try:
            os.posix_fallocate(fd, 0, self._size)
        except OSError as e:
            raise self._no_room() from e
        os.close(fd)
        self._fd = None

    def _no_room(self) -> ResourceError:
        folder = self._path.parent
        return ResourceError(
            f"the picture pool needs {self._size >> 20} MiB in {folder.parent}, {(_free_bytes(folder) or 0) >> 20}"
            " MiB are free; make it larger (docker run --shm-size=512m), or name another folder in SLIDETAP_RUN_DIR"
        )

    def _generation(self, slot: int) -> int:
        start = _PAGE + slot * _stride(self.slot_bytes)
        return int(self._bytes[start : start + 8].view(np.uint64)[0])

    def remove(self) -> None:
        """Unlink the file; maps that others hold stay valid."""
        self._path.unlink(missing_ok=True)
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class PoolReader:
    """Reads pictures out of the pools of a run folder; maps each pool file once, and forgets those that are gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: dict[str, tuple[Plane, int, int]] = {}

    def take(self, ticket: Ticket) -> Picture | None:
        """The picture in memory of its own, or None if the slot has been used again, or the pool ended with its
        process. Raises WireError.
        """
        opened = self._open(ticket.pool)
        if opened is None:
            return None
        data, slots, slot_bytes = opened
        layout = ticket.layout
        if not 0 <= ticket.slot < slots or layout.nbytes > slot_bytes:
            raise WireError(f"a ticket for slot {ticket.slot} of {layout.nbytes} bytes: no such slot in {ticket.pool}")
        if ticket.generation <= 0 or ticket.generation % 2:
            raise WireError(f"a ticket of generation {ticket.generation}: no picture ever had it")
        start = _PAGE + ticket.slot * _stride(slot_bytes)
        generation = data[start : start + 8].view(np.uint64)
        if int(generation[0]) != ticket.generation:
            return None
        planes: list[Plane] = []
        position = start + _SLOT_HEADER
        for shape in layout.plane_shapes():
            size = prod(shape)
            planes.append(data[position : position + size].reshape(shape).copy())
            position += size
        if int(generation[0]) != ticket.generation:
            return None
        return Picture(layout, tuple(planes))

    def _open(self, name: str) -> tuple[Plane, int, int] | None:
        if name not in self._maps:
            if re.fullmatch(r"pool-[A-Za-z0-9_-]{1,64}", name) is None:
                raise WireError(f"'{name[:40]}' is no pool of this run")
            self._forget()
            try:
                with open(self._folder / name, "rb") as file:
                    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except FileNotFoundError:
                return None
            except (OSError, ValueError) as e:
                raise WireError(f"pool '{name}' cannot be opened: {e}") from e
            magic, slots, slot_bytes = _HEADER.unpack(mapped[: _HEADER.size].ljust(_HEADER.size))
            if magic != _MAGIC or len(mapped) < _PAGE + slots * _stride(slot_bytes):
                raise WireError(f"pool '{name}' is not a picture pool")
            self._maps[name] = (np.frombuffer(mapped, np.uint8), slots, slot_bytes)
        return self._maps[name]

    def _forget(self) -> None:
        """Give back the memory of pools whose file is gone: nobody puts anything there any more."""
        for name in [name for name in self._maps if not (self._folder / name).exists()]:
            del self._maps[name]
