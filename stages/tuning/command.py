"""``slidetap tune``: it parses, calls and says what came of it. What is slow to import waits until it is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stages import addresses

if TYPE_CHECKING:
    from stages.tuning.grid import Candidate
    from stages.tuning.results import Result
    from stages.tuning.sweep import Analysis

_WIDE = 1000


def tune(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="A recording of which the truth is known.")],
    truth: Annotated[
        Path, typer.Option(metavar="FILE", help="When each of its slides is on screen, in JSON; see docs/explain.md.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="CONFIG", help="Where the best settings go; else VIDEO_tuned.toml."),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=V1,V2",
            help="Try these values of a property of bgsub, trigger or dedup, or of method; several make a grid.",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Frames analysed per second; 0: all.", show_default=False)] = None,
    width: Annotated[int | None, typer.Option(help="Width of analysed frames in px.", show_default=False)] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw F1 over the values into a picture as well.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace older files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for machines.")] = False,
) -> None:
    """Try methods and thresholds on a video whose slides are known, and write the best ones as a config.

    The video is decoded once, whatever is tried.
    """
    from stages.tuning import config_file, results
    from stages.tuning.grid import grid
    from stages.tuning.sweep import Analysis
    from stages.tuning.truth import Truth

    config = output or Path(f"{addresses.stem(video)}_tuned.toml")
    for path in (config, *([plot] if plot else [])):
        config_file.refuse(path, force)
    known = Truth.read(truth)
    candidates = grid(sweep or [])
    analysis = Analysis(rate, width)
    found = results.scored(known, candidates, _swept(video, candidates, analysis))
    chosen = results.best(found)
    headline = results.summary(chosen, len(found))
    config_file.write(config, video, chosen.candidate, analysis, f"slidetap tune: {headline}")
    drawn = results.series(found)
    if plot is not None and drawn:
        from stages.tuning import plot as drawing

        drawing.write(plot, drawn)
    if as_json:
        _say_to_machines(found, chosen, config)
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE  # a file has no margin at which to break lines
    console.print(results.table(found))
    console.print(f"\n{results.bars(drawn)}\n" if drawn else "", markup=False, soft_wrap=True)
    console.print(f"{headline}; written to {config}", markup=False, soft_wrap=True)


def _swept(video: str, candidates: list[Candidate], analysis: Analysis) -> list[list[int]]:
    """With a bar while it lasts, if somebody is looking."""
    from rich.console import Console
    from rich.progress import Progress

    from stages.tuning.sweep import sweep as run

    with Progress(console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(f"{len(candidates)} candidates", total=1.0)
        return run(
            video,
            candidates,
            analysis,
            lambda text: typer.echo(f"slidetap: warning: {text}", err=True),
            lambda done: shown.update(task, completed=done),
        )


def _say_to_machines(found: list[Result], chosen: Result, config: Path) -> None:
    for result in found:
        typer.echo(json.dumps({"event": "candidate", **result.facts()}))
    typer.echo(json.dumps({"event": "result", "config": str(config), **chosen.facts()}))
