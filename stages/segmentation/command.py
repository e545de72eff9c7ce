"""``slidetap models``: list, pull, add, verify. It parses, calls ``store`` and says what came of it.

Imports no more than typer until a command runs: the command line that has it must start at once.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stages.segmentation.downloading import Progress
    from stages.segmentation.store import Entry, Store

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a model, for machines.")]


def models_app() -> typer.Typer:
    """The commands, to be added to an app under the name ``models``."""
    app = typer.Typer(no_args_is_help=True, help="Networks that find the presenter: what there is, and their files.")
    app.command("list")(list_models)
    app.command("pull")(pull)
    app.command("add")(add)
    app.command("verify")(verify)
    return app


def list_models(as_json: AsJson = False) -> None:
    """List models: name, input, file, licence, what each is good for."""
    entries = _store().entries()
    typer.echo("\n".join(json.dumps(facts(each)) for each in entries) if as_json else table(entries))


def pull(names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Of the list.")]) -> None:
    """Fetch models; a file is there only once its sum is right."""
    store = _store()
    for name in names:
        typer.echo(f"{name}: {store.pull(name, _progress(name))}")


def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ONNX file.")],
    name: Annotated[str | None, typer.Option(help="What to call it; else as the file.", show_default=False)] = None,
    like: Annotated[
        str | None, typer.Option(help="The model of the list that it is fed like.", show_default=False)
    ] = None,
) -> None:
    """Copy a model's file into the store: one of the list, known by its sum, or one of your own."""
    added = _store().add(file, name, like)
    typer.echo(f"{added.spec.name}: {added.path}")


def verify() -> None:
    """Read all files that are there and compare their sums."""
    from pipeline.errors import DataError

    store = _store()
    there = [entry for entry in store.entries() if entry.size_bytes is not None]
    faults = {entry.spec.name: store.fault(entry) for entry in there}
    for name, fault in faults.items():
        typer.echo(f"{name}: {fault or 'right'}")
    if not there:
        typer.echo(f"there are no models in '{store.folder}'")
    if damaged := [name for name, fault in faults.items() if fault]:
        raise DataError(f"{len(damaged)} of {len(there)} models cannot be used: {', '.join(damaged)}")


def table(entries: list[Entry]) -> str:
    """For people."""
    rows = [("model", "input", "file", "licence", "good for")]
    for each in entries:
        spec = each.spec
        size = "-" if each.size_bytes is None else f"{each.size_bytes / 2**20:.1f} MiB"
        rows.append((spec.name, f"{spec.size[1]}x{spec.size[0]}", size, spec.licence, spec.purpose))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def facts(entry: Entry) -> dict[str, object]:
    """For machines."""
    spec = entry.spec
    return {
        "name": spec.name,
        "state": entry.state,
        "path": str(entry.path),
        "size_bytes": entry.size_bytes,
        "added": entry.added,
        "input_size": spec.size,
        "mean": spec.mean,
        "std": spec.std,
        "threshold": spec.threshold,
        "licence": spec.licence,
        "url": spec.url,
        "digest": spec.digest,
        "purpose": spec.purpose,
    }


def _store() -> Store:
    from stages.segmentation.store import Store, default_folder

    return Store(default_folder(os.environ))


def _progress(name: str) -> Progress | None:
    """A bar on the terminal; none where there is no terminal."""
    if not sys.stderr.isatty():
        return None
    from stages.segmentation.download_bar import DownloadBar

    return DownloadBar(name)
