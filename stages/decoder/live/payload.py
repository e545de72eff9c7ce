"""What a packet's size says: whether its encoder coded a changed picture, or only "as before".

An H.264 or HEVC encoder codes a picture that did not change in a few bytes a slice. Parameter sets, SEI and filler
(a constant bit rate is kept with it) say nothing of the picture and are not counted. Two key pictures of H.264 in a row
cannot be the same bytes (idr_pic_id differs, ITU-T H.264 7.4.3): there the same picture was sent twice.
"""

from __future__ import annotations

from stages.decoder.units import START, units

_SKIP_BYTES = 64  # a slice without any change; x264 takes 8 to 20 bytes, with headers
_SKIP_PIXELS = (
    512  # to a byte: x264 may change its quantizer in a static 720p slide, which takes it 400 bytes a picture
)
_KEY_BYTES = 32  # a key picture that differs by less from the one before differs in its headers


class Signs:
    """Reads the packets of one video stream. ``codec``: FFmpeg's name of it; one it does not know says "as before".

    ``pixels``: of a picture.
    """

    def __init__(self, codec: str, pixels: int) -> None:
        self._codec = codec
        self._skip_bytes = pixels // _SKIP_PIXELS
        self._last_key: bytes | None = None
        self._last_key_size = -1
        self._after_key = False

    def changed(self, data: bytes, key: bool) -> bool:
        """Whether the encoder coded a change in ``data``, a whole packet."""
        if self._codec == "mjpeg":
            before, self._last_key = self._last_key, data
            return before is not None and before != data
        if self._codec not in ("h264", "hevc"):
            return False
        sizes = self._slices(data)
        after_key, self._after_key = self._after_key, key
        if key:
            before, self._last_key = self._last_key, data
            if after_key and before == data and self._codec == "h264":
                return True
            before_size, self._last_key_size = self._last_key_size, sum(sizes)
            return before_size >= 0 and abs(before_size - self._last_key_size) > _KEY_BYTES
        return sum(sizes) > max(_SKIP_BYTES * len(sizes), self._skip_bytes)

    def _slices(self, data: bytes) -> list[int]:
        """Bytes of each coded slice."""
        return [end - begin for begin, end in _units(data) if self._is_slice(data[begin])]

    def _is_slice(self, header: int) -> bool:
        if self._codec == "h264":  # ITU-T H.264 table 7-1: 1..5 are slices
            return 1 <= header & 0x1F <= 5
        return (header >> 1) & 0x3F < 32  # ITU-T H.265 table 7-1: VCL units


def parameters(codec: str, data: bytes) -> bytes:
    """The sequence parameter set in a packet: size and profile; empty where there is none."""
    kind = {"h264": lambda header: header & 0x1F == 7, "hevc": lambda header: (header >> 1) & 0x3F == 33}.get(codec)
    if kind is None:
        return b""
    return next((data[begin:end] for begin, end in _units(data) if kind(data[begin])), b"").rstrip(b"\0")


def _units(data: bytes) -> list[tuple[int, int]]:
    """Where each NAL unit begins and ends, behind start codes or behind lengths of four bytes."""
    return units(data, 0 if data.startswith((START, b"\0" + START)) else 4)
