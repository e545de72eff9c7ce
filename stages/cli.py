"""The command ``slidetap``: convert, export and lectures, beside those for any pipeline, which ``pipeline.cli`` has.

It parses and calls; ``conversion`` knows what a conversion is, ``exporting`` what an export is. Typer is all that is
imported before the children are started, as the time to the first frame counts.
"""

from __future__ import annotations

import enum
import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import AsJson, Metrics, Verbose, invoke, make_app
from pipeline.config import PipelineConfig
from pipeline.daemon.keeper import Keeper
from pipeline.ending import complain, end, sentence
from pipeline.errors import ConfigError, ExitCode, PipelineError
from pipeline.following import Manner, follow
from pipeline.reporting import say
from stages import addresses, conversion
from stages.conversion import Conversion, Options
from stages.explaining.command import explain
from stages.lecture_commands import Pages, add_lecture_commands
from stages.presets import PRESETS
from stages.segmentation.command import models_app
from stages.segmentation.service_commands import keys_app, masks_app
from stages.tuning.command import tune


class Format(enum.StrEnum):
    """Of the pictures."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"


class Device(enum.StrEnum):
    """Where the network that finds the presenter runs."""

    AUTO = "auto"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    CPU = "cpu"


class Builds(enum.StrEnum):
    """What is kept of a slide that is built up step by step."""

    FINAL = "final"
    ALL = "all"


NO_PRESENTER = "off"


def known_method(name: str) -> str:
    """``name``, if there is a preset for it. Raises BadParameter."""
    if name not in PRESETS:
        raise typer.BadParameter(f"'{name}' is no method; there is: {', '.join(PRESETS)}")
    return name


def convert(
    videos: Annotated[
        list[str],
        typer.Argument(metavar="VIDEO...", help="Files or cameras (rtsp://, v4l2://); several go one after the other."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Where the slides go; of several videos, the folder of their folders."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(callback=known_method, help=f"How changes are found: {', '.join(PRESETS)}.")
    ] = "default",
    rate: Annotated[float | None, typer.Option(help="Frames analysed per second; 0: all.", show_default=False)] = None,
    width: Annotated[int | None, typer.Option(help="Width of analysed frames in px.", show_default=False)] = None,
    form: Annotated[Format, typer.Option("--format", help="Of the pictures.")] = Format.PNG,
    pdf: Annotated[bool, typer.Option(help="Make slides.pdf.")] = True,
    pptx: Annotated[bool, typer.Option("--pptx", help="Make slides.pptx.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an older result, once the new one is there.")] = False,
    post_process: Annotated[
        bool, typer.Option("--post-process/--no-post-process", help="Keep one picture of a slide that is shown again.")
    ] = True,
    builds: Annotated[
        Builds | None,
        typer.Option(
            help="Of a slide that is built up step by step: its final state, or all states as files beside that one.",
            show_default=False,
        ),
    ] = None,
    presenter: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="Find who stands before the slide, with a model that slidetap models lists or an .onnx file; "
            "off: nobody is looked for.",
        ),
    ] = NO_PRESENTER,
    device: Annotated[Device, typer.Option(help="Where the model runs.")] = Device.AUTO,
    pages: Annotated[
        Pages | None,
        typer.Option(help="What slides.pdf and slides.pptx show, where a presenter is found.", show_default=False),
    ] = None,
    area: Annotated[
        bool, typer.Option(help="Find the slides in a room camera's pictures and write them upright as well.")
    ] = True,
    sparse: Annotated[
        bool | None,
        typer.Option(
            "--sparse/--full",
            help="Decode of a file only the stretches in which something happens, or all of it; without either the "
            "former, where its packets tell.",
            show_default=False,
        ),
    ] = None,
    fused: Annotated[bool, typer.Option("--fused", help="All stages in one process: less memory, slower.")] = False,
    live: Annotated[
        bool | None,
        typer.Option("--live/--no-live", help="The video goes on by itself; cameras always do.", show_default=False),
    ] = None,
    credentials: Annotated[
        str,
        typer.Option(metavar="WHERE", help="user:password of a camera: env:NAME or file:/path.", show_default=False),
    ] = "",
    as_json: AsJson = False,
    metrics: Metrics = None,
    verbose: Verbose = 0,
) -> None:
    """Turn videos into their slides: pictures, slides.pdf and slides.json in VIDEO_slides, or in DIR.

    A camera is watched until Ctrl-C; its slides are written while it is.
    """
    if presenter == NO_PRESENTER and (device is not Device.AUTO or pages is Pages.PRESENTER_FREE):
        raise typer.BadParameter("--device and --pages presenter-free need --presenter MODEL")
    if builds is not None and not post_process:
        raise typer.BadParameter("--no-post-process makes a page of every state; leave out --builds")
    options = Options(
        method=method,
        rate=rate,
        width=width,
        form=form.value,
        pdf=pdf,
        pptx=pptx,
        force=force,
        post_process=post_process,
        fused=fused,
        live=live,
        credentials=credentials,
        mode={None: "auto", True: "sparse", False: "full"}[sparse],
        segmentation=None if presenter == NO_PRESENTER else {"model": presenter, "device": device.value},
        pages=pages.value if pages is not None else "",
        builds=builds.value if builds is not None else "",
        area=area,
    )
    manner = Manner(as_json, verbose, metrics)
    first_failure = ExitCode.OK
    try:
        planned = conversion.plan(videos, output)
    except ConfigError as e:
        raise typer.BadParameter(str(e)) from e
    if any(map(addresses.has_secret, videos)):
        typer.echo(
            "slidetap: warning: a password on the command line can be read by everybody on this machine (ps); "
            "leave it out of the address and give --credentials env:NAME or file:/path",
            err=True,
        )
    for each in planned:
        code = _convert_one(each, options, manner)
        first_failure = first_failure or code
        if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
            break
    raise typer.Exit(first_failure)


def _convert_one(each: Conversion, options: Options, manner: Manner) -> ExitCode:
    """Convert one video and say how it ended; what goes wrong is said here, so that the next video has its turn."""
    try:
        followed = follow(conversion.pipeline(each, options), manner, meanwhile=conversion.get_ready_to_finish)
    except PipelineError as e:
        text = sentence(e)
        if manner.as_json:
            say("result", video=each.video, exit_code=e.exit_code, error=text)
        return complain(text, e.exit_code)
    return end(followed, manner, conversion.finish, each.video)


def main() -> int:
    """The command; the exit code."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them reads of every package installed
    app = make_app(conversion.finish, _keeper, ("lectures",))
    app.command()(convert)
    app.command()(explain)
    app.command()(tune)
    add_lecture_commands(app)
    app.add_typer(models_app(), name="models")
    app.add_typer(masks_app(), name="masks")
    app.add_typer(keys_app(), name="keys")
    return invoke(app)


def _keeper(config: PipelineConfig) -> Keeper | None:
    from stages.keeper import keeper  # only a daemon needs it

    return keeper(config)
