"""The RTSP server as threads of the test process: RTP inside TCP on 127.0.0.1, with faults at the turn of a switch."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from rtsp.auth import Login
from rtsp.camera import Camera
from rtsp.client import Client
from rtsp.clips import Clip
from rtsp.faults import HOSTILE, Cut, Damage, Hostile, Order, Stall
from rtsp.sdp import VIDEO_CLOCK
from rtsp.sound import Sound
from rtsp.truth import Truth

_LOOK_S = 0.02


class RtspServer:
    """Serves ``clip``, in real time and for ever, to any number of clients; ends by itself after ``lifetime_s``.

    ``zero_ns``: when the clip began (CLOCK_MONOTONIC), by default now; ``base``: the RTP timestamp of that instant.
    """

    def __init__(
        self,
        clip: Clip,
        sound: Sound | None = None,
        *,
        port: int = 0,
        zero_ns: int | None = None,
        base: int = 1_000_000,
        lifetime_s: float = 120.0,
    ) -> None:
        self._camera = Camera(clip, sound, zero_ns, base)
        self._socket = socket.create_server(("127.0.0.1", port), reuse_port=False)  # it sets SO_REUSEADDR itself
        self.port: int = self._socket.getsockname()[1]
        self._clients: list[Client] = []
        self._thread = threading.Thread(target=self._accept, name="rtsp-server", daemon=True)
        self._timer = threading.Timer(lifetime_s, self._stop)
        self._timer.daemon = True
        self._thread.start()
        self._timer.start()

    def __enter__(self) -> RtspServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def url(self, login: str = "") -> str:
        """``login``: "user:password"."""
        return f"rtsp://{login}{'@' if login else ''}127.0.0.1:{self.port}/live"

    @property
    def truth(self) -> Truth:
        return self._camera.truth

    @property
    def connected(self) -> int:
        """How many connections there have been."""
        return self._camera.connected

    @property
    def playing(self) -> int:
        """To how many clients pictures are sent now."""
        return self._camera.playing

    @property
    def units(self) -> int:
        """How many access units have been sent, over all clients."""
        return self._camera.units

    def wait(self, until: Callable[[RtspServer], bool], timeout_s: float = 10.0) -> None:
        """Until the counts are as wanted. Raises TimeoutError."""
        self._camera.wait(lambda: until(self), timeout_s)

    def close(self) -> None:
        """End all connections, as a server does that is stopped; the port is free afterwards."""
        self._timer.cancel()
        self._stop()
        self._thread.join()

    def require(self, scheme: Literal["basic", "digest"], user: str, password: str, refuse: bool = False) -> None:
        """From now on a login is asked for, and with ``refuse`` none is good enough."""
        self._camera.switches.login = Login(scheme, user, password, refuse)

    def admit_all(self) -> None:
        """No login is asked for any more."""
        self._camera.switches.login = None

    def freeze(self) -> None:
        """Send, read and accept nothing; connections stay open, and new ones are never answered."""
        self._camera.switches.frozen = True

    def thaw(self) -> None:
        """Go on with what is on screen now, from the next key unit on."""
        self._camera.switches.frozen = False

    def silence(self, on: bool = True) -> None:
        """Connections that come from now on are accepted and never answered."""
        self._camera.switches.silent = on

    def show(self, clip: Clip | None = None) -> None:
        """Show another clip from its next key unit on, None: the first one. Another codec ends all connections."""
        wanted = self._camera.clip if clip is None else clip
        ends = wanted.codec != self._camera.switches.clip.codec
        self._camera.switches.clip = wanted
        if ends:
            self.cut(reset=False)

    def repeat(self, on: bool = True) -> None:
        """The same picture again and again, each time in full, until it is switched off and the next key unit comes."""
        self._camera.switches.identical = on

    def jump(self, seconds: float) -> None:
        """The camera's clock jumps."""
        self._camera.switches.shift += round(seconds * VIDEO_CLOCK)

    def cut(self, reset: bool = True) -> None:
        """End every connection in the middle of a packet."""
        self._order(Cut(reset))

    def damage(self, units: int, kind: Literal["noise", "truncated", "missing"] = "noise") -> None:
        """Spoil the next access units of every client."""
        self._order(Damage(kind, units))

    def attack(self, kind: str) -> None:
        """Send every client bytes that no camera should send: one of ``HOSTILE``."""
        if kind not in HOSTILE:
            raise ValueError(f"'{kind}' is none of {', '.join(HOSTILE)}")
        self._order(Hostile(kind))

    def stall(self, seconds: float) -> None:
        """Send nothing for a while, then all of it at once."""
        self._order(Stall(seconds))

    def _order(self, order: Order) -> None:
        with self._camera.changed:
            for client in self._clients:
                client.orders.append(order)

    def _accept(self) -> None:
        with self._socket:
            while not self._camera.closing:
                readable, _, _ = select.select([self._socket], [], [], _LOOK_S)
                if not readable:
                    continue
                if self._camera.switches.frozen:
                    self._camera.pause(_LOOK_S)
                    continue
                connection, _ = self._socket.accept()
                client = Client(self._camera, connection, self._camera.switches.silent)
                with self._camera.changed:
                    self._clients = [each for each in self._clients if each.is_alive()] + [client]
                    client.start()
                self._camera.count(connected=1)
        for client in self._clients:
            client.join()

    def _stop(self) -> None:
        with self._camera.changed:
            self._camera.closing = True
            self._camera.changed.notify_all()
