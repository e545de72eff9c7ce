"""A packet of the camera as the source sent it: the frame's meta, read once and checked."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frame import Frame


@dataclass(frozen=True, slots=True)
class CameraPacket:
    """``stream``: index in the description. ``pts``, ``dts``, ``duration``: in ticks of its time base. Times in ns are
    lecture time and wall time.
    """

    stream: int
    pts: int | None
    dts: int | None
    duration: int
    key: bool
    pts_ns: int
    wall_ns: int
    data: bytes

    @classmethod
    def of(cls, frame: Frame) -> CameraPacket | None:
        """None for what cannot be one: no bytes, no stream, stamps that are no integers."""
        meta = frame.meta
        stream, pts, dts, duration = (meta.get(key) for key in ("stream", "pts", "dts", "duration"))
        if len(frame.planes) != 1 or not frame.planes[0].size or not isinstance(stream, int):
            return None
        if not isinstance(pts, int | None) or not isinstance(dts, int | None):
            return None
        length = duration if isinstance(duration, int) and duration > 0 else 0
        data = frame.planes[0].tobytes()
        return cls(stream, pts, dts, length, bool(meta.get("key")), frame.pts_ns, frame.wall_ns, data)
