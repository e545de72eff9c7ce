"""One video, decoded once, and every candidate's pages: the stages themselves decide, with the frames a pipeline has.

Only as many candidates go side by side as may keep their pictures in memory; of very large pictures and very many
candidates the rest take another decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Event, EventKind, Frame, Item, Picture, To, caps_event
from pipeline.stage import Stage, validated
from stages import addresses
from stages.bgsub import Bgsub, BgsubProperties
from stages.decoder import Decoder
from stages.decoder.properties import DecoderProperties
from stages.dedup import Dedup, DedupProperties
from stages.picture import small_bgr
from stages.trigger import Trigger, TriggerProperties
from stages.tuning.grid import Candidate
from stages.tuning.shown import Shown
from stages.tuning.trial import Aside, Branch, Pages, Surroundings

BUDGET = 1 << 30  # bytes of pictures that all candidates may keep
_KEPT = 4  # pictures that one may keep: two the trigger's, one or two dedup's
_GREY, _COLOUR = "gray8", "bgr24"


@dataclass(frozen=True, slots=True)
class Analysis:
    """What frames are decoded for analysis; None: as the decoder has it."""

    rate: float | None = None
    width: int | None = None

    def properties(self) -> dict[str, object]:
        """The decoder's, without what it has by default."""
        given = {"rate": self.rate, "width": self.width}
        return {key: value for key, value in given.items() if value is not None}


def sweep(
    video: str,
    candidates: Sequence[Candidate],
    analysis: Analysis = Analysis(),
    warn: Callable[[str], None] = lambda text: None,
    progress: Callable[[float], None] = lambda done: None,
    budget: int = BUDGET,
) -> list[list[int]]:
    """For each candidate, in their order, the times in ns of its slides' pictures. ``progress``: 0 to 1, of a decoding.

    Raises SourceError or DataError for the video, ConfigError for a camera and for what the decoder does not take.
    """
    if addresses.is_camera(video):
        raise ConfigError("a camera cannot be tuned on: there is no truth of what is to come; record a lecture of it")
    found: list[list[int]] = []
    while len(found) < len(candidates):
        found += _Pass(video, candidates[len(found) :], analysis, warn, budget).run(progress)
    return found


class _Pass:
    """One decoding of the video, for as many of the candidates as may go side by side."""

    def __init__(
        self,
        video: str,
        candidates: Sequence[Candidate],
        analysis: Analysis,
        warn: Callable[[str], None],
        budget: int,
    ) -> None:
        self._candidates, self._budget = candidates, budget
        self._shown = Shown()
        self._context = Surroundings(self._shown, warn)
        given = {"uri": video, "live": "no", "mode": "full", **analysis.properties()}
        properties = DecoderProperties.model_validate(validated(DecoderProperties, given))
        self._decoder = Decoder(properties, self._context)
        self._branches: dict[str, list[Aside]] = {_GREY: [], _COLOUR: []}
        self._pages: list[Pages] = []
        bgsubs = {repr(each): each for each in map(_bgsub_of, candidates)}
        self._formats = {key: self._format_of(each) for key, each in bgsubs.items()}
        self._format = _GREY if _GREY in self._formats.values() else _COLOUR

    def run(self, progress: Callable[[float], None]) -> list[list[int]]:
        """The times of those candidates that took part, the first ones."""
        try:
            self._decoder.start()
            self._decoder.negotiate({"frames": Caps.of("video/raw", format=self._format, chroma="small")})
            with closing(self._items()) as items:
                for item in items:
                    self._give(item)
                    progress(self._done(item))
            self._give(Event(EventKind.EOS))
        finally:
            self._decoder.stop()
            for branch in self._all():
                branch.close()
        return [pages.times_ns for pages in self._pages]

    def _items(self) -> Generator[Item, None, None]:
        for output in self._decoder.produce():
            if output is None:
                continue
            item = output.item if isinstance(output, To) else output
            if not self._pages:
                self._plant(Caps.parse(str(item.data["caps"])) if isinstance(item, Event) else item.caps)
            yield item

    def _give(self, item: Item) -> None:
        """To all bgsubs, which work side by side; each in the format it takes."""
        colour: Item = item
        if isinstance(item, Frame):
            picture = item.image
            item = self._shown.show(item)
            colour = replace(item, caps=_in_colour(item.caps))
            if self._branches[_COLOUR] and self._format == _GREY and isinstance(picture, Picture):
                width, height = int(item.caps.value("width")), int(item.caps.value("height"))
                colour = replace(colour, planes=(small_bgr(picture, width, height),))
        elif item.kind is EventKind.CAPS:
            colour = caps_event(_in_colour(Caps.parse(str(item.data["caps"]))), item.pts_ns)
        for branch in self._branches[_GREY]:
            branch.begin(item)
        for branch in self._branches[_COLOUR]:
            branch.begin(colour)
        for branch in self._all():
            branch.finish()

    def _done(self, item: Item) -> float:
        duration = self._context.posted.get("stream", {}).get("duration_ns")
        return min(1.0, item.pts_ns / duration) if isinstance(duration, int) and duration > 0 else 0.0

    def _all(self) -> list[Aside]:
        return [branch for branches in self._branches.values() for branch in branches]

    def _plant(self, caps: Caps) -> None:
        """Build the stages, for as many candidates as pictures of this size allow; at least one."""
        nbytes = 3 * int(caps.value("picture_width")) * int(caps.value("picture_height"))
        side_by_side = max(1, self._budget // (_KEPT * nbytes))
        tree: dict[str, tuple[BgsubProperties, dict[str, tuple[TriggerProperties, list[Branch]]]]] = {}
        for candidate in self._candidates[:side_by_side]:
            given = candidate.properties()
            bgsub = _bgsub_of(candidate)
            trigger = TriggerProperties.model_validate(given["trigger"])
            pages = Pages()
            self._pages.append(pages)
            branch = self._started(Dedup(DedupProperties.model_validate(given["dedup"]), self._context), pages)
            _, triggers = tree.setdefault(repr(bgsub), (bgsub, {}))
            triggers.setdefault(repr(trigger), (trigger, []))[1].append(branch)
        for key, (bgsub, triggers) in tree.items():
            takers = [self._started(Trigger(rules, self._context), *after) for rules, after in triggers.values()]
            self._branches[self._formats[key]].append(Aside(partial(self._bgsub, bgsub), takers))

    def _bgsub(self, properties: BgsubProperties) -> Stage[BgsubProperties]:
        stage = Bgsub(properties, self._context)
        stage.start()
        return stage

    def _format_of(self, properties: BgsubProperties) -> str:
        return str(Bgsub(properties, self._context).sink_caps.value("format"))

    def _started(self, stage: Dedup | Trigger, *takers: Branch | Pages) -> Branch:
        stage.start()
        return Branch(stage, takers)


def _bgsub_of(candidate: Candidate) -> BgsubProperties:
    return BgsubProperties.model_validate(candidate.properties()["bgsub"])


def _in_colour(caps: Caps) -> Caps:
    return Caps(caps.media, {**caps.fields, "format": frozenset((_COLOUR,))})
