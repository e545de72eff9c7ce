"""A video or camera to its slides: from the options of ``slidetap convert`` to a PipelineConfig, and the last words.

Runs in the process of the command and imports no stage; how a method is tuned stands in ``presets``.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import LinkConfig, PipelineConfig, Restart, StageConfig
from pipeline.errors import ConfigError, OutputError, PipelineError, SourceError
from pipeline.following import Followed
from pipeline.frame import Meta
from stages import addresses
from stages.presets import PRESETS, plane_format

# Import strings: resolving short names would cost a scan of all that is installed.
FLOW = {
    "decoder": "stages.decoder:Decoder",
    "segmentation": "stages.segmentation:Segmentation",
    "bgsub": "stages.bgsub:Bgsub",
    "trigger": "stages.trigger:Trigger",
    "dedup": "stages.dedup:Dedup",
    "exporter": "stages.exporter:Exporter",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What ``slidetap convert`` was asked for. ``rate``, ``width``: None is what the method's preset says. ``live``:
    whether the video goes on by itself; None: its address says so. ``credentials``, ``mode``: the decoder's properties.
    ``segmentation``: properties of that stage; None: nobody looks for a presenter. ``pages``: the exporter's property;
    empty: its default. ``builds``: dedup's; empty: what the preset says. ``area``: whether the exporter looks for it.
    """

    method: str = "default"
    rate: float | None = None
    width: int | None = None
    form: str = "png"
    pdf: bool = True
    pptx: bool = False
    force: bool = False
    post_process: bool = True
    fused: bool = False
    live: bool | None = None
    credentials: str = ""
    mode: str = "auto"
    segmentation: Mapping[str, object] | None = None
    pages: str = ""
    builds: str = ""
    area: bool = True


@dataclass(frozen=True, slots=True)
class Conversion:
    """One video and the folder its slides go to."""

    video: str
    location: Path


def plan(videos: Sequence[str], output: Path | None) -> list[Conversion]:
    """Where each video's slides go. ``output``: the folder for one video, the folder of folders for several.

    Raises ConfigError if two would go to the same one.
    """
    if output is not None and len(videos) == 1:
        return [Conversion(videos[0], output)]
    planned: dict[Path, str] = {}
    for video in videos:
        location = (output or Path()) / f"{_stem(video)}_slides"
        if location in planned:
            raise ConfigError(f"'{planned[location]}' and '{video}' would both go to '{location}'; convert them apart")
        planned[location] = video
    return [Conversion(video, location) for location, video in planned.items()]


def pipeline(conversion: Conversion, options: Options) -> PipelineConfig:
    """The pipeline of one conversion. Raises SourceError if the video cannot be there, ConfigError for the method."""
    if options.method not in PRESETS:
        raise ConfigError(f"unknown method '{options.method}'; there is: {', '.join(PRESETS)}")
    look(conversion.video)
    live = addresses.is_camera(conversion.video) if options.live is None else options.live
    # What nobody chose is what suits the source: a camera's slides are wanted while it is on.
    method = "live" if live and options.method == "default" else options.method
    names = [name for name in FLOW if name != "segmentation" or options.segmentation is not None]
    properties = {stage: dict(PRESETS[method].get(stage, {})) for stage in names}
    properties["decoder"]["uri"] = conversion.video
    if options.live is not None:
        properties["decoder"]["live"] = "yes" if options.live else "no"
    if options.credentials:
        properties["decoder"]["credentials"] = options.credentials
    if options.mode != "auto":
        properties["decoder"]["mode"] = options.mode
    elif options.segmentation is not None and not live:
        properties["decoder"]["mode"] = "full"  # who walks in front is followed from frame to frame
    if live or options.segmentation is not None:
        properties["decoder"].pop("rate", None)  # slides are waited for; a mask follows who moves from frame to frame
    if options.rate is not None:
        properties["decoder"]["rate"] = options.rate
    if options.width is not None:
        properties["decoder"]["width"] = options.width
    if options.segmentation is not None:
        properties["segmentation"] |= {"wait": not live, "format": plane_format(method), **options.segmentation}
    if options.builds:
        properties["dedup"]["builds"] = options.builds
    if not options.post_process:
        properties["dedup"] = {"hash": "none"}
    if options.pages:
        properties["exporter"]["pages"] = options.pages
    if not options.area:
        properties["exporter"]["area"] = "off"
    properties["exporter"] |= {
        "source": addresses.shown(conversion.video),
        "location": str(conversion.location),
        "format": options.form,
        "pdf": options.pdf,
        "pptx": options.pptx,
        "force": options.force,
    }
    stages = tuple(
        StageConfig(name, FLOW[name], "convert" if options.fused else name, properties[name]) for name in names
    )
    leaky = "downstream" if live else "no"
    links = tuple(
        LinkConfig(source, sink, leaky=leaky if source == names[0] else "no")
        for source, sink in zip(names, names[1:], strict=False)
    )
    restart = Restart("process" if live else "rollback")
    return PipelineConfig(stages, links, name=conversion.location.name, restart=restart)


