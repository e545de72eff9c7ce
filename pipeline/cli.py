"""Commands for any pipeline: run, launch, inspect, check, graph; status and others are in ``daemon.commands``. They
parse and call, nothing else.

The application adds its own commands to ``make_app`` and ends through ``invoke``, which turns every error into one
line on standard error and a documented exit code. What takes long to import is imported by the command that needs it.
"""

from __future__ import annotations

import enum
import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline import spawning
from pipeline.config import PipelineConfig
from pipeline.daemon.commands import add_commands
from pipeline.daemon.keeper import KeeperFactory
from pipeline.ending import Finish, complain, end, sentence
from pipeline.errors import ConfigError, ExitCode, PipelineError
from pipeline.following import Manner, follow
from pipeline.logs import LogForm

# Click's own class, which typer does not export: what is wrong with a command line.
_UsageError: type[typer.BadParameter] = typer.BadParameter.__mro__[1]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for machines.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Tell what stages say; -vv: tracebacks.")]
Metrics = Annotated[
    Path | None, typer.Option("--metrics", metavar="FILE", help="Keep figures for Prometheus in FILE while it runs.")
]
Log = Annotated[
    LogForm | None, typer.Option("--log", help="Lines of a log on standard error, for long runs.", show_default=False)
]
Description = Annotated[str, typer.Argument(metavar="CONFIG", help="A TOML file, or a launch line in quotes.")]


class Drawing(enum.StrEnum):
    """What ``graph`` can write."""

    MERMAID = "mermaid"
    DOT = "dot"


def make_app(
    finish: Finish | None = None, keeper: KeeperFactory | None = None, application: tuple[str, ...] = ()
) -> typer.Typer:
    """The commands. ``finish`` is called at the end of each run; see ``ending``. ``keeper`` makes the application's
    side of a daemon, ``application`` names the tables of a file that it reads.
    """
    app = typer.Typer(
        name="slidetap",
        help="A lecture goes in, its slides come out: a streaming pipeline of stages.",
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def common(
        version: Annotated[
            bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None: ...

    @app.command()
    def run(
        config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A TOML file, such as configs/lecture.toml.")],
        as_json: AsJson = False,
        metrics: Metrics = None,
        verbose: Verbose = 0,
        log: Log = None,
    ) -> None:
        """Run the pipeline that a TOML file describes; as a daemon, if it has a service table."""
        from pipeline.factories import resolve
        from pipeline.toml_config import load

        def read() -> PipelineConfig:
            return resolve(load(config, application=application))

        found, manner = read(), Manner(as_json, verbose, metrics, log)
        if found.service is None:
            _refuse_tables(found)
            raise typer.Exit(end(follow(found, manner), manner, finish))
        from pipeline.daemon.serve import serve

        raise typer.Exit(serve(found, keeper(found) if keeper else None, manner, read, finish))

    @app.command()
    def launch(
        words: Annotated[list[str], typer.Argument(metavar="LINE...", help="decoder uri=a.mp4 ! bgsub ! ...")],
        as_json: AsJson = False,
        metrics: Metrics = None,
        verbose: Verbose = 0,
        log: Log = None,
    ) -> None:
        """Run the pipeline of a launch line: stages with key=value, linked by '!', fused by parentheses."""
        from pipeline.factories import resolve
        from pipeline.launch import parse

        manner = Manner(as_json, verbose, metrics, log)
        raise typer.Exit(end(follow(resolve(parse(" ".join(words), "launch")), manner), manner, finish))

    @app.command()
    def inspect(
        stage: Annotated[str | None, typer.Argument(help="A stage's name or import string; without: all.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Show which stages there are, or one stage's properties, pads and caps."""
        from pipeline.factories import available, import_string
        from pipeline.inspection import describe, overview, text

        if stage is None:
            found = describe(list(available().values()))
            for name, each in zip(available(), found, strict=True):
                said = {"error": str(each)} if isinstance(each, PipelineError) else asdict(each)
                typer.echo(json.dumps({"name": name} | said) if as_json else overview(name, each))
            return
        (each,) = describe([import_string(stage)])
        if isinstance(each, PipelineError):
            raise each
        typer.echo(json.dumps(asdict(each)) if as_json else text(stage, each))

    @app.command()
    def check(config: Description) -> None:
        """Check all that can be known without starting: names, properties, and that all caps can link."""
        from pipeline.factories import resolve
        from pipeline.supervisor import check as described

        pipeline = _read(config, application)
        if keeper is not None:
            keeper(pipeline)  # it reads the application's tables, and has begun nothing yet
        described(resolve(pipeline))
        typer.echo(f"{pipeline.name}: {len(pipeline.stages)} stages, {len(pipeline.links)} links; all can link")

    @app.command()
    def graph(
        config: Description,
        form: Annotated[Drawing, typer.Option("--format", help="For Markdown, or for Graphviz.")] = Drawing.MERMAID,
        caps: Annotated[bool, typer.Option(help="Build the stages to learn their caps.")] = True,
    ) -> None:
        """Draw a pipeline as Mermaid or dot, with caps on the arrows."""
        from pipeline import graph as drawing
        from pipeline.factories import resolve
        from pipeline.supervisor import check as described

        pipeline = _read(config, application)
        draw = drawing.mermaid if form is Drawing.MERMAID else drawing.dot
        typer.echo(draw(pipeline, described(resolve(pipeline)) if caps else ()), nl=False)

    add_commands(app, application)
    return app


def invoke(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. Errors become one line on standard error, tracebacks only with -vv.

    What ``entry`` has prepared, and no run has taken, ends here.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(given or ["--help"], standalone_mode=False, prog_name="slidetap")
        return int(code) if isinstance(code, int) else ExitCode.OK
    except typer.Exit as e:
        return e.exit_code
    except _UsageError as e:
        return complain(f"{e.format_message().rstrip('.')}; slidetap --help tells more", ExitCode.USAGE)
    except PipelineError as e:
        if "-vv" in given:
            traceback.print_exc()
        return complain(sentence(e), e.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return complain("interrupted", ExitCode.INTERRUPTED)
    except SystemExit:
        return ExitCode.IO_ERROR  # Click's answer to a standard output that nobody reads any more
    finally:
        spawning.dismiss()


def _refuse_tables(config: PipelineConfig) -> None:
    """A table that nobody would read is a mistake."""
    for table in config.application:
        raise ConfigError(f"[{table}] is for a daemon; write a table [service] beside it, or leave it out")


def _read(text: str, application: tuple[str, ...]) -> PipelineConfig:
    """A TOML file if there is one of that name or it looks like one, else a launch line."""
    from pipeline.launch import parse
    from pipeline.toml_config import load

    path = Path(text)
    if path.suffix == ".toml" or " " not in text or path.exists():
        return load(path, application=application)
    return parse(text)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"slidetap {version('slidetap')}")
        raise typer.Exit
