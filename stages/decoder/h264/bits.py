"""Reads the syntax elements of H.264 (7.2, 9.1) from bytes without emulation prevention."""

from __future__ import annotations

_MOST_ZEROS = 32  # before a number


class Malformed(ValueError):
    """What was read is none of what the standard allows, or ended too early."""


class Bits:
    """``at``: bits that were read."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._size = 8 * len(data)
        self.at = 0

    def u(self, bits: int) -> int:
        """Unsigned, of so many bits."""
        left = self._size - self.at - bits
        if left < 0:
            raise Malformed("it ends too early")
        self.at += bits
        return (self._value >> left) & ((1 << bits) - 1)

    def flag(self) -> bool:
        return bool(self.u(1))

    def ue(self) -> int:
        """Exp-Golomb, unsigned."""
        left = self._size - self.at
        value = self._value & ((1 << left) - 1)
        zeros = left - value.bit_length()
        behind = left - 2 * zeros - 1
        if behind < 0 or zeros >= _MOST_ZEROS:
            raise Malformed("no such number")
        self.at += 2 * zeros + 1
        return (value >> behind) - 1

    def se(self) -> int:
        """Exp-Golomb, signed."""
        coded = self.ue()
        return (coded + 1) // 2 if coded & 1 else -(coded // 2)
