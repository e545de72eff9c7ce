"""Commands that talk to a running daemon: status, start, stop, mark, daemon. They parse and ask, nothing else."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

Which = Annotated[
    str | None,
    typer.Argument(metavar="CONFIG|NAME", help="The daemon's file or name; not needed if only one runs."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")]


class Action(enum.StrEnum):
    """What a daemon can be told about itself."""

    RELOAD = "reload"
    REVIVE = "revive"
    SHUTDOWN = "shutdown"


def add_commands(app: typer.Typer, application: tuple[str, ...]) -> None:
    """``application``: names of the tables that a file may have for the application."""

    @app.command()
    def status(which: Which = None, as_json: AsJson = False) -> None:
        """Show how a running daemon stands: stages, source, lecture, slides, recording."""
        from pipeline.daemon.status_text import status_text

        answer = _ask(which, application, "status", {})
        typer.echo(json.dumps(answer) if as_json else status_text(answer))

    @app.command()
    def start(
        which: Which = None,
        title: Annotated[str, typer.Option("--title", "-t", help="What the lecture is called.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Begin a lecture in a running daemon."""
        _tell(which, application, "start", {"title": title} if title else {}, as_json)

    @app.command()
    def stop(which: Which = None, as_json: AsJson = False) -> None:
        """End the lecture in a running daemon; the daemon goes on."""
        _tell(which, application, "stop", {}, as_json)

    @app.command()
    def mark(
        text: Annotated[str, typer.Argument(help="What happens now; it becomes a chapter.")],
        which: Which = None,
        as_json: AsJson = False,
    ) -> None:
        """Mark this moment of the lecture in a running daemon."""
        _tell(which, application, "mark", {"text": text}, as_json)

    @app.command()
    def daemon(
        action: Annotated[
            Action,
            typer.Argument(
                help="reload: read the file again; revive: start what was given up; shutdown: end in order."
            ),
        ],
        which: Which = None,
        as_json: AsJson = False,
    ) -> None:
        """Tell a running daemon about itself."""
        _tell(which, application, action.value, {}, as_json)


def socket_of(which: str | None, application: tuple[str, ...] = ()) -> Path:
    """The control socket of the daemon that is meant. Raises ServiceError or ConfigError, BadParameter."""
    from pipeline.daemon import address
    from pipeline.errors import ConfigError

    if which is not None and Path(which).suffix == ".toml":
        from pipeline.toml_config import load

        config = load(Path(which), application=application)
        if config.service is not None and config.service.socket:
            return Path(config.service.socket)
        which = config.name
    if which is not None and Path(which).is_socket():
        return Path(which)
    try:
        return address.find(which or "")
    except ConfigError as e:  # several run: the command line says too little
        raise typer.BadParameter(str(e)) from e


def _tell(
    which: str | None, application: tuple[str, ...], command: str, arguments: Mapping[str, str], as_json: bool
) -> None:
    from pipeline.daemon.status_text import answer_text

    answer = _ask(which, application, command, arguments)
    typer.echo(json.dumps(answer) if as_json else answer_text(answer))


def _ask(
    which: str | None, application: tuple[str, ...], command: str, arguments: Mapping[str, str]
) -> Mapping[str, object]:
    from pipeline.daemon.client import ask
    from pipeline.daemon.protocol import Request

    return ask(socket_of(which, application), Request(command, arguments))
