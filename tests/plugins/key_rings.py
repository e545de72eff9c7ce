"""Folders of keys as a service and its clients have them, for tests."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pipeline.link.keys import CLIENTS, SERVER, new


def key_rings(folder: Path, names: Sequence[str] = ("hall",)) -> tuple[Path, dict[str, Path]]:
    """The folder of a service that allows clients of those names, and theirs."""
    service = folder / "service"
    public = new(service, "gpu")
    clients = {name: client_ring(folder / name, name, public) for name in names}
    for name, ring in clients.items():
        allow(service, ring / f"{name}.public")
    return service, clients


def client_ring(folder: Path, name: str, service: Path) -> Path:
    """Of a client that knows the public key in the file ``service``, and that nobody allows yet."""
    new(folder, name)
    shutil.copy(service, folder / SERVER)
    return folder


def allow(service: Path, public: Path) -> None:
    """Put a client's public key where the service looks for it."""
    (service / CLIENTS).mkdir(exist_ok=True)
    shutil.copy(public, service / CLIENTS)
