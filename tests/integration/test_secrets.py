"""A camera's password is nowhere but where it was written down: every place that anybody could look at is searched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from room import Room, is_event, run_folder
from rtsp import Film, RtspServer

SECRET = "gr:n?dahl & 7"
FORMS = {SECRET, quote(SECRET, safe=""), quote(SECRET), SECRET.replace(" ", "+")}
FILM = Film(size=(320, 180), fps=10, seconds=20.0)


@pytest.fixture
def camera() -> Iterator[RtspServer]:
    with RtspServer(FILM.clip(), lifetime_s=120.0) as server:
        server.require("digest", "hall", SECRET)
        yield server


def processes(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *map(int, children)]


def betrayed(where: str, data: bytes) -> list[str]:
    return [where for form in FORMS if form.encode() in data]


def searched(room: Room) -> list[str]:
    """Where the password can be read while the daemon runs, and afterwards."""
    found: list[str] = []
    for pid in processes(room.pid):
        for file in ("cmdline", "environ"):
            found += betrayed(f"/proc/{pid}/{file}", Path(f"/proc/{pid}/{file}").read_bytes())
    found += betrayed("status", room.ask("status").encode() + room.ask("status", "--json").encode())
    return found + in_files(room)


def in_files(room: Room) -> list[str]:
    found = betrayed("the log", json.dumps(room.events).encode())
    for folder in (room.root, run_folder()):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                found += betrayed(str(path), path.read_bytes())
    return found


@pytest.mark.parametrize("place", ["address", "file"])
def test_a_password_is_told_to_the_camera_alone(camera: RtspServer, place: str, tmp_path: Path) -> None:
    secret = tmp_path / "hall.secret"
    secret.touch(0o600)
    secret.write_text(f"hall:{SECRET}\n")
    if place == "file":
        properties: dict[str, object] = {"credentials": f"file:{secret}"}
        uri = camera.url()
    else:
        properties, uri = {}, camera.url(f"hall:{quote(SECRET, safe='')}")
    with Room(tmp_path, uri, stages={"decoder": properties}) as room:
        room.start()
        room.wait_for(is_event("slide"))
        assert searched(room) == []
        # When things go wrong, more is said.
        camera.require("digest", "hall", SECRET, refuse=True)
        since = len(room.events)
        camera.cut()
        room.wait_for(is_event("source", "decoder", state="lost"), since=since)
        assert searched(room) == []
        room.stop()
    assert in_files(room) == []
    assert os.stat(room.root).st_mode & 0o077 == 0
