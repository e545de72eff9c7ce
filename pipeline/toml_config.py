"""TOML files -> PipelineConfig; see configs/lecture.toml for the format. ``launch`` reads the one-line form.

Unknown keys are refused. Stages are described in order of the data flow; nothing is imported.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from pipeline.config import DEFAULT_WINDOW, POLICIES, Limits, LinkConfig, PipelineConfig, Restart, Service, StageConfig
from pipeline.errors import ConfigError
from pipeline.factories import default_name
from pipeline.topology import unknown_stage, validate

T = TypeVar("T")

_TABLES = ("pipeline", "stage", "limits", "restart", "service")
_STAGE_KEYS = ("type", "name", "process", "after", "window", "leaky", "properties")
_LIMIT_KEYS = tuple(field.name for field in fields(Limits))
_RESTART_KEYS = tuple(field.name for field in fields(Restart))
_SERVICE_KEYS = tuple(field.name for field in fields(Service))
_WORDS = {str: "a text in quotes", int: "a whole number", dict: "a table", list: "a list of tables", float: "a number"}


def load(path: Path, application: Collection[str] = ()) -> PipelineConfig:
    """Read a file. Raises ConfigError naming the file, and line and key where they can be told.

    ``application``: names of tables that the application reads; they come out as they are.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as e:
        raise ConfigError(f"'{path}' cannot be read: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise ConfigError(f"'{path}' is no text file in UTF-8; a config is written in TOML") from e
    return parse(text, str(path), application)


def parse(text: str, origin: str = "config", application: Collection[str] = ()) -> PipelineConfig:
    """Read the text of a file called ``origin``. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{origin}: {e}") from e
    return _Reading(text, origin).pipeline(document, tuple(application))


class _Reading:
    """One file being read; it knows where it is, for the errors."""

    def __init__(self, text: str, origin: str) -> None:
        self._lines = text.splitlines()
        self._origin = origin
        self._begin = 0  # index of the line where the table at hand begins

    def pipeline(self, document: Mapping[str, object], application: tuple[str, ...]) -> PipelineConfig:
        self._known(document, (*_TABLES, *application), "the file")
        head = self._table(document, "pipeline")
        self._enter(r"\[pipeline\]")
        self._known(head, ("name",), "[pipeline]")
        name = self._typed(head, "name", str, "pipeline")
        limits = Limits(**self._limits(self._table(document, "limits")))
        restart = self._restart(self._table(document, "restart"))
        service = self._service(self._table(document, "service")) if "service" in document else None
        tables = {key: self._table(document, key) for key in application if key in document}
        stages: list[StageConfig] = []
        links: list[LinkConfig] = []
        for number, entry in enumerate(self._typed(document, "stage", list, [])):
            self._enter(r"\[\[\s*stage\s*\]\]", number)
            if not isinstance(entry, dict):
                raise self._error("write each stage as a table of its own: [[stage]]", "stage")
            stage, link = self._stage(entry, [known.name for known in stages])
            stages.append(stage)
            links += [link] if link else []
        if not stages:
            raise self._error('it describes no stage; write [[stage]] and below it type = "..."')
        try:
            return validate(PipelineConfig(tuple(stages), tuple(links), name, limits, restart, service, tables))
        except ConfigError as e:
            raise self._error(str(e)) from e

    def _stage(self, entry: Mapping[str, object], before: list[str]) -> tuple[StageConfig, LinkConfig | None]:
        self._known(entry, _STAGE_KEYS, "[[stage]]")
        factory = self._typed(entry, "type", str, "")
        if not factory:
            raise self._error('[[stage]] needs a type, such as type = "decoder"')
        name = self._typed(entry, "name", str, default_name(factory))
        process = self._typed(entry, "process", str, name)
        properties = self._table(entry, "properties")
        for key, value in properties.items():
            if not _plain(value):
                raise self._error(f"property '{key}' of stage '{name}': dates and times are no property values", key)
        stage = StageConfig(name, factory, process, properties)
        if not before:
            for key in ("after", "window", "leaky"):
                if key in entry:
                    text = f"'{name}' is the first stage and so the source; '{key}' belongs to later ones"
                    raise self._error(text, key)
            return stage, None
        source, _, pad = self._typed(entry, "after", str, before[-1]).partition(".")
        if source not in before:
            hint = unknown_stage(source, before)
            raise self._error(f"stage '{name}': after = '{source}': above it {hint}", "after")
        window = self._typed(entry, "window", int, DEFAULT_WINDOW)
        leaky = self._typed(entry, "leaky", str, "no")
        return stage, LinkConfig(source, name, pad, window, leaky)

    def _limits(self, table: Mapping[str, object]) -> dict[str, float]:
        self._enter(r"\[limits\]")
        self._known(table, _LIMIT_KEYS, "[limits]")
        return {key: self._seconds(table, key) for key in table}

    def _restart(self, table: Mapping[str, object]) -> Restart:
        self._enter(r"\[restart\]")
        self._known(table, _RESTART_KEYS, "[restart]")
        usual = Restart()
        policy = self._typed(table, "policy", str, usual.policy)
        if policy not in POLICIES:
            raise self._error(f"policy = '{policy}': it must be one of {', '.join(POLICIES)}", "policy")
        crashes = self._typed(table, "crashes", int, usual.crashes)
        if not 0 <= crashes < 1000:
            raise self._error(f"crashes = {crashes}: it must be a number from 0 to 999", "crashes")
        times = {key: self._seconds(table, key, key == "again") for key in table if key not in ("policy", "crashes")}
        made = Restart(policy=policy, crashes=crashes, **times)
        if made.longest < made.backoff:
            key = "longest" if "longest" in table else "backoff"
            raise self._error(f"longest = {made.longest:g} is less than backoff = {made.backoff:g}", key)
        return made

    def _service(self, table: Mapping[str, object]) -> Service:
        self._enter(r"\[service\]")
        self._known(table, _SERVICE_KEYS, "[service]")
        http = self._typed(table, "http", str, "")
        port = http.rpartition(":")[2]
        if http and not (port.isascii() and port.isdecimal() and int(port) < 65536):
            raise self._error(f"http = '{http}': write host:port or only the port, such as \"127.0.0.1:9110\"", "http")
        return Service(self._typed(table, "socket", str, ""), http)

    def _seconds(self, table: Mapping[str, object], key: str, or_none: bool = False) -> float:
        value = self._typed(table, key, float, 0.0)
        if not 0 < value < 1e6 and not (or_none and value == 0):
            raise self._error(f"{key} = {value:g}: it must be seconds, more than 0", key)
        return value

    def _table(self, table: Mapping[str, object], key: str) -> dict[str, object]:
        return self._typed(table, key, dict, {})

    def _typed(self, table: Mapping[str, object], key: str, kind: type[T], default: T) -> T:
        value = table.get(key, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self._error(f"{key} = {value!r}: it must be {_WORDS[kind]}", key)
        return value

    def _known(self, table: Mapping[str, object], known: Collection[str], where: str) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"it may have: {', '.join(known)}"
                raise self._error(f"unknown key '{key}' in {where}; {hint}", key)

    def _enter(self, header: str, number: int = 0) -> None:
        """Find the line of a table's header: the ``number``-th of its kind. Inline tables have none."""
        found = [index for index, line in enumerate(self._lines) if re.match(rf"\s*{header}", line)]
        self._begin = found[number] if number < len(found) else 0

    def _error(self, text: str, key: str = "") -> ConfigError:
        """A ConfigError with file and, where the key is found below the table at hand, line."""
        if key:
            pattern = re.compile(rf"\s*(?:\[+\s*)?[\"']?{re.escape(key)}\b")
            for index in range(self._begin, len(self._lines)):
                if pattern.match(self._lines[index]):
                    return ConfigError(f"{self._origin}, line {index + 1}: {text}")
        return ConfigError(f"{self._origin}: {text}")


def _plain(value: object) -> bool:
    """Whether it is made of what JSON has, as the children are told their properties in JSON."""
    if isinstance(value, dict):
        return all(_plain(inner) for inner in value.values())
    if isinstance(value, list):
        return all(_plain(inner) for inner in value)
    return isinstance(value, str | int | float)
