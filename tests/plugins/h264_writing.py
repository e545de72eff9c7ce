"""Writes parameter sets and slice headers of H.264, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence

MARK_NONE = "0"


def ue(value: int) -> str:
    """Exp-Golomb, as bits."""
    bits = f"{value + 1:b}"
    return "0" * (len(bits) - 1) + bits


def se(value: int) -> str:
    """Exp-Golomb, signed, as bits."""
    return ue(2 * value - 1 if value > 0 else -2 * value)


def u(value: int, bits: int) -> str:
    return f"{value:0{bits}b}"


def packed(*parts: str) -> bytes:
    """Bits as bytes, with a stop bit."""
    bits = "".join(parts) + "1"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def sequence_set(
    *,
    profile: int = 77,
    number: int = 0,
    order: int = 0,
    most: int = 4,
    gaps: bool = False,
    depth: int = 8,
    frames_only: bool = True,
    crop: tuple[int, int, int, int] | None = None,
) -> bytes:
    """Of 320x192, frame_num of 4 bits and pic_order_cnt_lsb of 6."""
    more = ue(1) + ue(depth - 8) * 2 + "00" if profile == 100 else ""
    orders = {0: ue(2), 1: "0" + se(0) * 2 + ue(0), 2: ""}
    body = [u(profile, 8), u(0, 8), u(30, 8), ue(number), more, ue(0), ue(order), orders[order], ue(most), u(gaps, 1)]
    body += [ue(19), ue(11), u(frames_only, 1), "" if frames_only else "0", "1"]
    body += ["0" if crop is None else "1" + "".join(map(ue, crop)), "0"]
    return b"\x67" + packed(*body)


def picture_set(
    *, number: int = 0, sequence: int = 0, arithmetic: bool = True, weighted: bool = False, groups: int = 1
) -> bytes:
    """With three references in the first list and one in the second."""
    body = [ue(number), ue(sequence), u(arithmetic, 1), "0", ue(groups - 1), ue(2), ue(0), u(weighted, 1), "00"]
    return b"\x68" + packed(*body, se(0), se(0), se(0), "100")


def slice_unit(
    kind: str,
    frame_num: int,
    poc: int | None = 0,
    *,
    idr: bool = False,
    reference: bool = True,
    number: int = 0,
    entries: Sequence[int] = (),
    order: Sequence[tuple[int, int]] = (),
    weights: str = "",
    marks: str = MARK_NONE,
    rest: bytes = b"\xab\xcd\xef\x80",
) -> bytes:
    """A slice of ``kind`` P, B or I. ``poc`` None: it has none. ``order``: changes of the first list. ``marks``: of a
    reference picture, as bits. ``rest``: what is coded behind the header.
    """
    body = [ue(0), ue({"P": 5, "B": 6, "I": 7}[kind]), ue(number), u(frame_num, 4), ue(1) if idr else ""]
    body.append("" if poc is None else u(poc, 6))
    if kind == "B":
        body.append("1")
    if kind != "I":
        body.append("1" + "".join(ue(each - 1) for each in entries) if entries else "0")
        body.append("1" + "".join(ue(how) + ue(value) for how, value in order) + ue(3) if order else "0")
        body.append("0" if kind == "B" else "")
        body.append(weights)
    if reference:
        body.append(f"0{marks}" if idr else marks)
    bits = "".join(body)
    bits += "1" * (-len(bits) % 8)
    header = bytes([(0x60 if reference else 0) | (5 if idr else 1)])
    return header + int(bits, 2).to_bytes(len(bits) // 8, "big") + rest


def annex_b(*units: bytes) -> bytes:
    """A packet; what is given has no emulation prevention yet, and gets none: it must need none."""
    assert all(b"\0\0" not in unit for unit in units)
    return b"".join(b"\0\0\0\1" + unit for unit in units)


def avcc(*sets: bytes) -> bytes:
    """Extradata with these parameter sets, the first of them of a sequence, and lengths of four bytes."""
    sequences = [each for each in sets if each[0] & 31 == 7]
    pictures = [each for each in sets if each[0] & 31 == 8]
    made = b"\1\x4d\0\x1e\xff" + bytes([0xE0 | len(sequences)])
    made += b"".join(len(each).to_bytes(2, "big") + each for each in sequences)
    return made + bytes([len(pictures)]) + b"".join(len(each).to_bytes(2, "big") + each for each in pictures)


def with_lengths(*units: bytes) -> bytes:
    """A packet with a length of four bytes before each unit."""
    return b"".join(len(each).to_bytes(4, "big") + each for each in units)
