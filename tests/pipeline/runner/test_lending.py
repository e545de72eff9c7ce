"""Lending pictures to the pool: copied once, given back with the acknowledgement, and never too large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playthings import picture

from pipeline.caps import Caps
from pipeline.frame import Frame, Ticket
from pipeline.pool import PoolReader
from pipeline.runner.lending import Lending

CAPS = Caps.of("video/raw")


class Lost:
    count = 0

    def __call__(self) -> None:
        self.count += 1


def lent(lending: Lending, frame: Frame) -> tuple[Ticket | None, object]:
    out, done = lending.lend(frame, lambda: None)
    assert out.image is None or isinstance(out.image, Ticket)
    return out.image, done


def test_a_lent_picture_can_be_read_by_its_ticket(tmp_path: Path) -> None:
    ticket, _ = lent(Lending(tmp_path, "p", 3, Lost()), Frame(7, 0, CAPS, image=picture(7, 64, 48)))
    assert ticket is not None
    taken = PoolReader(tmp_path).take(ticket)
    assert taken is not None
    assert np.array_equal(taken.planes[0], picture(7, 64, 48).planes[0])


def test_the_same_picture_object_is_not_copied_twice_and_counts_as_two_claims(tmp_path: Path) -> None:
    lending = Lending(tmp_path, "p", 3, Lost())
    still = picture(7, 64, 48)
    (first, done_first), (second, done_second) = (lent(lending, Frame(n, n, CAPS, image=still)) for n in (0, 1))
    assert first == second
    done_first()
    assert not lending.full
    others = [lent(lending, Frame(n, n, CAPS, image=picture(n, 64, 48)))[0] for n in (2, 3)]
    assert lending.full
    assert first not in others
    done_second()
    assert not lending.full


def test_a_picture_that_was_given_back_is_claimed_again_as_long_as_its_slot_was_not_reused(tmp_path: Path) -> None:
    lending = Lending(tmp_path, "p", 3, Lost())
    still = picture(7, 64, 48)
    first, done = lent(lending, Frame(0, 0, CAPS, image=still))
    done()
    second, _ = lent(lending, Frame(1, 1, CAPS, image=still))
    assert second == first


def test_no_free_slot_loses_the_picture_and_counts_it_but_keeps_the_frame(tmp_path: Path) -> None:
    lost = Lost()
    lending = Lending(tmp_path, "p", 3, lost)
    tickets = [lent(lending, Frame(n, n, CAPS, image=picture(n, 64, 48)))[0] for n in range(4)]
    assert tickets[3] is None
    assert lost.count == 1


def test_a_larger_picture_gets_a_pool_of_its_own_and_the_old_one_goes_when_empty(tmp_path: Path) -> None:
    lending = Lending(tmp_path, "p", 3, Lost())
    _, done = lent(lending, Frame(0, 0, CAPS, image=picture(0, 64, 48)))
    lent(lending, Frame(1, 1, CAPS, image=picture(1, 128, 96)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pool-p-0-1", "pool-p-0-2"]
    done()
    assert [path.name for path in tmp_path.iterdir()] == ["pool-p-0-2"]
