"""One connection to the server: a thread that answers requests and sends what is due, in one piece a unit."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections import deque

from pipeline.frame import SECOND_NS
from rtsp.camera import Camera
from rtsp.faults import Cut, Damage, Damaging, Hostile, Order, Stall, hostile
from rtsp.requests import Reader, Request, interleaved, response
from rtsp.sdp import AUDIO_CONTROL, VIDEO_CONTROL, describe
from rtsp.tracks import AudioTrack, VideoTrack

_IDLE_S = 0.05
_SENDING_S = 10.0
_SESSION = "51de7a9"
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_RESET = struct.pack("ii", 1, 0)


class Client(threading.Thread):
    """Ends when the connection does, or when it is ordered to cut it."""

    def __init__(self, camera: Camera, connection: socket.socket, silent: bool) -> None:
        super().__init__(name="rtsp-client", daemon=True)
        self.orders: deque[Order] = deque()
        self._camera, self._socket, self._silent = camera, connection, silent
        self._reader, self._damaging = Reader(), Damaging()
        self._tracks: dict[int, VideoTrack | AudioTrack] = {}
        self._sequences: dict[int, int] = {}
        self._playing = self._over = self._was_frozen = False
        self._stalled_until = 0.0

    def run(self) -> None:
        """The thread's own."""
        self._socket.settimeout(_SENDING_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while not self._over and not self._camera.closing:
                self._turn()
        except (OSError, ValueError):
            pass  # the client has gone, or speaks something else: nothing is left to be done for it
        finally:
            self._socket.close()
            self._camera.count(playing=-1 if self._playing else 0)

    def _turn(self) -> None:
        while self.orders:
            self._obey(self.orders.popleft())
            if self._over:
                return
        if self._camera.switches.frozen:
            self._was_frozen = True
            self._camera.pause(_IDLE_S)
            return
        if self._was_frozen:
            self._was_frozen = False
            self._resume()
        readable, _, _ = select.select([self._socket], [], [], self._patience())
        if readable:
            self._read()
        if self._playing and not self._over and time.monotonic() >= self._stalled_until:
            self._send_due()

    def _patience(self) -> float:
        if not self._playing:
            return _IDLE_S
        due_ns = min(track.due_ns() for track in self._tracks.values()) - self._camera.elapsed_ns()
        wait_s = max(due_ns / SECOND_NS, self._stalled_until - time.monotonic())
        return min(max(0.0, wait_s), _IDLE_S)

    def _send_due(self) -> None:
        now_ns = self._camera.elapsed_ns()
        for channel, track in self._tracks.items():
            while track.due_ns() <= now_ns:
                ready = track.take()
                sequence = self._sequences[channel]
                data = ready.packed.stamped(sequence, ready.timestamp, channel)
                self._sequences[channel] = sequence + len(ready.packed.starts) & 0xFFFF
                if isinstance(track, VideoTrack):
                    data = self._damaging.apply(data, ready.packed)
                    self._camera.count(units=1)
                self._socket.sendall(data)

    def _obey(self, order: Order) -> None:
        match order:
            case Damage():
                self._damaging.order(order)
            case Stall(seconds):
                self._stalled_until = time.monotonic() + seconds
            case Hostile(kind) if self._playing:
                channel, track = next(iter(self._tracks.items()))
                self._socket.sendall(hostile(kind, channel, track.payload_type, track.ssrc))
            case Cut(reset):
                if self._playing:
                    channel, track = next(iter(self._tracks.items()))
                    data = track.take().packed.stamped(self._sequences[channel], track.timestamp(), channel)
                    self._socket.sendall(data[: len(data) // 2])
                if reset:
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self._over = True

    def _read(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            self._over = True
        elif not self._silent:
            for request in self._reader.feed(data):
                self._socket.sendall(self._answer(request))

    def _answer(self, request: Request) -> bytes:
        login = self._camera.switches.login
        if request.method == "OPTIONS":
            return response(200, request, {"Public": _METHODS})
        if login is not None and not login.admits(request.method, request.headers.get("authorization", "")):
            return response(401, request, {"WWW-Authenticate": login.challenge})
        match request.method:
            case "DESCRIBE":
                body = describe(self._camera.switches.clip, self._camera.sound)
                return response(200, request, {"Content-Base": request.url.rstrip("/") + "/"}, body)
            case "SETUP":
                return self._set_up(request)
            case "PLAY":
                return self._play(request)
            case "GET_PARAMETER":
                return response(200, request, {"Session": _SESSION})
            case "TEARDOWN":
                self._over = True
                return response(200, request, {"Session": _SESSION})
        return response(405, request, {"Allow": _METHODS})

    def _set_up(self, request: Request) -> bytes:
        wanted = request.headers.get("transport", "")
        channel = interleaved(wanted)
        control = request.url.rstrip("/").rpartition("/")[2]
        track = {VIDEO_CONTROL: self._camera.video, AUDIO_CONTROL: self._camera.audio}.get(control, lambda: None)()
        if track is None:
            return response(404, request)
        if channel is None:
            return response(461, request)
        self._tracks[channel] = track
        self._sequences[channel] = 1
        told = {"Transport": f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"}
        return response(200, request, {**told, "Session": f"{_SESSION};timeout=60"})

    def _play(self, request: Request) -> bytes:
        if not self._tracks:
            return response(455, request)
        self._resume()
        base = request.url.rstrip("/")
        told: list[str] = []
        for channel, track in self._tracks.items():
            control = VIDEO_CONTROL if isinstance(track, VideoTrack) else AUDIO_CONTROL
            told.append(f"url={base}/{control};seq={self._sequences[channel]};rtptime={track.timestamp()}")
        if not self._playing:
            self._playing = True
            self._camera.count(playing=1)
        return response(200, request, {"Session": _SESSION, "Range": "npt=0.000-", "RTP-Info": ",".join(told)})

    def _resume(self) -> None:
        """Go on with what is due now; the pictures begin at their next key unit, and the sound with them."""
        elapsed_ns = self._camera.elapsed_ns()
        for track in sorted(self._tracks.values(), key=lambda each: isinstance(each, AudioTrack)):
            track.resume(elapsed_ns)
            elapsed_ns = max(elapsed_ns, track.due_ns())
