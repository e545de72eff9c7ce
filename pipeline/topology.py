"""Whether a PipelineConfig is a pipeline at all: names, links, one source, a tree, fused neighbours. Pure.

Between reading a description and starting it. What the stages are and whether their caps fit is not known here.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable

from pipeline.config import LEAKY, LinkConfig, PipelineConfig
from pipeline.errors import ConfigError

MAX_WINDOW = 4096
# Names become names of sockets, whose whole path may have about 100 characters.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")


def checked_name(what: str, name: str) -> str:
    """``name``, if stages and processes may be called that. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what} '{name}': a name begins with a letter and has at most 31 letters, digits, '-' or '_'"
        )
    return name


def validate(config: PipelineConfig) -> PipelineConfig:
    """``config``, if it is a tree with one source. Raises ConfigError naming the stage or link that is wrong."""
    if not config.stages:
        raise ConfigError("the pipeline has no stages; it needs a source at least")
    names = [stage.name for stage in config.stages]
    for stage in config.stages:
        checked_name("stage", stage.name)
        checked_name(f"process of stage '{stage.name}'", stage.process)
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"{count} stages are called '{name}'; give each a name of its own (name = ...)")
    for link in config.links:
        _check_link(link, names)
    _check_tree(config, names)
    _check_processes(config)
    return config


def unknown_stage(name: str, known: Iterable[str]) -> str:
    """What to say of a stage that is referred to and not there."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there is: {', '.join(known) or 'none yet'}"
    return f"there is no stage '{name}'; {hint}"


def _check_link(link: LinkConfig, names: list[str]) -> None:
    for end in (link.source, link.sink):
        if end not in names:
            raise ConfigError(f"link {link.source} -> {link.sink}: {unknown_stage(end, names)}")
    if isinstance(link.window, bool) or not 1 <= link.window <= MAX_WINDOW:
        raise ConfigError(f"stage '{link.sink}': window = {link.window}: it must be from 1 to {MAX_WINDOW}")
    if link.leaky not in LEAKY:
        raise ConfigError(f"stage '{link.sink}': leaky = '{link.leaky}': it must be one of {', '.join(LEAKY)}")


def _check_tree(config: PipelineConfig, names: list[str]) -> None:
    before: dict[str, str] = {}
    for link in config.links:
        if link.sink in before:
            raise ConfigError(
                f"'{link.sink}' comes after both '{before[link.sink]}' and '{link.source}'; links fan out, never join"
            )
        before[link.sink] = link.source
    sources = [name for name in names if name not in before]
    if len(sources) > 1:
        listed = "' and '".join(sources)
        raise ConfigError(f"'{listed}' come after no other stage; a pipeline has one source")
    for name in names:
        seen = {name}
        while name in before:
            name = before[name]
            if name in seen:
                raise ConfigError(f"the links go round in a circle at '{name}'; they must begin at a source")
            seen.add(name)


def _check_processes(config: PipelineConfig) -> None:
    """Stages of one process must be neighbours: just one of them is fed from outside."""
    home = {stage.name: stage.process for stage in config.stages}
    before = {link.sink: link.source for link in config.links}
    for process in dict.fromkeys(home.values()):
        members = [name for name, its in home.items() if its == process]
        heads = [name for name in members if home.get(before.get(name, "")) != process]
        if len(heads) > 1:
            listed = "' and '".join(heads)
            raise ConfigError(f"process '{process}': '{listed}' are not connected; only neighbours can be fused")
