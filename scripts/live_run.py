"""One measurement: some pipelines side by side, each with a camera of its own, for so many seconds. For bench_live.

The cameras are RTSP servers in processes of their own, all showing the same lecture, each at another place in it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from live_figures import SECOND_NS, View, shares
from onlooker import ANALYSIS, FACTORIES, Onlooker
from rtsp import Film, ServerProcess
from victims import PROC, children, held

TICKS = os.sysconf("SC_CLK_TCK")
STARTING_S, ENDING_S = 60.0, 60.0
APART_S, PLACES = 0.9, 9  # of the cameras in the lecture, so that not all change their slide at once


FUSED: Mapping[str, Collection[str]] = {"nothing": (), "analysis": ANALYSIS, "all": tuple(FACTORIES)}


@dataclass(frozen=True, slots=True)
class Setup:
    """Of each pipeline. ``decoder``: its properties. ``fused``: a key of FUSED: what shares one process."""

    decoder: Mapping[str, object]
    fused: str = "nothing"
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one pipeline. ``slides``: when each was durable, in ns of CLOCK_MONOTONIC; ``views``: what was shown;
    ``cores``: CPU seconds a second, and ``pss``: bytes of memory at the end, both by process; ``ledger`` is empty if it
    ended without one, ``failure`` says why.
    """

    slides: list[int]
    views: list[View]
    end_ns: int
    cores: dict[str, float]
    camera_cores: float
    pss: dict[str, int]
    ledger: dict[str, dict[str, object]]
    recorded_bytes: int
    failure: str = ""


@dataclass(slots=True)
class Pair:
    """A camera and who looks at it, with the CPU seconds used at the begin and at the end."""

    camera: ServerProcess
    onlooker: Onlooker
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    pss: Mapping[str, int] = field(default_factory=dict)


def measure(
    film: Film, streams: int, seconds: float, warm_s: float, slidetap: Path, folder: Path, setup: Setup
) -> list[Measured]:
    """Run ``streams`` pipelines for ``seconds`` after their first slide and ``warm_s`` more."""
    with contextlib.ExitStack() as stack:
        pairs: list[Pair] = []
        for number in range(streams):
            zero_ns = time.monotonic_ns() - round(number % PLACES * APART_S * SECOND_NS)
            lifetime_s = STARTING_S * (streams - number + 1) + warm_s + seconds + ENDING_S
            camera = stack.enter_context(ServerProcess(film, zero_ns=zero_ns, lifetime_s=lifetime_s))
            given = {"uri": camera.url(), **setup.decoder}
            onlooker = Onlooker(
                folder / str(number), given, None, slidetap, FUSED[setup.fused], recorded=setup.recorded
            )
            pairs.append(Pair(camera, stack.enter_context(onlooker)))
        try:
            for pair in pairs:
                pair.onlooker.wait_for("slide", STARTING_S)
        except TimeoutError:
            warm_s = seconds = 0.0  # there is nothing to measure; why, its end will say
        time.sleep(warm_s)
        begin_ns = time.monotonic_ns()
        for pair in pairs:
            pair.before = cpu_s(pair)
        time.sleep(seconds)
        end_ns = time.monotonic_ns()
        for pair in pairs:
            pair.after = cpu_s(pair)
        for pair in pairs:
            pair.pss = pss(pair)
        for pair in pairs:
            pair.onlooker.end()  # all of them, before the first is waited for
        return [_ended(pair, (end_ns - begin_ns) / SECOND_NS, end_ns) for pair in pairs]


def cpu_s(pair: Pair) -> dict[str, float]:
    """CPU seconds so far: of the command, of each process of a stage, and of the camera."""
    used = {name: _cpu_s(pid) for name, pid in processes(pair.onlooker.process.pid).items()}
    return {**used, "camera": _cpu_s(pair.camera.pid)}


def pss(pair: Pair) -> dict[str, int]:
    """Bytes of memory now, what is shared shared out, of the command and of each process of a stage."""
    found = {name: held(pid) for name, pid in processes(pair.onlooker.process.pid).items()}
    return {name: one.pss for name, one in found.items() if one is not None}


def processes(parent: int) -> dict[str, int]:
    """The command's and its children's ids, by the names of the processes."""
    found = {"supervisor": parent}
    for pid in children(parent):
        with contextlib.suppress(OSError):
            found[Path(os.readlink(PROC / f"{pid}/fd/2")).stem] = pid
    return found


def views(camera: ServerProcess, end_ns: int) -> list[View]:
    """What the camera showed, from its first picture on; a view is calm when its first complete frame is due."""
    truth = camera.truth
    clip = truth.clip
    made: list[View] = []
    for shown in truth.shown(truth.zero_ns, end_ns):
        frame_ns = clip.due_ns(clip.number_at(shown.full_ns - truth.zero_ns)) + truth.zero_ns
        made.append(View(shown.slide, frame_ns, shown.end_ns))
    return made


def _cpu_s(pid: int) -> float:
    try:
        fields = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _ended(pair: Pair, seconds: float, end_ns: int) -> Measured:
    """Wait for its end and put its figures together."""
    onlooker = pair.onlooker
    result = onlooker.stop()
    code, ledger = onlooker.process.returncode, result.get("ledger")
    cores = shares(pair.before, pair.after, max(seconds, 1e-9))
    camera_cores = cores.pop("camera")
    last = (onlooker.text.strip().splitlines() or ["nothing was said"])[-1]
    return Measured(
        slides=[each["at_ns"] for each in onlooker.events if each["event"] == "slide"],
        views=views(pair.camera, end_ns),
        end_ns=end_ns,
        cores=cores,
        camera_cores=camera_cores,
        pss=dict(pair.pss),
        ledger=ledger if isinstance(ledger, dict) else {},
        recorded_bytes=sum(path.stat().st_size for path in onlooker.recording.rglob("*") if path.is_file()),
        failure="" if code in (0, 143) and ledger else f"exit code {code}: {last}",
    )
