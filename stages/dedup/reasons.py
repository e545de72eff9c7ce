"""Why a capture is what it is, in words for people. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stages.dedup.content import Likeness
    from stages.dedup.known import Match
    from stages.dedup.properties import DedupProperties


def too_little(slide: int, likeness: Likeness) -> str:
    """Of a capture that nearly all is hidden of."""
    return f"only {likeness.visible:.0f} % of it is to be seen, so it counts as slide {slide} still"


def tiles_differ(likeness: Likeness) -> str:
    """How many, and whether luma says nothing of some."""
    return f"{likeness.differing:.1f} % of the tiles differ{in_colour_alone(likeness)}"


def in_colour_alone(likeness: Likeness) -> str:
    """What has another colour and the same luma; nothing to say if that is next to nothing."""
    return f", {likeness.recoloured:.0f} % of what is there differ in colour alone" if likeness.recoloured >= 1 else ""


def why_grown(decision: str, match: Match) -> str:
    """Of a capture of the slide that may grow."""
    assert match.likeness is not None, "growth is seen by content"
    if decision == "grown":
        kept = f"{match.likeness.kept:.0f} % of its edges are there"
        return f"slide {match.slide} as it is now: {kept}{in_colour_alone(match.likeness)}"
    return f"nothing new on slide {match.slide}: {tiles_differ(match.likeness)}"


def why_of(decision: str, match: Match | None, p: DedupProperties) -> str:
    """Of a capture that was compared with all slides."""
    if p.hash == "none":
        return "every capture is a slide"
    if match is None:
        return "the first slide"
    near = f"{match.distance} of {p.hash_size * p.hash_size} bits from slide {match.slide} by {p.hash}"
    if match.likeness is not None:
        like = match.likeness
        found = f"{like.kept_back:.0f} % of its edges are there, {tiles_differ(like)}"
        if like.visible < 100:
            found += f", of the {like.visible:.0f} % that both show"
        return f"{near}, and {found}" if match.same else f"{near}, but only {found}"
    if decision != "new":
        return f"{near}; up to {p.distance} count as the same"
    if match.distance > p.distance:
        return f"{near}; over {p.distance} count as another"
    if match.confirm_distance is None:
        return f"{near}, which does not do without its picture"
    return f"{near}, but {match.confirm_distance} by {p.confirm}; over {p.confirm_distance} count as another"
