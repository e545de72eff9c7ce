"""One folder that is being recorded into: one segment after the other, with their rows, and pauses for lack of room.

The stage tells it what happened to the stream; it decides when a segment ends and what the disk allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av.error

from pipeline.errors import WriteError
from pipeline.frame import SECOND_NS
from pipeline.stage import Context
from stages.durable import write_error
from stages.journal import SegmentRow
from stages.recorder.first_stamps import FirstStamps
from stages.recorder.leftovers import put_right, recorded
from stages.recorder.logbook import Logbook
from stages.recorder.memory import Memory
from stages.recorder.names import Names
from stages.recorder.packet import CameraPacket
from stages.recorder.room import Room
from stages.recorder.segment import Segment
from stages.recorder.terms import Connection, Settings, Totals
from stages.recorder.timeline import JumpError, Stamps

SEGMENTS = "segments"
MOST_WAITING = 384  # of the 512 packets that the link has out; beyond, acknowledging cannot wait for its second
IDLE_S = 3  # without a packet

_FAULTS = (OSError, av.error.FFmpegError, ValueError, WriteError)


class Recording:
    """Raises OutputError or WriteError if the folder cannot be taken up."""

    def __init__(self, folder: Path, settings: Settings, context: Context, totals: Totals) -> None:
        self._folder, self._settings, self._context, self._totals = folder, settings, context, totals
        self._segments = folder / SEGMENTS
        try:
            self._segments.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._logbook = Logbook(folder)
            for left in put_right(folder, self._segments, self._logbook):
                self._post(left.file, left.state, left.bytes)
            self._recorded = recorded(folder, self._logbook)
            self._names = Names(Path(row.file).name for row in self._logbook.segments())
        except OSError as e:
            raise write_error(self._segments, e) from e
        self._memories = self._logbook.memories()
        self._connection: Connection | None = None
        self._first_stamps: FirstStamps | None = None
        self._segment: Segment | None = None
        self._row = 0
        self._needs_key = True
        self._room = Room(self._segments, settings.floor, self._logbook, context)
        self._newest_ns = 0
        self._warned = self._arrived = False
        self._idle_s = 0

    @property
    def growing(self) -> bool:
        return self._segment is not None

    @property
    def growing_bytes(self) -> int:
        """Bytes of the segment that grows."""
        return 0 if self._segment is None else self._segment.size

    @property
    def unsynced_s(self) -> float:
        """How much of the newest segment a power cut would cost."""
        segment = self._segment
        return 0.0 if segment is None else max(0, segment.end_pts_ns - segment.durable_pts_ns) / SECOND_NS

    def connect(self, connection: Connection) -> None:
        """Packets of this connection follow. Right after a restart they may go on where the last segment ended."""
        follows = any((m.epoch, m.wall_ns) == (connection.epoch, connection.wall_ns) for m in self._memories)
        self._recorded = [r for r in self._recorded if r.memory.wall_ns == connection.wall_ns] if follows else []
        self._connection, self._warned = connection, False
        self._needs_key = not follows
        self._let_go()
        self._first_stamps = FirstStamps(connection.tracks.bases)

    def packet(self, packet: CameraPacket, defer: Callable[[], Callable[[], None]]) -> str:
        """Write it. Why it was not, or an empty text."""
        connection, first = self._connection, self._first_stamps
        if connection is None or first is None:
            return "no-streams"
        if packet.stream not in connection.tracks.tracks:
            return "not-recorded"
        if first.must_wait(packet):
            first.hold(packet, defer())
            return ""
        for waited, release in first.before():
            if why := self._accept(connection, waited, partial(_same, release)):
                self._totals.lost += why != "repeated"
                release()
        return self._accept(connection, packet, defer)

    def interrupt(self) -> None:
        """What comes next does not follow on what came before: the segment ends, and a keyframe is waited for."""
        self._let_go()
        self._complete()
        self._recorded = []
        self._memories = []
        self._logbook.forget()
        self._needs_key = True

    def sync(self) -> None:
        """Make durable and acknowledge what is written."""
        if self._segment is None:
            return
        try:
            self._segment.sync()
        except _FAULTS as e:
            self._fail(e)
            return
        if self._segment.durable_pts_ns > self._segment.start_pts_ns:
            self._room.recovered(self._segment.start_pts_ns)

    def second(self) -> None:
        """A second has passed: see whether the disk still has room, or has it again."""
        self._logbook.retry()
        self._idle_s = 0 if self._arrived else self._idle_s + 1
        self._arrived = False
        if self._idle_s >= IDLE_S and self._segment is not None and self._segment.waiting:
            self._complete()  # what the muxer holds becomes durable: it may be all that the link may have out
        if why := self._room.shortage():
            self._complete()
            self._pause(why, self._newest_ns)

    def close(self, pts_ns: int) -> None:
        """No more packets for this folder, whose last moment was ``pts_ns``."""
        self.interrupt()
        self._logbook.close_gap(max(pts_ns, self._newest_ns))
        self._logbook.close()

    # -- inside --

    def _let_go(self) -> None:
        if self._first_stamps is not None:
            self._totals.lost += self._first_stamps.clear()

    def _accept(self, connection: Connection, packet: CameraPacket, defer: Callable[[], Callable[[], None]]) -> str:
        tracks = connection.tracks
        self._newest_ns, self._arrived = packet.pts_ns, True
        base = tracks.bases[packet.stream]
        if any(held.has(packet.stream, packet.pts, packet.dts, base) for held in self._recorded):
            return "repeated"
        if self._room.paused:
            return "disk-full"
        if packet.key:
            tracks.learn(packet.stream, packet.data)
        begins = tracks.begins(packet)
        if self._segment is None:
            if self._needs_key and not begins:
                return "before-keyframe"
        elif begins and packet.pts_ns - self._segment.start_pts_ns >= self._settings.segment_ns:
            self._complete()
        return self._write(connection, packet, defer)

    def _write(self, connection: Connection, packet: CameraPacket, defer: Callable[[], Callable[[], None]]) -> str:
        if self._room.paused:
            return "disk-full"
        try:
            segment = self._segment or self._begin(connection, packet)
            stamps = segment.timeline.place(packet.stream, packet.pts, packet.dts, packet.duration, packet.pts_ns)
            if stamps is None:
                return "no-time"
            self._hand_over(segment, packet, stamps, defer())
        except JumpError:
            self._complete()
            return self._write(connection, packet, defer)
        except _FAULTS as e:
            self._fail(e)
            return "disk-full" if self._room.paused else "refused"
        if segment.waiting > MOST_WAITING:
            self.sync()
            if segment.waiting > MOST_WAITING and self._segment is segment:
                self._complete()
        return ""

    def _hand_over(self, segment: Segment, packet: CameraPacket, stamps: Stamps, release: Callable[[], None]) -> None:
        try:
            segment.write(packet, stamps, release)
        except BaseException:
            release()
            raise

    def _begin(self, connection: Connection, packet: CameraPacket) -> Segment:
        wall_ns = packet.wall_ns or time.time_ns()
        path = self._segments / self._names.new(wall_ns, self._settings.form)
        tracks = connection.tracks
        segment = Segment(path, self._settings.form, tracks, self._settings.fragment_s, packet)
        self._segment, self._row = segment, 0
        file = f"{SEGMENTS}/{path.name}"
        first = segment.timeline.peek(packet.stream, packet.pts, packet.dts)
        self._memories = [
            *self._memories[-1:],
            Memory(
                file,
                connection.epoch,
                connection.wall_ns,
                streams=list(tracks.tracks),
                transcoded=[track.index for track in tracks.tracks.values() if track.aac is not None],
                zero=str(segment.timeline.zero),
                first_stream=packet.stream,
                first_s=str(first),
            ),
        ]
        row = SegmentRow(file, connection.epoch, packet.pts_ns, None, wall_ns, first_key=tracks.begins(packet))
        self._row = self._logbook.begin(row, self._memories)
        self._needs_key = False
        self._totals.segments += 1
        self._post(file, "open", 0)
        return segment

    def _complete(self) -> None:
        segment = self._segment
        if segment is None:
            return
        try:
            segment.complete()
        except _FAULTS as e:
            self._fail(e)
            return
        self._end(segment, "complete", segment.size, segment.end_pts_ns)
        self._room.recovered(segment.start_pts_ns)

    def _fail(self, error: Exception) -> None:
        """The segment cannot go on; keep what is whole of it. If it was the disk, pause."""
        segment, self._needs_key, end_ns = self._segment, True, self._newest_ns
        disk = isinstance(error, WriteError) or (isinstance(error, OSError) and segment is None)
        if segment is not None:
            disk = disk or segment.disk_failed
            found, lost = None, 0
            if not disk:
                try:
                    segment.complete()
                    self._end(segment, "complete", segment.size, segment.end_pts_ns)
                    self._said(error)
                    return
                except _FAULTS:
                    disk = segment.disk_failed
            try:
                found, lost = segment.abandon()
            except OSError as e:
                self._context.warn(f"'{segment.part}' could not be salvaged: {e.strerror}")
            self._totals.lost += lost
            end_ns = segment.start_pts_ns
            if found is not None:
                begin = min(map(min, filter(None, found.pts)))
                end_ns += round((found.end - begin) * SECOND_NS)
            state = "salvaged" if found else "deleted"
            self._end(segment, state, found.bytes if found else 0, end_ns)
        if disk:
            self._pause(str(error), end_ns)
        else:
            self._said(error)

    def _said(self, error: Exception) -> None:
        if not self._warned:  # once a connection: a camera that sends nonsense sends a lot of it
            self._warned = True
            self._context.warn(f"a segment of the recording was ended early: {error}")

    def _end(self, segment: Segment, state: str, size: int, end_pts_ns: int) -> None:
        self._segment = None
        self._totals.bytes += size
        self._totals.repaired += segment.timeline.repaired
        if self._row:
            self._logbook.end(self._row, end_pts_ns, size, state)
        self._row = 0
        self._post(f"{SEGMENTS}/{segment.path.name}", state, size)

    def _pause(self, why: str, pts_ns: int) -> None:
        self._memories, self._recorded, self._needs_key = [], [], True
        self._room.pause(why, pts_ns)

    def _post(self, file: str, state: str, size: int) -> None:
        self._context.post("segment", {"file": file, "state": state, "bytes": size})


def already() -> Callable[[], None]:
    """Deferring for a packet that was acknowledged before it was known to be wanted."""
    return _nothing


def _nothing() -> None:
    """Nobody waits."""


def _same(release: Callable[[], None]) -> Callable[[], None]:
    """For a packet that was deferred before."""
    return release
