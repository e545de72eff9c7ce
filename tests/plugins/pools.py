"""A small picture pool and pictures of one value, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.frame import Layout, Picture, Ticket
from pipeline.pool import PoolWriter

GRAY = Layout("gray", 64, 48)
NAME = "pool-decoder-1"


def filled(value: int, layout: Layout = GRAY) -> Picture:
    return Picture(layout, tuple(np.full(shape, value, np.uint8) for shape in layout.plane_shapes()))


def pool(folder: Path, slots: int = 3, slot_bytes: int = GRAY.nbytes) -> PoolWriter:
    return PoolWriter(folder, NAME, slots, slot_bytes)


def put(writer: PoolWriter, value: int) -> Ticket:
    ticket = writer.put(filled(value))
    assert ticket is not None
    return ticket
