"""The settings that were best as a TOML file for ``slidetap run``. It writes what it is given and chooses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import OutputError, WriteError
from stages import addresses
from stages.durable import write_bytes
from stages.tuning.grid import Candidate
from stages.tuning.sweep import Analysis


def refuse(path: Path, force: bool) -> None:
    """Raise OutputError if ``path`` cannot be written, or is there already and may not be replaced."""
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder; name a file")
    if not path.parent.is_dir():
        raise OutputError(f"there is no folder '{path.parent}' for '{path.name}'; make it, or choose another")
    if path.exists() and not force:
        raise OutputError(f"'{path}' exists; choose another name, or replace it with --force")


def write(path: Path, video: str, candidate: Candidate, analysis: Analysis, headline: str) -> None:
    """Write the pipeline of one conversion. ``headline``: a line about where it comes from. Raises WriteError."""
    try:
        data = text(video, candidate, analysis, headline).encode()
    except UnicodeEncodeError as e:
        raise WriteError(f"cannot write '{path}': the name of '{video!r}' is no UTF-8; rename the video") from e
    write_bytes(path, data)


def text(video: str, candidate: Candidate, analysis: Analysis, headline: str) -> str:
    """The file's text. Of a URL with a password the address is left out, which has to be filled in then."""
    properties = candidate.properties()
    name = addresses.stem(video)
    decoder = {"uri": addresses.shown(video) or "fill in the address", **analysis.properties()}
    stages: dict[str, Mapping[str, object]] = {"decoder": decoder, **properties}
    stages["exporter"] = {"location": f"{name}_slides"}
    lines = [f"# {' '.join(headline.split())}", "# Use it with: slidetap run THIS_FILE", "", "[pipeline]"]
    lines.append(f"name = {_value(name)}")
    for stage, given in stages.items():
        lines += ["", "[[stage]]", f'type = "{stage}"', "", "[stage.properties]"]
        lines += [f"{key} = {_value(value)}" for key, value in given.items()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """As TOML writes it; its texts are those of JSON, but for DEL, and so are its numbers and truths."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
