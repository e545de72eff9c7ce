"""``slidetap masks serve`` and ``slidetap keys new``: a mask service for other hosts, and who may use it.

It parses and calls ``hosting`` and ``link.keys``. Imports no more than typer until a command runs: the command line
that has it must start at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_BIND = "tcp://127.0.0.1:5570"


def masks_app() -> typer.Typer:
    """The commands, to be added to an app under the name ``masks``."""
    return _app("Masks of presenters, made for other hosts.", "serve", serve)


def keys_app() -> typer.Typer:
    """The commands, to be added to an app under the name ``keys``."""
    return _app("Keys of a mask service and of those who may use it.", "new", new_key)


def new_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of this host, such as gpu or hall-3.")],
    keys: Annotated[Path, typer.Option("--keys", metavar="DIR", help="The folder for it, of one's own alone.")],
) -> None:
    """Make a key; say where its public half is, which goes to the other side."""
    from pipeline.link.keys import CLIENTS, SERVER, new

    public = new(keys, name)
    typer.echo(str(public))
    typer.echo(f"a client's goes into the service's folder as {CLIENTS}/{public.name}", err=True)
    typer.echo(f"a service's goes into each client's folder as {SERVER}", err=True)


def serve(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name that slidetap models lists, or an ONNX file.")],
    bind: Annotated[str, typer.Option(help="Address to listen on: tcp://ADDRESS:PORT or ipc://PATH.")] = DEFAULT_BIND,
    keys: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of keys; without, it is for this host alone.", show_default=False),
    ] = None,
    like: Annotated[
        str, typer.Option(help="Of a file: the model of the list that it is fed like.", show_default=False)
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cuda, tensorrt or cpu.")] = "auto",
    batch: Annotated[int, typer.Option(min=1, max=256, help="Pictures that go through together, at most.")] = 8,
    max_wait: Annotated[float, typer.Option(min=0, max=1000, help="ms that one waits for others, at most.")] = 2.0,
    outstanding: Annotated[int, typer.Option(min=1, max=256, help="Of one client, unanswered, at most.")] = 4,
    room: Annotated[int, typer.Option(min=1, max=4096, help="Pictures that wait, of all clients, at most.")] = 64,
    threads: Annotated[int, typer.Option(min=0, max=256, help="On the CPU; 0: one a core.")] = 0,
    memory_limit: Annotated[int, typer.Option(min=64, max=2**20, help="MiB of the GPU's memory, at most.")] = 4096,
) -> None:
    """Make masks for segmentation stages on other hosts, until SIGTERM. SIGHUP: read the list of clients again."""
    from stages.segmentation.batching import Terms
    from stages.segmentation.hosting import Wanted, host, told

    network = {"model": model, "device": device, "threads": threads, "memory_limit": memory_limit}
    if like:
        network["like"] = like
    terms = Terms(batch, round(max_wait * 1_000_000), outstanding, room)
    typer.echo(told(host(Wanted(network, bind, keys, terms), typer.echo)))


def _app(purpose: str, name: str, command: object) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help=purpose)
    app.callback()(_nothing)  # with a single command, typer would leave out its name
    app.command(name)(command)  # type: ignore[type-var]
    return app


def _nothing() -> None:
    """Of the group itself."""
