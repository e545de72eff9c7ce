"""What a stage is: summary, properties with types, defaults and ranges, pads with caps; for ``slidetap inspect``.

Stages are imported in a child process (``python -m pipeline.inspection IMPORT_STRING...``, one JSON object a line),
so that the process of the command loads no codec and survives whatever a stage does while it is imported.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.errors import ConfigError, PipelineError, StageError, revive

_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class PropertyDescription:
    """``type``: in words. ``default``: None if it must be set. ``range``: such as ``1..100``, or empty."""

    name: str
    type: str
    default: object
    required: bool
    range: str
    description: str


@dataclass(frozen=True, slots=True)
class StageDescription:
    """``sink_caps`` is None for a source; ``src_caps`` by pad, the default one first. With default properties."""

    factory: str
    summary: str
    description: str
    properties: tuple[PropertyDescription, ...]
    sink_caps: str | None
    src_caps: Mapping[str, str]


def describe(factories: Sequence[str]) -> list[StageDescription | PipelineError]:
    """Describe stages, given as import strings; in place of one that cannot be, the error that says why. In the parent.

    Raises StageError if the child process ends before it has told everything.
    """
    command = [sys.executable, "-P", "-m", "pipeline.inspection", *factories]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired as e:
        raise StageError(f"importing {', '.join(factories)} took longer than {_LIMIT_S} s") from e
    told = [_from_json(line[len(_MARK) :]) for line in child.stdout.splitlines() if line.startswith(_MARK)]
    if len(told) != len(factories):
        words = child.stderr.strip().splitlines()
        last = f": {words[-1][:300]}" if words else ""
        raise StageError(f"importing '{factories[len(told)]}' ended its process ({child.returncode}){last}")
    return told


def overview(name: str, described: StageDescription | PipelineError) -> str:
    """One line for the list of all stages."""
    said = f"(cannot be used: {described})" if isinstance(described, PipelineError) else described.summary
    return f"{name:<12}{said}"


def text(name: str, described: StageDescription) -> str:
    """A page about one stage, after gst-inspect."""
    sink = described.sink_caps or "none; it is a source"
    pads = [("sink", sink), *((f"src {pad}", caps) for pad, caps in described.src_caps.items())]
    if not described.src_caps:
        pads.append(("src", "none; it is a sink"))
    lines = [f"{name}: {described.summary}", described.factory, "", described.description, "", "Pads"]
    lines += [f"  {pad}: {caps}" for pad, caps in pads]
    lines += ["", "Properties"]
    for each in described.properties:
        allowed = f"{each.type} {each.range}".rstrip()
        default = "must be set" if each.required else f"default: {_shown(each.default)}"
        lines += [
            f"  {each.name}  ({allowed}; {default})",
            *([f"      {each.description}"] if each.description else []),
        ]
    return "\n".join(lines if described.properties else [*lines, "  none"])


def _shown(value: object) -> str:
    if value is None:
        return "unset"
    return value if isinstance(value, str) and value else json.dumps(value)


# Before each line, as a stage may print while it is imported.
_MARK = "slidetap-stage "


def _from_json(text: str) -> StageDescription | PipelineError:
    raw = json.loads(text)
    if "error" in raw:
        return revive(raw["error"], raw["text"])
    properties = tuple(PropertyDescription(**each) for each in raw.pop("properties"))
    return StageDescription(properties=properties, **raw)


def _examine(factory: str) -> StageDescription:
    """Import and describe one stage. In the child. Raises ConfigError for what is no stage."""
    from pipeline.runner.node import load_class
    from pipeline.stage import Stage
    from pipeline.testing import Recorder

    kind = load_class(factory)
    schema = kind.properties_type.model_json_schema()
    # Nothing is started, so that properties which must be set may hold anything of their type here.
    stand_ins = {name: _stand_in(schema["properties"][name]) for name in schema.get("required", ())}
    stage = kind(kind.properties_type.model_construct(None, **stand_ins), Recorder())
    return StageDescription(
        factory=factory,
        summary=kind.summary,
        description=(kind.__doc__ or "").strip(),
        properties=tuple(_properties(schema)),
        sink_caps=str(stage.sink_caps) if isinstance(stage, Stage) else None,
        src_caps={pad: str(caps) for pad, caps in stage.src_caps.items()},
    )


def _properties(schema: Mapping[str, Any]) -> Iterator[PropertyDescription]:
    required = schema.get("required", ())
    for name, entry in schema.get("properties", {}).items():
        resolved = _resolved(entry, schema)
        yield PropertyDescription(
            name=name,
            type=_type(resolved, schema),
            default=resolved.get("default"),
            required=name in required,
            range=_range(resolved, schema),
            description=resolved.get("description", ""),
        )


def _resolved(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry with what it refers to, such as an enumeration, written into it."""
    if "$ref" in entry:
        return {**schema["$defs"][entry["$ref"].rpartition("/")[2]], **entry}
    return entry


def _type(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "anyOf" in entry:
        types = [_type(_resolved(each, schema), schema) for each in entry["anyOf"]]
        return " or ".join(each for each in types if each != "nothing")  # a default of null says that it may be unset
    if "enum" in entry:
        return " | ".join(str(each) for each in entry["enum"])
    if "const" in entry:
        return str(entry["const"])
    kind = str(entry.get("type", "anything"))
    return {"string": "text", "boolean": "true | false", "null": "nothing", "array": "list"}.get(kind, kind)


def _range(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    for each in entry.get("anyOf", ()):
        if found := _range(_resolved(each, schema), schema):
            return found
    low = next((f"{sign}{entry[key]}" for key, sign in _LOW if key in entry), "")
    high = next((f"{sign}{entry[key]}" for key, sign in _HIGH if key in entry), "")
    return f"{low or ''}..{high or ''}" if low or high else ""


_LOW = (("minimum", ""), ("exclusiveMinimum", "above "))
_HIGH = (("maximum", ""), ("exclusiveMaximum", "below "))


def _stand_in(entry: Mapping[str, Any]) -> object:
    return {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": [], "object": {}}.get(
        entry.get("type", "string"), ""
    )


def main(factories: Sequence[str]) -> int:
    """Describe each factory on standard output. In the child."""
    for factory in factories:
        try:
            text = json.dumps(asdict(_examine(factory)), default=str)
        except PipelineError as e:
            text = json.dumps({"error": type(e).__name__, "text": str(e)})
        except Exception as e:  # noqa: BLE001 - whatever a stage does must not keep the others from being described
            text = json.dumps({"error": ConfigError.__name__, "text": f"stage '{factory}': {type(e).__name__}: {e}"})
        print(_MARK + text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
