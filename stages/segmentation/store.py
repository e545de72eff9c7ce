"""The folder of model files: fetched, added, checked. A file whose sum is not the one that is known is never given out.

Stands beside ``models``, whose table it fetches from with ``downloading``. It does not open models; that is for
``session``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from pipeline.errors import ConfigError, OutputError, SourceError
from stages.durable import replacing, write_bytes
from stages.segmentation.digests import digest, digests
from stages.segmentation.downloading import Progress, download
from stages.segmentation.models import MODELS, ModelSpec

SUFFIX = ".onnx"
RECORD_SUFFIX = ".json"  # of an added file: what it is like, and its sum

_ALGORITHM = "sha256"  # of what is added
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class State(StrEnum):
    """Of a model's file, as far as can be told without reading it."""

    MISSING = "missing"
    THERE = "there"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that is known. ``size_bytes`` is None while the file is missing; ``added`` by hand, not in the table."""

    spec: ModelSpec
    path: Path
    size_bytes: int | None
    added: bool

    @property
    def state(self) -> State:
        """Whether there is a file."""
        return State.MISSING if self.size_bytes is None else State.THERE


def default_folder(environment: Mapping[str, str]) -> Path:
    """SLIDETAP_MODELS, else slidetap/models in the user's data folder (XDG). Raises ConfigError without a home."""
    if chosen := environment.get("SLIDETAP_MODELS"):
        return Path(chosen)
    data = environment.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):  # the specification has relative ones ignored
        return Path(data) / "slidetap" / "models"
    try:
        return Path.home() / ".local" / "share" / "slidetap" / "models"
    except RuntimeError as e:
        raise ConfigError("there is no home folder for models; name one in SLIDETAP_MODELS") from e


class Store:
    """The models in ``folder``, which is made with mode 0700 when the first file comes."""

    def __init__(self, folder: Path, table: Mapping[str, ModelSpec] = MODELS) -> None:
        self.folder, self._table = folder, table

    def entries(self) -> list[Entry]:
        """All of the table, then those added by hand, by name."""
        added = sorted(path.stem for path in self._records() if path.stem not in self._table)
        return [self._entry(name) for name in (*self._table, *added)]

    def model(self, name: str) -> tuple[ModelSpec, Path]:
        """What it takes and where it is, its sum checked just now. Raises ConfigError."""
        entry = self._entry(name)
        if entry.state is State.MISSING:
            how = f"slidetap models {'add FILE --name' if entry.added else 'pull'} {name}"
            raise ConfigError(f"model '{name}' is not in '{self.folder}'; fetch it with: {how}")
        if wrong := self.fault(entry):
            raise ConfigError(f"model '{name}': {wrong}")
        return entry.spec, entry.path

    def fault(self, entry: Entry) -> str:
        """What is wrong with a file that is there, all of it read; nothing if its sum is right."""
        known = entry.spec.digest
        try:
            found = digest(entry.path, known.partition(":")[0])
        except OSError as e:
            return f"'{entry.path}' cannot be read: {e.strerror}"
        if found == known:
            return ""
        again = "add" if entry.added else "pull"
        return f"'{entry.path}' has the sum {found}, not {known}; it is damaged and is not loaded: {again} it again"

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch a model of the table; one that is there and right stays as it is.

        Raises ConfigError for an unknown name, SourceError for a download that fails, DataError for a file with
        another sum, OutputError where it cannot be written. After any of them there is no file that was not there.
        """
        if name not in self._table:
            raise ConfigError(f"there is no model '{name}' to be pulled; there is: {', '.join(self._table)}")
        entry = self._entry(name)
        if entry.state is State.THERE and not self.fault(entry):
            return entry.path
        self._make_folder()
        with replacing(entry.path) as tmp:
            download(entry.spec.url, entry.spec.digest, tmp, progress)
        return entry.path

    def add(self, file: Path, name: str | None = None, like: str | None = None) -> Entry:
        """Copy ``file`` into the store and record its sum.

        A file of the table is known by its sum and needs neither ``name`` nor ``like``, the model of the table that
        it is used as. Raises ConfigError if they are missing or wrong, SourceError if the file cannot be read,
        OutputError if it cannot be written.
        """
        try:
            sums = digests(
                file, [_ALGORITHM, *sorted({spec.digest.partition(":")[0] for spec in self._table.values()})]
            )
        except OSError as e:
            raise SourceError(f"'{file}' cannot be read: {e.strerror}") from e
        known = next((spec for spec in self._table.values() if spec.digest in sums), None)
        if known is not None and name in (None, known.name) and like in (None, known.name):
            target, record = known.name, None
        else:
            target = self._free_name(name if name is not None else file.stem)
            if like not in self._table:
                given = "is in no table" if like is None else f"cannot be like '{like}'"
                raise ConfigError(f"'{file}' {given}; say --like and one of: {', '.join(self._table)}")
            record = {"like": like, "digest": sums[0]}
        self._make_folder()
        path = self._path(target)
        with replacing(path) as tmp:
            shutil.copyfile(file, tmp)
        if record is not None:
            write_bytes(path.with_suffix(RECORD_SUFFIX), json.dumps(record).encode())
        return self._entry(target)

    def _entry(self, name: str) -> Entry:
        path = self._path(name)
        spec, added = self._table.get(name), False
        if spec is None:
            spec, added = self._recorded(name), True
        try:
            size = path.stat().st_size
        except OSError:
            size = None
        return Entry(spec, path, size, added)

    def _recorded(self, name: str) -> ModelSpec:
        """Of a model that was added."""
        path = self._path(name).with_suffix(RECORD_SUFFIX) if _NAME.fullmatch(name) else None
        if path is None or not path.is_file():
            known = ", ".join(entry.stem for entry in self._records())
            raise ConfigError(f"there is no model '{name}'; there is: {', '.join(filter(None, (*self._table, known)))}")
        try:
            record = json.loads(path.read_bytes())
            like, known_sum = self._table[record["like"]], str(record["digest"])
            if not known_sum.startswith(f"{_ALGORITHM}:"):
                raise ValueError(f"'{known_sum}' is no {_ALGORITHM}")
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise ConfigError(f"'{path}' is no record of a model ({e}); add the model again") from e
        purpose = f"added; used as {like.name}"
        return replace(like, name=name, digest=known_sum, licence="your own", url="", purpose=purpose)

    def _records(self) -> Iterator[Path]:
        return iter(sorted(self.folder.glob(f"*{RECORD_SUFFIX}")))

    def _free_name(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"'{name}' is no name for a model; take letters, digits, '.', '_' and '-'")
        if name in self._table:
            raise ConfigError(f"'{name}' is the name of a model of the table, and this is another file; say --name")
        return name

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as e:
            raise OutputError(f"the folder for models, '{self.folder}', cannot be made: {e.strerror}") from e
