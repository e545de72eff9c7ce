"""The file a muxer writes to: unbuffered, so that what was written is known, and deaf once it has failed.

After an error a muxer that is closed or freed would go on writing; nothing of that may reach the file.
"""

from __future__ import annotations

import os
from pathlib import Path

_MODE = 0o600


class GrowingFile:
    """The part of a binary file that PyAV uses, for writing. Every method raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        self.closed = False  # PyAV writes no trailer to a file that says it is closed
        self.failed = False
        self.size = self._at = 0

    def write(self, data: bytes) -> int:
        """All of ``data``, or an error."""
        rest = memoryview(data)
        while rest:
            try:
                count = os.write(self.descriptor, rest)
            except OSError:
                self.failed = True
                raise
            rest = rest[count:]
            self._at += count
            self.size = max(self.size, self._at)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = os.lseek(self.descriptor, offset, whence)
        return self._at

    def tell(self) -> int:
        return self._at

    def writable(self) -> bool:
        return True

    def sync(self) -> None:
        """What was written survives a power cut."""
        try:
            os.fdatasync(self.descriptor)
        except OSError:
            self.failed = True
            raise

    def silence(self) -> None:
        """Whoever still holds the muxer cannot write any more."""
        self.closed = True

    def close(self) -> None:
        """Give up the descriptor; may be called again."""
        self.closed = True
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
