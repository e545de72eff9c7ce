"""Words of a launch line -> PipelineConfig."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.config import DEFAULT_WINDOW, LinkConfig, PipelineConfig, StageConfig
from pipeline.errors import ConfigError
from pipeline.factories import default_name
from pipeline.launch.words import ASSIGNMENT, RESERVED, Value, Word, typed, words
from pipeline.topology import unknown_stage, validate

_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)\.([A-Za-z0-9_-]*)")


@dataclass(slots=True)
class _Element:
    """A stage while its properties are being read."""

    factory: str
    group: int
    given: dict[str, Value] = field(default_factory=dict)


def parse(line: str, name: str = "pipeline") -> PipelineConfig:
    """Read a launch line. Raises ConfigError naming the word that is wrong and where it stands."""
    return _Parser(list(words(line))).parse(name)


class _Parser:
    """Words to elements and links, then to a config."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._next = 0
        self._elements: list[_Element] = []
        self._links: list[tuple[str, str, str, _Element]] = []
        self._group = 0
        self._groups = 0

    def parse(self, name: str) -> PipelineConfig:
        while self._peek() is not None:
            self._chain()
        if self._group:
            raise ConfigError("launch line: a '(' is not closed")
        stages = tuple(self._stage(element) for element in self._elements)
        links = tuple(_link(source, pad, sink, element) for source, pad, sink, element in self._links)
        return validate(PipelineConfig(stages, links, name))

    def _chain(self) -> None:
        """``[reference !] element ! element ...``; the first chain begins with the source."""
        before, pad = "", ""
        first = True
        while True:
            word = self._take("a stage")
            if word.is_sign("("):
                if self._group:
                    raise self._error(word, "parentheses cannot stand in parentheses")
                self._groups += 1
                self._group = self._groups
                continue
            reference = None if word.quoted else _REFERENCE.fullmatch(word.text)
            if first and reference:
                before, pad = reference.groups()
                known = [_name(element) for element in self._elements]
                if before not in known:
                    raise self._error(word, unknown_stage(before, known))
                self._link_follows(word)
            else:
                element = self._element(word)
                if before:
                    self._links.append((before, pad, _name(element), element))
                elif len(self._elements) > 1:
                    raise self._error(word, f"'!' or key=value must stand before '{word.text}', or name. to branch off")
                before, pad = _name(element), ""
                if not self._goes_on():
                    return
            first = False

    def _element(self, word: Word) -> _Element:
        if word.text in ("!", ")") and not word.quoted:
            raise self._error(word, f"a stage must stand before '{word.text}'")
        if not word.quoted and "=" in word.text:
            raise self._error(word, f"'{word.text}' comes before any stage; write the stage first, then its properties")
        element = _Element(word.text, self._group)
        while (peeked := self._peek()) is not None and (match := ASSIGNMENT.fullmatch(peeked.text)):
            self._next += 1
            key, text = match.groups()
            if key in element.given:
                raise self._error(peeked, f"'{key}' is given twice")
            element.given[key] = text if peeked.quoted else typed(text)
        self._elements.append(element)
        return element

    def _goes_on(self) -> bool:
        word = self._peek()
        if word is not None and word.is_sign(")"):
            if not self._group:
                raise self._error(word, "there is no '(' that this ')' could close")
            self._next += 1
            self._group = 0
            word = self._peek()
        if word is None or not word.is_sign("!"):
            return False
        self._next += 1
        return True

    def _link_follows(self, word: Word) -> None:
        following = self._peek()
        if following is None or not following.is_sign("!"):
            raise self._error(word, f"'!' and a stage must follow '{word.text}'")
        self._next += 1

    def _stage(self, element: _Element) -> StageConfig:
        name = _name(element)
        fused = next((_name(other) for other in self._elements if element.group and other.group == element.group), name)
        process = str(element.given.get("process", fused))
        properties = {key: value for key, value in element.given.items() if key not in RESERVED}
        return StageConfig(name, element.factory, process, properties)

    def _peek(self) -> Word | None:
        return self._words[self._next] if self._next < len(self._words) else None

    def _take(self, what: str) -> Word:
        word = self._peek()
        if word is None:
            raise ConfigError(f"launch line: it ends where {what} should follow")
        self._next += 1
        return word

    def _error(self, word: Word, text: str) -> ConfigError:
        return ConfigError(f"launch line, position {word.at + 1}: {text}")


def _name(element: _Element) -> str:
    return str(element.given.get("name", default_name(element.factory)))


def _link(source: str, pad: str, sink: str, element: _Element) -> LinkConfig:
    window = element.given.get("window", DEFAULT_WINDOW)
    if not isinstance(window, int):
        raise ConfigError(f"stage '{sink}': window = {window!r}: it must be a whole number")
    return LinkConfig(source, sink, pad, window, str(element.given.get("leaky", "no")))
