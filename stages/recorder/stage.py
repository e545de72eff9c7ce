"""The recorder as a stage: the camera's own packets, sound too, go into segments without being transcoded.

It stands behind the packets pad of a live source, beside the analysis. Segments, folders and sound have files of
their own; what it says of the stream's events is here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from pipeline.caps import Caps
from pipeline.errors import StageError, WriteError
from pipeline.frame import Event, EventKind, Flags, Frame, Output
from pipeline.stage import Context, Properties, Stage
from stages.recorder.packet import CameraPacket
from stages.recorder.pre_roll import PreRoll
from stages.recorder.recording import Recording, already
from stages.recorder.terms import Connection, Settings, Totals
from stages.recorder.tracks import Format, Tracks


class RecorderProperties(Properties):
    location: str = Field("", description="folder to record into when no lecture is open; empty: only inside a lecture")
    format: Format = Field("mp4", description="container of the segments: mp4 (fragmented) or mkv")
    segment: float = Field(60.0, gt=0, le=3600, description="length of a segment in seconds, up to the next keyframe")
    fragment: float = Field(0.5, ge=0.1, le=10, description="what is written at a time, in seconds")
    sync: float = Field(1.0, ge=0.1, le=10, description="seconds between two moments at which all is durable")
    floor: int = Field(1024, ge=0, description="MiB of free disk below which recording stops, so that slides have room")


class Recorder(Stage[RecorderProperties]):
    """Posts ``segment`` for each change of one, ``recording`` when it pauses and goes on, and figures."""

    properties_type = RecorderProperties
    summary = "records the camera's packets into segments, without transcoding"

    clock: Callable[[], int] = staticmethod(time.monotonic_ns)

    def __init__(self, properties: RecorderProperties, context: Context) -> None:
        super().__init__(properties, context)
        self._settings = Settings(
            properties.format, round(properties.segment * 1e9), properties.fragment, properties.floor << 20
        )
        self._totals = Totals()
        self._recording: Recording | None = None
        self._lecture: tuple[str, int] | None = None  # its folder, and the instant that is its time 0
        self._connection: Connection | None = None
        self._untaken: Path | None = None  # a folder that is to be recorded into, but has no room for a journal
        self._told = False
        self._pre_roll = PreRoll()
        self._synced_ns = 0

    @property
    def sink_caps(self) -> Caps:
        return Caps.of("media/packets")

    @property
    def src_caps(self) -> Mapping[str, Caps]:
        return {}

    def start(self) -> None:
        """Take up LOCATION, if one is given. Raises OutputError if it cannot be written to."""
        self._synced_ns = self.clock()
        if self.properties.location:
            self._untaken = Path(self.properties.location)
            self._take_up()

    def process(self, frame: Frame) -> Iterable[Output]:
        """One packet; it is acknowledged when it is durable."""
        recording = self._recording
        packet = CameraPacket.of(frame)
        if recording is None:
            if packet is not None and self._connection is not None:
                self._pre_roll.add(packet, self._connection.tracks.begins(packet))
            self.drop("disk-full" if self._untaken else "no-lecture")
        elif packet is None:
            self.drop("malformed")
        elif self._connection is not None and frame.epoch < self._connection.epoch:
            self.drop("earlier-epoch")
        else:
            if frame.flags & Flags.DISCONT and recording.growing:
                recording.interrupt()
            if reason := recording.packet(packet, self.context.defer):
                self.drop(reason)
            if self.clock() - self._synced_ns >= self.properties.sync * 1e9:
                self._sync()
        return ()

    def handle(self, event: Event) -> Iterable[Output]:
        """Discontinuities end a segment; a lecture has a folder of its own."""
        if event.kind is EventKind.EPOCH:
            self._connect(event)
        elif event.kind is EventKind.GAP:
            self._pre_roll.clear()
            if self._recording is not None:
                self._recording.interrupt()
        elif event.kind is EventKind.LECTURE_START:
            self._open_lecture(event)
        elif event.kind is EventKind.LECTURE_STOP and self._lecture is not None:
            self._lecture = None
            self._switch(event.pts_ns, self.properties.location)
        return (event,)

    def tick(self) -> Iterable[Output]:
        """Make durable what is written, look at the disk, say how much there is."""
        self._take_up()
        recording, totals = self._recording, self._totals
        if recording is not None:
            recording.second()
        self._sync()
        self.context.post(
            "figures",
            {
                "recording": int(recording is not None and recording.growing),
                "recorded_bytes_total": totals.bytes + (recording.growing_bytes if recording else 0),
                "segments_total": totals.segments,
                "lost_packets_total": totals.lost,
                "repaired_stamps_total": totals.repaired,
                "unsynced_seconds": recording.unsynced_s if recording is not None else 0.0,
            },
        )
        return ()

    def drain(self) -> Iterator[Output | None]:
        """The last segment is completed."""
        if self._recording is not None:
            self._recording.interrupt()
        return iter(())

    def stop(self) -> None:
        if self._recording is not None:
            self._recording.close(0)
            self._recording = None
        if self._connection is not None:
            self._connection.tracks.close()

    # -- inside --

    def _connect(self, event: Event) -> None:
        epoch, wall_ns, streams = (event.data.get(key) for key in ("epoch", "wall_ns", "streams"))
        if not isinstance(epoch, int) or not isinstance(wall_ns, int) or not isinstance(streams, bytes):
            raise StageError("an EPOCH event does not say which streams follow; the recorder needs a live decoder")
        old = self._connection
        if old is not None and (old.epoch, old.wall_ns, old.tracks.description) == (epoch, wall_ns, streams):
            return
        self._pre_roll.clear()
        if self._recording is not None and old is not None:
            self._recording.interrupt()
        if old is not None:
            old.tracks.close()
        tracks = Tracks(streams, self.properties.format)
        for text in tracks.warnings:
            self.context.warn(text)
        self._connection = Connection(epoch, wall_ns, tracks)
        if self._recording is not None:
            self._recording.connect(self._connection)

    def _open_lecture(self, event: Event) -> None:
        folder, zero_ns = event.data.get("folder"), event.data.get("zero_ns")
        if not isinstance(folder, str) or not folder:
            raise StageError("a LECTURE_START event names no folder")
        lecture = (folder, zero_ns if isinstance(zero_ns, int) else 0)
        if lecture == self._lecture:
            return
        self._lecture = lecture
        shift_ns = event.data.get("shift_ns")
        before = self._pre_roll.take(shift_ns if isinstance(shift_ns, int) else 0)
        self._switch(event.pts_ns, folder)
        if self._recording is not None:
            for packet in before:
                self._recording.packet(packet, already)

    def _switch(self, pts_ns: int, folder: str) -> None:
        if self._recording is not None:
            self._recording.close(pts_ns)
            self._recording = None
        self._untaken, self._told = (Path(folder) if folder else None), False
        self._take_up()

    def _take_up(self) -> None:
        """Begin with the folder that is wanted; on a full disk that is tried again each second."""
        if self._untaken is None:
            return
        try:
            self._recording = Recording(self._untaken, self._settings, self.context, self._totals)
        except WriteError as e:
            if not self._told:
                self._told = True
                self.context.post("recording", {"state": "paused", "why": str(e)})
                self.context.warn(f"recording cannot begin: {e}; it does as soon as there is room")
            return
        self._untaken = None
        if self._told:
            self.context.post("recording", {"state": "on", "why": ""})
        if self._connection is not None:
            self._recording.connect(self._connection)

    def _sync(self) -> None:
        self._synced_ns = self.clock()
        if self._recording is not None:
            self._recording.sync()
