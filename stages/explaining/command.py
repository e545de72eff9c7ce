"""``slidetap explain``: it parses, calls and says what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stages.explaining.answers import Answer


def explain(
    lecture: Annotated[Path, typer.Argument(metavar="LECTURE", help="Its folder, or that of any result.")],
    time: Annotated[
        str | None,
        typer.Argument(metavar="[TIME]", help="1:14:03, 14:03.5 or seconds; without it all decisions are listed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for machines.")] = False,
) -> None:
    """Say why there is, or is not, a slide at a time: what was seen, what was decided, and by which thresholds.

    It reads the journal alone, also while a lecture goes on.
    """
    from stages.explaining import answers
    from stages.explaining.facts import load
    from stages.explaining.times import parsed

    try:
        at_ns = None if time is None else parsed(time)
    except ValueError as e:
        raise typer.BadParameter(str(e)) from e
    facts = load(lecture)
    found = answers.decisions(facts) if at_ns is None else [answers.answer(facts, at_ns)]
    for each in found:
        typer.echo(json.dumps(each.facts(), ensure_ascii=False) if as_json else text(each))
    if not found and not as_json:
        typer.echo("nothing was decided: no capture, no gap")


def text(answer: Answer) -> str:
    """For people: the sentence, and the reasons below it."""
    from stages.explaining.times import clock

    return "\n".join([f"{clock(answer.at_ns)}  {answer.headline}", *(f"    {line}" for line in answer.lines)])
