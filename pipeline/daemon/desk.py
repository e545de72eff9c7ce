"""The service desk: what sits beside the supervisor's loop of a daemon and joins its parts. One thread, never blocks.

It hears every message, answers the control socket, publishes a snapshot once a second for /metrics and /healthz,
tells the service manager how things are, and reads the file again on SIGHUP.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import PipelineConfig, Service
from pipeline.daemon import address
from pipeline.daemon.control import ControlSocket
from pipeline.daemon.http_server import HttpServer, parse_address
from pipeline.daemon.keeper import Keeper
from pipeline.daemon.notify import Notifier
from pipeline.daemon.protocol import Request, decode_request, encode_answer, encode_refusal
from pipeline.daemon.pulse import Pulse
from pipeline.daemon.reloading import difference
from pipeline.daemon.snapshot import Snapshot
from pipeline.daemon.standing import Standing
from pipeline.errors import ConfigError, PipelineError, StageError
from pipeline.frame import Meta
from pipeline.messages import BusMessage, Element, Finished, Heartbeat, StateChanged, Warn

if TYPE_CHECKING:
    from pipeline.supervisor.desk import Control

NAME = "daemon"  # as which the desk's own warnings are told
_PUBLISH_S = 1.0
_OWN = (
    "pipeline",
    "uptime_s",
    "ready",
    "degraded",
    "stages",
    "links",
    "source",
    "figures",
    "socket",
    "http",
    "pid",
)  # not the keeper's to tell
_ENDING_US = 15_000_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a desk reaches outside of itself. ``say`` takes warnings; ``reread`` reads the file again, if there is one;
    ``hangups`` is what the handler of SIGHUP appends to; ``clock`` is monotonic, in s.
    """

    say: Callable[[BusMessage], None]
    hangups: list[int]
    reread: Callable[[], PipelineConfig] | None = None
    notifier: Notifier | None = None
    clock: Callable[[], float] = time.monotonic


