"""A ticket gives its picture or nothing, never another one; a small disk is found when the pool is made."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pools import GRAY, NAME, filled, pool, put
from travellers import picture, same_planes

from pipeline.errors import ResourceError
from pipeline.frame import Layout, Picture, Ticket
from pipeline.pool import BUDGET_BYTES, FEWEST_SLOTS, PoolReader, slots_for


@pytest.mark.parametrize("pix_fmt", ["gray", "bgr24", "yuv420p", "yuv422p", "yuv444p", "nv12"])
def test_every_format_comes_out_as_it_went_in(tmp_path: Path, pix_fmt: str) -> None:
    layout = Layout(pix_fmt, 33, 17, "bt601", True, 90, 4 / 3)
    given_picture = picture(layout)
    ticket = pool(tmp_path, 3, layout.nbytes).put(given_picture)
    assert ticket is not None
    taken = PoolReader(tmp_path).take(ticket)
    assert taken is not None and taken.layout == layout
    assert same_planes(taken.planes, given_picture.planes)


def test_strided_planes_are_packed(tmp_path: Path) -> None:
    wide = np.arange(48 * 128, dtype=np.uint32).astype(np.uint8).reshape(48, 128)
    ticket = pool(tmp_path).put(Picture(GRAY, (wide[::-1, ::2],)))
    assert ticket is not None
    taken = PoolReader(tmp_path).take(ticket)
    assert taken is not None and np.array_equal(taken.planes[0], wide[::-1, ::2])


def test_what_was_taken_stays_when_the_slot_is_written_again(tmp_path: Path) -> None:
    writer, reader = pool(tmp_path, 1), PoolReader(tmp_path)
    first = put(writer, 1)
    taken = reader.take(first)
    writer.release(first.slot)
    put(writer, 2)
    assert taken is not None and (taken.planes[0] == 1).all()


def test_a_slot_that_was_used_again_gives_nothing(tmp_path: Path) -> None:
    writer, reader = pool(tmp_path, 1), PoolReader(tmp_path)
    first = put(writer, 1)
    writer.release(first.slot)
    second = put(writer, 2)
    assert second.slot == first.slot
    assert reader.take(first) is None
    taken = reader.take(second)
    assert taken is not None and (taken.planes[0] == 2).all()


def test_a_picture_overwritten_while_it_is_read_gives_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = pool(tmp_path, 1), PoolReader(tmp_path)
    first = put(writer, 1)
    shapes = Layout.plane_shapes

    def overtaken(layout: Layout) -> tuple[tuple[int, ...], ...]:
        monkeypatch.setattr(Layout, "plane_shapes", shapes)  # between the first look at the generation and the copy
        writer.release(first.slot)
        put(writer, 2)
        return shapes(layout)

    reader.take(first)  # opens the pool
    nbytes = GRAY.nbytes
    monkeypatch.setattr(Layout, "nbytes", property(lambda self: nbytes))
    monkeypatch.setattr(Layout, "plane_shapes", overtaken)
    assert reader.take(first) is None


def test_a_full_pool_gives_no_ticket_and_a_released_slot_serves_again(tmp_path: Path) -> None:
    writer = pool(tmp_path, 2)
    first, _ = put(writer, 1), put(writer, 2)
    assert (writer.free, writer.busy) == (0, 2)
    assert writer.put(filled(3)) is None
    writer.release(first.slot)
    assert put(writer, 3).slot == first.slot


def test_a_released_slot_rests_as_long_as_it_can(tmp_path: Path) -> None:
    writer = pool(tmp_path, 3)
    first = put(writer, 1)
    writer.release(first.slot)
    assert [put(writer, value).slot for value in (2, 3)] == [1, 2]
    assert PoolReader(tmp_path).take(first) is not None


def test_a_slot_is_free_when_its_last_claim_is_gone(tmp_path: Path) -> None:
    writer = pool(tmp_path, 1)
    ticket = put(writer, 1)
    assert writer.again(ticket)
    writer.release(ticket.slot)
    assert writer.free == 0
    writer.release(ticket.slot)
    assert writer.free == 1


def test_releasing_what_is_not_out_changes_nothing(tmp_path: Path) -> None:
    writer = pool(tmp_path, 2)
    for slot in (0, 1, 7, -1):
        writer.release(slot)
    assert (writer.free, writer.busy) == (2, 0)


def test_an_overwritten_picture_cannot_be_claimed_again(tmp_path: Path) -> None:
    writer = pool(tmp_path, 1)
    first = put(writer, 1)
    writer.release(first.slot)
    put(writer, 2)
    assert not writer.again(first)
    assert not writer.again(Ticket("pool-other-1", 0, 2, GRAY))


@given(st.lists(st.sampled_from(["put", "release", "again"]), max_size=40))
def test_every_claim_reads_its_own_picture_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("pools")
    writer, reader = pool(folder, 3), PoolReader(folder)
    claims: list[tuple[Ticket, int]] = []
    for value, step in enumerate(steps):
        if step == "put" and (ticket := writer.put(filled(value))) is not None:
            claims.append((ticket, value))
        elif step == "release" and claims:
            writer.release(claims.pop(value % len(claims))[0].slot)
        elif step == "again" and claims:
            claims.append(claims[value % len(claims)])
            assert writer.again(claims[-1][0])
        assert writer.busy == len({ticket.slot for ticket, _ in claims}) == 3 - writer.free
    for ticket, value in claims:
        taken = reader.take(ticket)
        assert taken is not None and (taken.planes[0] == value).all()


def test_a_smaller_picture_fits_and_a_larger_one_is_refused_without_losing_a_slot(tmp_path: Path) -> None:
    writer = pool(tmp_path, 1)
    with pytest.raises(ResourceError, match="3136 bytes in a pool of 3072 a slot"):
        writer.put(filled(1, Layout("gray", 64, 49)))
    assert writer.free == 1
    assert writer.put(filled(1, Layout("gray", 3, 5))) is not None


def test_only_the_user_can_read_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        pool(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_the_file_has_its_blocks_before_they_are_written_to(tmp_path: Path) -> None:
    def allocated() -> int:
        return (tmp_path / NAME).stat().st_blocks * 512

    writer = pool(tmp_path, 4, 1 << 20)
    assert 1 << 20 <= allocated() < 2 << 20  # the first picture need not wait for the others' memory
    first = put(writer, 1)
    assert allocated() < 2 << 20
    writer.release(first.slot)
    put(writer, 2)
    assert allocated() >= 4 << 20


def test_a_pool_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    ticket = put(pool(tmp_path), 5)
    with pytest.raises(FileExistsError):
        pool(tmp_path)
    assert PoolReader(tmp_path).take(ticket) is not None


def test_a_removed_pool_can_still_be_read_by_who_has_it_open(tmp_path: Path) -> None:
    writer, reader = pool(tmp_path), PoolReader(tmp_path)
    first = put(writer, 1)
    reader.take(first)
    writer.remove()
    writer.remove()
    assert list(tmp_path.iterdir()) == []
    assert reader.take(first) is not None


@pytest.fixture
def small_memory(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    made = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"a small shared memory cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_shared_memory_that_is_too_small_is_found_when_the_pool_is_made(small_memory: Path) -> None:
    run = small_memory / "slidetap-x"
    run.mkdir()
    with pytest.raises(ResourceError) as caught:
        pool(run, 4, 1 << 20)
    assert f"needs 4 MiB in {small_memory}, " in str(caught.value)
    assert "--shm-size" in str(caught.value)
    assert list(run.iterdir()) == []
    assert pool(run, 2, 1 << 17).free == 2  # nothing of the first try is left in the way


def test_shared_memory_that_others_take_meanwhile_is_missed_before_it_is_written_to(small_memory: Path) -> None:
    run = small_memory / "slidetap-x"
    run.mkdir()
    writer = pool(run, 4, 1 << 17)
    ticket = put(writer, 1)
    (small_memory / "others").write_bytes(bytes(1 << 19))
    for _ in range(2):
        with pytest.raises(ResourceError, match="needs 0 MiB .* --shm-size"):
            put(writer, 2)
    assert writer.free == 3
    assert PoolReader(run).take(ticket) is not None
    (small_memory / "others").unlink()
    put(writer, 2)


@given(st.integers(0, 1 << 34), st.integers(1, 100))
def test_slots_stay_within_the_budget_unless_that_would_be_too_few(nbytes: int, wanted: int) -> None:
    slots = slots_for(nbytes, wanted)
    assert slots >= FEWEST_SLOTS
    assert slots == FEWEST_SLOTS or (slots <= wanted and slots * nbytes <= BUDGET_BYTES)


def test_full_hd_gets_what_was_wanted() -> None:
    assert slots_for(Layout("yuv420p", 1920, 1080).nbytes, 34) == 34
