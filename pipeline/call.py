"""What travels between a service and those who use it: a kind, a number, plain data and planes. Data alone.

Links carry frames one way; a service is asked and answers. ``wire`` turns a call into bytes, ``link.service`` and
``link.caller`` carry it. What the kinds mean is for the application.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.frame import Meta, Plane


@dataclass(frozen=True, slots=True)
class Call:
    """A request or an answer. ``number``: of the request, and of its answer the same. ``planes``: uint8."""

    kind: str
    number: int = 0
    data: Meta = field(default_factory=dict)
    planes: tuple[Plane, ...] = ()
