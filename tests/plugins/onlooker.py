"""A pipeline that watches a camera of the tests, as ``slidetap run`` starts it: what it says, when, and what it wrote.

No daemon and no lecture: analysis into one folder, the recording into another. Also used by scripts/bench_live.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from stages.presets import PRESETS

SLIDETAP = Path(sys.executable).with_name("slidetap")
# Import strings, so that this tree is run, whatever is installed.
FACTORIES = {
    "decoder": "stages.decoder:Decoder",
    "bgsub": "stages.bgsub:Bgsub",
    "trigger": "stages.trigger:Trigger",
    "dedup": "stages.dedup:Dedup",
    "exporter": "stages.exporter:Exporter",
    "recorder": "stages.recorder:Recorder",
}
ANALYSIS = ("decoder", "bgsub", "trigger", "dedup", "exporter")
_LINKS = {"bgsub": 'leaky = "downstream"', "recorder": 'after = "decoder.packets"'}
_ENDING_S = 30.0
Told = Mapping[str, Any]


class Onlooker:
    """Runs from the start; ``decoder``: its properties. What it said is in ``events``, each with ``at_ns``.

    ``fused``: stages that share one process. ``recorded``: whether the recorder is there.
    """

    def __init__(
        self,
        folder: Path,
        decoder: Mapping[str, object],
        environment: Mapping[str, str] | None = None,
        slidetap: Path = SLIDETAP,
        fused: Collection[str] = (),
        recorded: bool = True,
    ) -> None:
        self.result, self.recording = folder / "result", folder / "recording"
        self.recording.mkdir(parents=True)
        file = folder / "onlooker.toml"
        file.write_text(config(folder, decoder, fused, recorded))
        self.events: list[Told] = []
        self.text = ""  # all of its output, as it came
        self._told_to_end = False
        self._came = threading.Condition()
        self.process = subprocess.Popen(
            [slidetap, "run", file, "--json", "-vv"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Onlooker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_for(
        self, event: str, patience_s: float = 20.0, since_ns: int = 0, until: Callable[[Told], bool] = lambda _: True
    ) -> Told:
        """The first such event that came after ``since_ns``. Raises TimeoutError with what was said last."""

        def found() -> Told | None:
            return next(
                (each for each in self.events if each["at_ns"] > since_ns and each["event"] == event and until(each)),
                None,
            )

        with self._came:
            self._came.wait_for(lambda: found() is not None or not self._reader.is_alive(), patience_s)
            told = found()
        if told is None:
            raise TimeoutError(f"no {event} within {patience_s:g} s; the last lines:\n{self.text[-3000:]}")
        return told

    def wait_for_state(self, *states: str, since_ns: int = 0, patience_s: float = 20.0) -> Told:
        """The first of these states of the source after ``since_ns``."""
        return self.wait_for("source", patience_s, since_ns, lambda told: told["state"] in states)

    def wait_for_slides(self, count: int, since_ns: int | None = None) -> None:
        """Until so many were written after ``since_ns``, which is now."""
        at_ns = time.monotonic_ns() if since_ns is None else since_ns
        for _ in range(count):
            at_ns = self.wait_for("slide", 30.0, at_ns)["at_ns"]

    def end(self) -> None:
        """SIGTERM, once: a second one would cut its drain short."""
        if not self._told_to_end:
            self._told_to_end = True
            self.process.terminate()

    def stop(self) -> Told:
        """Tell it to end and wait; its last word, empty if there was none."""
        self.end()  # then it removes its run folder; only if it cannot, it is killed
        try:
            self.process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return next((each for each in self.events if each["event"] == "result"), {})

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            now_ns = time.monotonic_ns()
            try:
                told = json.loads(line)
            except ValueError:
                told = None
            with self._came:
                self.text += line
                if isinstance(told, dict) and "event" in told:
                    self.events.append({**told, "at_ns": now_ns})
                self._came.notify_all()
        with self._came:
            self._came.notify_all()


def config(folder: Path, decoder: Mapping[str, object], fused: Collection[str] = (), recorded: bool = True) -> str:
    """The text of the TOML file: analysis with the preset ``live``, and the recorder beside it, if it is wanted."""
    given: dict[str, Mapping[str, object]] = {
        "decoder": decoder,
        "exporter": {"location": str(folder / "result"), "pdf": False},
        "recorder": {"location": str(folder / "recording"), "floor": 0},
    }
    lines: list[str] = []
    for name, factory in FACTORIES.items():
        if name == "recorder" and not recorded:
            continue
        lines += ["[[stage]]", f'name = "{name}"', f'type = "{factory}"', _LINKS.get(name, "")]
        lines += ['process = "fused"'] if name in fused else []
        lines += ["[stage.properties]"]
        properties = {**PRESETS["live"].get(name, {}), **given.get(name, {})}
        lines += [f"{key} = {json.dumps(value)}" for key, value in properties.items()]
    return "\n".join(lines) + "\n"
