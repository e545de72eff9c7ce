"""Orders to a server as lines of text, for one that runs as a process of its own: ``freeze``, ``damage 5 noise``."""

from __future__ import annotations

from rtsp.clips import black_clip, lecture_clip
from rtsp.server import RtspServer

VIEWS = ("lecture", "black", "small", "hevc", "mpeg4")


def obey(server: RtspServer, line: str) -> None:
    """Do what a line says. Raises ValueError for what cannot be understood.

    ``freeze``, ``thaw``, ``cut [fin]``, ``stall SECONDS``, ``jump SECONDS``, ``damage UNITS [KIND]``, ``attack KIND``,
    ``repeat on|off``, ``silence on|off``, ``require basic|digest USER PASSWORD [refuse]``, ``admit``, ``show VIEW``,
    ``counts``.
    """
    match line.split():
        case ["counts"]:
            pass  # they come with every answer
        case ["freeze"]:
            server.freeze()
        case ["thaw"]:
            server.thaw()
        case ["cut"]:
            server.cut()
        case ["cut", "fin"]:
            server.cut(reset=False)
        case ["stall", seconds]:
            server.stall(float(seconds))
        case ["jump", seconds]:
            server.jump(float(seconds))
        case ["damage", units]:
            server.damage(int(units))
        case ["damage", units, "noise" | "truncated" | "missing" as kind]:
            server.damage(int(units), kind)
        case ["attack", kind]:
            server.attack(kind)
        case ["repeat", "on" | "off" as state]:
            server.repeat(state == "on")
        case ["silence", "on" | "off" as state]:
            server.silence(state == "on")
        case ["require", "basic" | "digest" as scheme, user, password]:
            server.require(scheme, user, password)
        case ["require", "basic" | "digest" as scheme, user, password, "refuse"]:
            server.require(scheme, user, password, refuse=True)
        case ["admit"]:
            server.admit_all()
        case ["show", view]:
            _show(server, view)
        case _:
            raise ValueError(f"'{line}' is no order: {obey.__doc__}")


def _show(server: RtspServer, view: str) -> None:
    clip = server.truth.clip
    match view:
        case "lecture":
            server.show()
        case "black":
            server.show(black_clip(clip.size, clip.fps))
        case "small":
            server.show(lecture_clip((clip.size[0] // 4 * 2, clip.size[1] // 4 * 2), clip.fps, 8.0, seed=99))
        case "hevc" | "mpeg4":
            server.show(lecture_clip(clip.size, clip.fps, 8.0, seed=99, codec=view))
        case _:
            raise ValueError(f"'{view}' is no view: {', '.join(VIEWS)}")
