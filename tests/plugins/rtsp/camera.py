"""What all clients of a server share: the film and its clock, the switches, and counts that a test can wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rtsp.clips import Clip
from rtsp.faults import Switches
from rtsp.sound import Sound
from rtsp.tracks import AudioTrack, VideoTrack
from rtsp.truth import Truth


class Camera:
    """Shows its clip since ``zero_ns`` (CLOCK_MONOTONIC). ``base``: the RTP timestamp of that instant."""

    def __init__(self, clip: Clip, sound: Sound | None, zero_ns: int | None, base: int) -> None:
        self.clip, self.sound = clip, sound
        self.switches = Switches(clip)
        self.zero_ns = time.monotonic_ns() if zero_ns is None else zero_ns
        self.base = base
        self.changed = threading.Condition()
        self.connected = self.playing = self.units = 0
        self.closing = False

    @property
    def truth(self) -> Truth:
        return Truth(self.clip, self.zero_ns)

    def elapsed_ns(self) -> int:
        return time.monotonic_ns() - self.zero_ns

    def video(self) -> VideoTrack:
        """For one client."""
        return VideoTrack(self.switches, self.base)

    def audio(self) -> AudioTrack | None:
        """For one client."""
        return None if self.sound is None else AudioTrack(self.sound, self.base)

    def count(self, connected: int = 0, playing: int = 0, units: int = 0) -> None:
        """Add to the counts; whoever waits looks again."""
        with self.changed:
            self.connected += connected
            self.playing += playing
            self.units += units
            self.changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Do nothing for a while, unless it all ends."""
        with self.changed:
            self.changed.wait_for(lambda: self.closing, seconds)

    def wait(self, until: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Until the counts are as wanted. Raises TimeoutError."""
        with self.changed:
            if not self.changed.wait_for(until, timeout_s):
                counts = f"{self.connected} connected, {self.playing} playing, {self.units} units"
                raise TimeoutError(f"not within {timeout_s:g} s: {counts}")