class ServiceDesk:
    """A Desk of the supervisor."""

    def __init__(self, config: PipelineConfig, keeper: Keeper | None, around: Surroundings) -> None:
        self._config = config
        self._keeper = keeper
        self._around = around
        self._notifier = around.notifier or Notifier({})
        now = around.clock()
        self._standing = Standing(config, now)
        self._pulse = Pulse(config, now)
        self._control: Control | None = None
        self._socket: ControlSocket | None = None
        self._http: HttpServer | None = None
        self._snapshot = Snapshot(config.name, now)
        self._published_s = float("-inf")
        self._fed_s = float("-inf")
        self._said_line = ""
        self._keeping = False  # the keeper has begun
        self._suspects: list[str] = []
        self._late: list[str] = []
        self._commands: dict[str, Callable[[Meta], Mapping[str, object]]] = {
            "status": self._status,
            "reload": lambda _: {"text": self._reload()},
            "revive": self._revive,
            "shutdown": self._shutdown,
        }

    @property
    def socket(self) -> Path | None:
        """Where it listens, from ``begin`` to ``end``."""
        return self._socket.path if self._socket else None

    def begin(self, control: Control) -> None:
        """Open what can be talked to. Raises PipelineError if it cannot be, above all if the daemon runs already."""
        self._control = control
        self._standing.states |= control.states()
        service = self._config.service or Service()
        where = parse_address(service.http) if service.http else None
        self._socket = ControlSocket(address.make(self._config), self._answer, control)
        if where is not None:
            from pipeline.metrics import exposition

            self._http = HttpServer(where, lambda: self._snapshot, exposition)
            if where.exposed:
                self._warn(f"http at {where}: whoever reaches this address can read the metrics; there is no password")
        if self._keeper is not None:
            self._keeper.begin(control)
            self._keeping = True
        self._notifier.tell(STATUS="starting")

    def hear(self, message: BusMessage) -> None:
        """One message of the bus or of the supervisor."""
        now = self._around.clock()
        self._pulse.hear(message, now)
        for problem in self._standing.hear(message, now):
            self._warn(problem)
        match message:
            case Heartbeat(_, "draining") | Finished():
                self._finish()
            case StateChanged():
                self._published_s = float("-inf")  # told at the next turn
        self._guard(lambda keeper: keeper.hear(message))

    def turn(self) -> None:
        """Everything that waits: SIGHUP, the socket, the keeper; and once a second the snapshot."""
        now = self._around.clock()
        if self._around.hangups:
            self._around.hangups.clear()
            self._notifier.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
            try:
                self._warn(self._reload())
            except PipelineError as e:
                self._warn(str(e))
            if self._standing.ready:
                self._notifier.tell(READY=1)
        if self._socket is not None:
            self._socket.turn(now)
        self._guard(self._turn_keeper)
        self._feed(now)
        if now - self._published_s >= _PUBLISH_S:
            self._published_s = now
            self._publish(now)

    def end(self) -> None:
        """Close what ``begin`` opened; may come without it, and twice."""
        self._finish()
        self._guard(lambda keeper: keeper.end())
        self._keeping = False
        if self._socket is not None:
            self._socket.close()
        if self._http is not None:
            self._http.close()
        self._socket = self._http = self._control = None

    def _turn_keeper(self, keeper: Keeper) -> None:
        for news in keeper.turn():
            if news.trouble:
                self._warn(news.text)
            else:
                self._around.say(Element("keeper", "news", {"text": news.text}))

    def _guard(self, call: Callable[[Keeper], None]) -> None:
        """An error that the keeper knows, such as a full disk, is said; the pipeline goes on."""
        if self._keeper is None or not self._keeping:
            return
        try:
            call(self._keeper)
        except PipelineError as e:
            self._warn(str(e))

    def _feed(self, now: float) -> None:
        """The watchdog: only while every process was heard of in time, or did not have to be."""
        # Twice in a row: after a pause of this process itself, what the others sent is read after the first turn.
        late, self._suspects = [p for p in self._pulse.overdue(now) if p in self._suspects], self._pulse.overdue(now)
        for process in late:
            if process not in self._late:
                self._warn(f"process '{process}' should have been heard of or restarted long ago")
        self._late = late
        every_s = self._notifier.watchdog_s
        if every_s is not None and not self._suspects and now - self._fed_s >= every_s:
            self._fed_s = now
            self._notifier.tell(WATCHDOG=1)

    def _publish(self, now: float) -> None:
        if self._control is None:
            return
        self._standing.states |= self._control.states()
        self._snapshot = self._standing.snapshot(self._control.ledgers(), self._late, now)
        if self._standing.settle():
            self._snapshot = replace(self._snapshot, ready=True)
            self._notifier.tell(READY=1)
        if (line := self._standing.line()) != self._said_line:
            self._said_line = line
            self._notifier.tell(STATUS=line)
        if self._standing.finishing and not self._late:
            self._notifier.tell(EXTEND_TIMEOUT_USEC=_ENDING_US)  # documents are being written, and that shows life

    def _finish(self) -> None:
        if not self._standing.finishing:
            self._standing.finishing = True
            self._notifier.tell(STOPPING=1, STATUS="ending")

    def _answer(self, line: bytes) -> bytes:
        try:
            return encode_answer(self._do(decode_request(line)))
        except PipelineError as e:
            return encode_refusal(e)
        except Exception as e:  # noqa: BLE001  a mistake in one answer must not end a recording
            *_, frame = traceback.extract_tb(e.__traceback__)
            text = f"the daemon made a mistake: {type(e).__name__}: {e} ({Path(frame.filename).name}:{frame.lineno})"
            self._warn(text)
            return encode_refusal(StageError(text))

    def _do(self, request: Request) -> Mapping[str, object]:
        if (own := self._commands.get(request.command)) is not None:
            return own(request.arguments)
        if self._keeper is None:
            known = ", ".join(self._commands)
            raise ConfigError(f"'{request.command}' is no command of '{self._config.name}', which has: {known}")
        return self._keeper.command(request.command, request.arguments)

    def _status(self, _: Meta) -> Mapping[str, object]:
        assert self._control is not None
        self._standing.states |= self._control.states()
        now = self._around.clock()
        own = self._standing.report(self._control.ledgers(), self._control.pids(), self._late, now)
        own |= {"socket": str(self.socket), "http": str(self._http.address) if self._http else None, "pid": os.getpid()}
        told: dict[str, object] = dict(self._keeper.status()) if self._keeper is not None else {}
        return own | {key: value for key, value in told.items() if key not in _OWN}

    def _revive(self, _: Meta) -> Meta:
        assert self._control is not None
        self._control.revive()
        return {"text": "stages that were given up are started again"}

    def _shutdown(self, _: Meta) -> Meta:
        assert self._control is not None
        self._finish()
        self._control.drain()
        return {"text": f"'{self._config.name}' is ending"}

    def _reload(self) -> str:
        """Read the file again and take over what can change; what was done, in a sentence. Raises PipelineError."""
        if self._around.reread is None:
            raise ConfigError("there is no file that could be read again")
        try:
            new = self._around.reread()
            found = difference(self._config, new)
            if found.application and self._keeper is not None:
                self._keeper.reload(new.application)
        except PipelineError as e:
            raise ConfigError(f"nothing is changed: {e}") from e
        assert self._control is not None
        restart = replace(new.restart, policy=self._config.restart.policy)
        self._control.amend(new.limits, restart)
        self._pulse.limits = new.limits
        self._config = replace(self._config, limits=new.limits, restart=restart, application=new.application)
        return found.sentence()

    def _warn(self, text: str) -> None:
        self._around.say(Warn(NAME, text))
