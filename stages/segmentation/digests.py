"""Sums of files, written as ``algorithm:hex``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_CHUNK = 2**20


def digest(path: Path, algorithm: str) -> str:
    """Of the file as it lies there. Raises OSError."""
    return digests(path, [algorithm])[0]


def digests(path: Path, algorithms: Iterable[str]) -> list[str]:
    """Of one reading of ``path``, in the order of ``algorithms``. Raises OSError."""
    # MD5 tells a damaged file from a whole one, which is all that is asked of it: the sums were published with it.
    found = [hashlib.new(each, usedforsecurity=False) for each in algorithms]
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            for each in found:
                each.update(chunk)
    return [f"{each.name}:{each.hexdigest()}" for each in found]
