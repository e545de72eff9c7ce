"""The RTSP server as a process: ``python -m rtsp --size 640x360 --fps 25`` with this folder's parent on PYTHONPATH.

Its first line of output is {"port": ..., "zero_ns": ...}; then each line of input is an order, answered by a line of
JSON. It ends with its input, which is when whoever started it has gone, and after its lifetime.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from fractions import Fraction

from rtsp.clips import lecture_clip
from rtsp.server import RtspServer
from rtsp.sound import tone
from rtsp.speech import obey


def main() -> int:
    """Serve until standard input ends."""
    options = parser().parse_args()
    width, height = map(int, options.size.split("x"))
    clip = lecture_clip(
        (width, height), options.fps, options.seconds, options.seed, options.gop,
        codec=options.codec, more=json.loads(options.more),
    )  # fmt: skip
    sound = tone(options.audio) if options.audio else None
    end = threading.Timer(options.lifetime, os._exit, (0,))  # whatever the main thread waits for
    end.daemon = True
    end.start()
    with RtspServer(
        clip, sound, port=options.port, zero_ns=options.zero_ns, base=options.base, lifetime_s=options.lifetime
    ) as server:
        print(json.dumps({"port": server.port, "zero_ns": server.truth.zero_ns}), flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(server, line.strip())), flush=True)
    return 0


def answer(server: RtspServer, line: str) -> dict[str, object]:
    """What became of an order, with the counts."""
    counts: dict[str, object] = {"connected": server.connected, "playing": server.playing, "units": server.units}
    try:
        obey(server, line)
    except ValueError as e:
        return {"error": str(e), **counts}
    return counts


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=__doc__, prog="python -m rtsp")
    made.add_argument("--size", default="320x180", help="WIDTHxHEIGHT of the lecture in px")
    made.add_argument("--fps", type=Fraction, default=Fraction(10), help="frames per second")
    made.add_argument("--seconds", type=float, default=20.0, help="length of the lecture, which is shown over and over")
    made.add_argument("--seed", type=int, default=0, help="of the lecture")
    made.add_argument("--gop", type=float, default=1.0, help="seconds from one keyframe to the next")
    made.add_argument("--codec", choices=("h264", "hevc", "mpeg4"), default="h264", help="of the pictures")
    made.add_argument("--audio", choices=("aac", "pcmu"), help="of the sound, if there is to be any")
    made.add_argument("--more", default="{}", help="more properties of the test source, as JSON")
    made.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0: any that is free")
    made.add_argument("--zero-ns", type=int, help="when the lecture began (CLOCK_MONOTONIC); now")
    made.add_argument("--base", type=int, default=1_000_000, help="RTP timestamp of that instant")
    made.add_argument("--lifetime", type=float, default=120.0, help="seconds after which it ends by itself")
    return made


if __name__ == "__main__":
    sys.exit(main())
