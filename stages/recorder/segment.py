"""One file of the recording while it grows: packets go in, acknowledgements come out once they are durable.

It knows neither lectures nor the journal. Every method raises OSError, FFmpegError or ValueError when the file cannot
go on; then ``abandon`` keeps what is whole.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import av.logging
from av.packet import Packet
from av.stream import Stream

from pipeline.frame import SECOND_NS
from stages.durable import sync_folder
from stages.media.fragments import Fragments
from stages.media.pieces import PART
from stages.media.salvage import Contents, salvage
from stages.recorder.growing_file import GrowingFile
from stages.recorder.packet import CameraPacket
from stages.recorder.sound import SAMPLES
from stages.recorder.timeline import Stamps, Timeline
from stages.recorder.tracks import MUXERS, Format, Track, Tracks

_EARLIEST = Fraction(1, 2)  # s; sound from before the first picture, which was in the encoder still
_LONGEST = 10  # s; no packet lasts longer
_INTERLEAVE_US = 200_000  # the muxer waits so long for a stream that is silent


class Segment:
    """``path`` is the final name; while it grows the file is called ``path`` + PART."""

    def __init__(self, path: Path, form: Format, tracks: Tracks, fragment_s: float, first: CameraPacket) -> None:
        self.path = path
        self.part = path.with_name(path.name + PART)
        self.start_pts_ns = self.end_pts_ns = self.durable_pts_ns = first.pts_ns
        dts = first.dts if first.dts is not None else first.pts or 0
        self.timeline = Timeline(tracks.bases, tracks.leader, first.stream, dts, first.pts_ns)
        self._tracks = tracks
        self._order = {index: place for place, index in enumerate(tracks.tracks)}
        self._given = [0] * len(tracks.tracks)  # packets given to the muxer, by stream of the file
        self._waiting: list[deque[tuple[int, int, Callable[[], None]]]] = [deque() for _ in tracks.tracks]
        av.logging.set_libav_level(av.logging.PANIC)
        self._file = GrowingFile(self.part)
        self._whole = Fragments(self._file.descriptor)
        self._container = av.open(self._file, "w", format=MUXERS[form], options=_options(form, fragment_s, tracks))
        try:
            self._streams: dict[int, Stream] = tracks.add_to(self._container)
            self._container.start_encoding()
        except BaseException:
            self._discard()
            raise

    @property
    def size(self) -> int:
        """Bytes of the file so far."""
        return self._file.size

    @property
    def disk_failed(self) -> bool:
        """Whether it was the file that could not go on, not the muxer."""
        return self._file.failed

    @property
    def waiting(self) -> int:
        """Packets that are not durable yet."""
        return sum(map(len, self._waiting))

    def write(self, packet: CameraPacket, stamps: Stamps, release: Callable[[], None]) -> None:
        """``release`` is called as soon as the packet is durable, or when the segment ends."""
        track = self._tracks.tracks[packet.stream]
        place = self._order[track.index]
        duration = packet.duration if packet.duration * track.base <= _LONGEST else 0
        end_pts_ns = packet.pts_ns + round(duration * track.base * SECOND_NS)
        if track.aac is not None:
            self._transcode(track, packet.data, stamps)
            needed = self._given[place] + 1  # some of it is in the encoder still
        else:
            self._mux(track.index, packet.data, stamps, duration, track.base, packet.key)
            needed = self._given[place]
        self._waiting[place].append((needed, end_pts_ns, release))
        if track.video or not self._tracks.has_video:
            self.end_pts_ns = max(self.end_pts_ns, end_pts_ns)

    def sync(self) -> None:
        """Make durable what is written, and acknowledge it."""
        self._file.sync()
        self._whole.advance()
        for place, waiting in enumerate(self._waiting):
            while waiting and waiting[0][0] <= self._whole.packets[place]:
                _, pts_ns, release = waiting.popleft()
                self.durable_pts_ns = max(self.durable_pts_ns, pts_ns)
                release()

    def complete(self) -> None:
        """Write what the muxer holds, rename durably and acknowledge everything."""
        self._container.close()
        self._file.sync()
        os.rename(self.part, self.path)
        sync_folder(self.path.parent)
        self._file.close()
        self._release()

    def abandon(self) -> tuple[Contents | None, int]:
        """After an error: keep what is whole under the final name, and let go of the rest.

        What is in the file (None: nothing, and there is no file), and how many packets were lost.
        """
        self._file.silence()
        self._whole.advance()
        kept = sum(
            1 for place, queue in enumerate(self._waiting) for entry in queue if entry[0] <= self._whole.packets[place]
        )
        lost = self.waiting - kept
        self._file.close()
        self._release()
        found = salvage(self.part)
        if found is None:
            self.part.unlink(missing_ok=True)
            return None, lost
        os.rename(self.part, self.path)
        sync_folder(self.path.parent)
        return found, lost

    def _transcode(self, track: Track, data: bytes, stamps: Stamps) -> None:
        assert track.aac is not None
        base = track.aac.base
        zero = round(self.timeline.zero / base)  # the encoder goes on over segments, and so does its time
        for encoded, time in track.aac.encode(data, round(stamps.pts * track.base / base) + zero):
            if (time - zero) * base > -_EARLIEST:
                self._mux(track.index, encoded, Stamps(time - zero, time - zero), SAMPLES, base, True)

    def _mux(self, index: int, data: bytes, stamps: Stamps, duration: int, base: Fraction, key: bool) -> None:
        packet: Packet[Stream] = Packet(data)
        packet.stream, packet.time_base = self._streams[index], base
        packet.pts, packet.dts, packet.duration, packet.is_keyframe = stamps.pts, stamps.dts, duration, key
        self._container.mux(packet)
        self._given[self._order[index]] += 1

    def _release(self) -> None:
        for waiting in self._waiting:
            while waiting:
                waiting.popleft()[2]()

    def _discard(self) -> None:
        self._file.close()
        self.part.unlink(missing_ok=True)


def _options(form: Format, fragment_s: float, tracks: Tracks) -> dict[str, str]:
    common = {
        "flush_packets": "1",
        "max_interleave_delta": str(_INTERLEAVE_US),
        "avoid_negative_ts": "make_non_negative",
    }
    if form == "mkv":
        return common | {"cluster_time_limit": str(round(fragment_s * 1000))}
    # No trailer: a file that was cut off differs from a complete one in nothing but its length. No edit list, and
    # frag_discont: else each stream would begin at 0, and sound and picture would be apart.
    flags = "empty_moov+default_base_moof+skip_trailer+frag_discont" + ("+delay_moov" if tracks.late_header else "")
    return common | {"movflags": flags, "frag_duration": str(round(fragment_s * 1e6)), "use_editlist": "0"}
