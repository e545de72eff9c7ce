"""What dedup says of a capture or a reveal: the note ``meta["page"]``. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.frame import Meta

if TYPE_CHECKING:
    from stages.dedup.decision import Decision
    from stages.dedup.fingerprint import Fingerprint
    from stages.dedup.properties import DedupProperties

_WORTH = 0.003  # of the picture, shown for the first time: less is the trembling of an outline


def page_of(made: Decision, seen: Fingerprint | None, properties: DedupProperties) -> Meta:
    """Of a capture; ``seen``: what it is known by. It has ``fill`` if only what was never seen is to be taken of it,
    ``keeps`` if the picture that its slide had is to be kept, as an earlier state.
    """
    match = made.match
    return {
        "slide": made.slide,
        "decision": made.decision,
        "hash": str(seen.first) if seen else "",
        "hash_name": properties.hash,
        "hash_size": properties.hash_size,
        "nearest": match.slide if match else None,
        "distance": match.distance if match else None,
        "confirm_distance": match.confirm_distance if match else None,
        "states": made.states,
        "why": made.why,
        **({"keeps": True} if made.decision == "grown" and properties.builds == "all" else {}),
        **({"fill": True} if made.decision in ("same", "revisit") and made.news >= _WORTH else {}),
    }


def reveal_of(slide: int, *, fill: bool) -> Meta:
    """Of a later moment of a view of ``slide``; ``fill``: the slide's picture is not of that view."""
    return {"slide": slide, "decision": "reveal", "fill": fill, "why": "the view before it shows more of itself"}


def is_pictured(page: Meta) -> bool:
    """Whether a page's picture is its slide's, or shows what none of it has shown."""
    return "fill" in page or page["decision"] in ("new", "grown")
