"""Commands for lectures that are there already: export and lectures. They parse, call and say what came of it."""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stages.lecture import Lecture


class Pages(enum.StrEnum):
    """Which pictures the documents show."""

    AS_SEEN = "as-seen"
    PRESENTER_FREE = "presenter-free"


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a lecture, for machines.")]
Which = Annotated[Path, typer.Argument(metavar="LECTURE", help="Its folder, or that of any result.")]


def add_lecture_commands(app: typer.Typer) -> None:
    """To ``app``."""

    @app.command()
    def export(
        lecture: Which,
        pdf: Annotated[bool, typer.Option("--pdf", help="Make slides.pdf.")] = False,
        pptx: Annotated[bool, typer.Option("--pptx", help="Make slides.pptx.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Make slides.json.")] = False,
        vtt: Annotated[bool, typer.Option("--vtt", help="Make slides.vtt, captions that name the slide.")] = False,
        video: Annotated[bool, typer.Option("--video", help="Join the recording, with a chapter a slide.")] = False,
        pages: Annotated[Pages, typer.Option(help="What slides.pdf and slides.pptx show.")] = Pages.AS_SEEN,
        area: Annotated[
            bool | None,
            typer.Option(
                "--area/--no-area",
                help="Look for the slide area of a room camera, with slides.json.",
                show_default=False,
            ),
        ] = None,
        output: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where to.")] = None,
        hash_: Annotated[
            str | None, typer.Option("--hash", help="Group slides anew, by this hash.", show_default=False)
        ] = None,
        hash_size: Annotated[int | None, typer.Option(help="Side of the hash in bits.", show_default=False)] = None,
        distance: Annotated[
            int | None, typer.Option(help="Bits that may differ in one slide.", show_default=False)
        ] = None,
        confirm: Annotated[
            str | None, typer.Option(help="What must agree as well: none, content or a hash.", show_default=False)
        ] = None,
        confirm_distance: Annotated[
            int | None, typer.Option(help="Bits that may differ in the second hash.", show_default=False)
        ] = None,
    ) -> None:
        """Make the exports of a lecture anew from its journal: without options PDF and slides.json."""
        from stages.exporting import ExportOptions
        from stages.exporting import export as make

        given = {
            "hash": hash_,
            "hash_size": hash_size,
            "distance": distance,
            "confirm": confirm,
            "confirm_distance": confirm_distance,
        }
        dedup = {key: value for key, value in given.items() if value is not None}
        made = make(lecture, ExportOptions(pdf, pptx, as_json, vtt, video, output, dedup, pages.value, area))
        slides = "1 slide" if made.slides == 1 else f"{made.slides} slides"
        typer.echo(f"{slides} in {made.folder}: {', '.join(file.name for file in made.files) or 'nothing to export'}")
        for skipped in made.skipped:
            typer.echo(f"slidetap: warning: '{skipped}' could not be read and was left out", err=True)

    @app.command()
    def lectures(
        root: Annotated[Path, typer.Argument(metavar="[ROOT]", help="The folder that a daemon keeps them in.")] = Path(
            "lectures"
        ),
        as_json: AsJson = False,
    ) -> None:
        """List lectures: name, state, begin, length, slides, size of the recording."""
        from pipeline.errors import OutputError
        from stages.lecture import lectures as found_in

        if not root.is_dir():
            raise OutputError(f"'{root}' is no folder; name the one that lectures are kept in")
        found = found_in(root)
        if as_json:
            for each in found:
                typer.echo(json.dumps(_facts(each)))
        else:
            typer.echo(table(found) if found else f"there are no lectures in '{root}'")


def table(found: Sequence[Lecture]) -> str:
    """For people; times in the machine's zone."""
    rows = [("lecture", "state", "begun", "length", "slides", "recording")]
    for each in found:
        length = "-" if each.ended_wall_ns is None else _length(each.ended_wall_ns - each.begun_wall_ns)
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(each.begun_wall_ns // 10**9))
        rows.append((each.name, each.state, begun, length, str(each.slides), _size(each.segment_bytes)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _facts(lecture: Lecture) -> dict[str, object]:
    return {
        "name": lecture.name,
        "path": str(lecture.path),
        "title": lecture.title,
        "state": lecture.state,
        "begun_wall_ns": lecture.begun_wall_ns,
        "ended_wall_ns": lecture.ended_wall_ns,
        "slides": lecture.slides,
        "segment_bytes": lecture.segment_bytes,
    }


def _length(ns: int) -> str:
    minutes, seconds = divmod(max(0, ns) // 10**9, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"