def look(video: str) -> None:
    """Raise SourceError for a file that is not there, before a process is started for it; URLs are not looked at."""
    if addresses.is_url(video):
        return
    path = Path(video)
    if path.is_dir():
        raise SourceError(f"'{video}' is a folder; name a video file in it")
    try:
        path.stat()
    except OSError as e:
        raise SourceError(f"'{video}' cannot be opened: {e.strerror}") from e


def get_ready_to_finish() -> None:
    """Import what ``finish`` needs."""
    importlib.import_module("stages.exporter.index")


def finish(followed: Followed) -> str:
    """After any run: the ledger goes into slides.json; a line about the result, or about what a failed run has left.

    Raises OutputError or WriteError.
    """
    if followed.outcome.error is not None:
        return "".join(_salvage(followed, location) for location in _locations(followed.config))
    told = followed.tally.result
    location, slides = told.get("location"), told.get("slides")
    if not isinstance(location, str) or not isinstance(slides, int):
        ends_in_one = followed.config.service is None  # what a daemon made lies in its lectures
        return "stopped before there was a result" if followed.outcome.signal and ends_in_one else ""
    from stages.exporter.index import annotate

    interrupted = followed.outcome.signal is not None
    annotate(Path(location), ledgers=followed.outcome.ledgers, stream=_stream(followed), interrupted=interrupted)
    stopped = f"stopped at {followed.tally.pts_s:.1f} s: " if interrupted else ""
    short = _short(told.get("transients"))
    if slides == 0:
        uri = followed.tally.stream.get("uri")
        return f"{stopped}no slides were found in '{uri}'; {told.get('json')} says so{short}"
    made = [str(told[key]) for key in ("pdf", "pptx", "json") if told.get(key)]
    names = ", ".join(Path(file).name for file in made)
    return f"{stopped}{_count(slides)} in {location}: {names}{_area(told.get('areas'))}{short}"


def _salvage(followed: Followed, location: Path) -> str:
    """List what a failed run has written, or remove what holds nothing; a phrase that says where."""
    from stages.exporter.folder import clear_away, partial_of
    from stages.exporter.index import annotate

    slides = followed.tally.counts["slide"]
    partial = partial_of(location)
    if not slides:
        # What is there may be another run's, which holds on to it, or an older one's, which is not empty.
        with contextlib.suppress(OutputError, OSError):
            clear_away(location)
        return ""
    try:
        annotate(partial, ledgers=followed.outcome.ledgers, stream=_stream(followed))
    except PipelineError as e:
        return f"; {_count(slides)} in '{partial}', but slides.json could not be written: {e}"
    return f"; {_count(slides)} written before that, listed in '{partial / 'slides.json'}'"


def _locations(config: PipelineConfig) -> list[Path]:
    exporters = [stage for stage in config.stages if stage.factory == FLOW["exporter"]]
    return [Path(str(stage.properties["location"])) for stage in exporters if "location" in stage.properties]


def _stream(followed: Followed) -> Meta | None:
    return followed.tally.stream or None


def _count(slides: int) -> str:
    return "1 slide" if slides == 1 else f"{slides} slides"


def _area(areas: object) -> str:
    """Where the slides of a room camera are upright, if their area was found."""
    if not isinstance(areas, int) or not areas:
        return ""
    return f"; the slide area was found, upright pictures: {areas}, slides/slide-*-area.*"


def _short(transients: object) -> str:
    """What was too short for a page, if anything was."""
    if not isinstance(transients, int) or not transients:
        return ""
    return f"; transients, too short for a page: {transients}, listed in slides.json"


def _stem(video: str) -> str:
    """Raises ConfigError for what has no name."""
    stem = addresses.stem(video)
    if not stem:
        raise ConfigError(f"'{video}' has no name that a folder could take; say where to with -o DIR")
    return stem
