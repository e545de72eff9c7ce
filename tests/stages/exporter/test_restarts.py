"""A conversion whose processes were started again: given everything from the beginning, it goes on with its folder."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest
from crashes import ITEMS, Restarted, feed, state

from pipeline.errors import OutputError
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporter.conversion import this_run
from stages.journal import FILE_NAME, Journal


def restarted(location: Path, number: int = 1, force: bool = False) -> Harness:
    Restarted.number = number
    return Harness(Restarted, location=str(location), pdf=False, force=force)


def test_a_restarted_process_goes_on_with_its_folder_and_the_result_is_the_same(tmp_path: Path) -> None:
    calm = restarted(tmp_path / "calm", 0)
    feed(calm, ITEMS)
    calm.eos()
    first = restarted(tmp_path / "out", 0)
    feed(first, ITEMS[:6])
    first.stage.stop()
    assert not index.read(tmp_path / "out.partial").complete
    second = restarted(tmp_path / "out")
    feed(second, ITEMS)
    second.eos()
    assert second.ledger.dropped == {"repeated": 4}
    assert state(tmp_path / "out") == state(tmp_path / "calm")


def test_grown_slides_keep_their_id_and_the_newest_picture(tmp_path: Path) -> None:
    harness = restarted(tmp_path / "out", 0)
    feed(harness, ITEMS)
    harness.eos()
    assert [(s.id, s.file, s.version) for s in index.read(tmp_path / "out").slides] == [
        (1, "slides/slide-0001.png", 1),
        (2, "slides/slide-0002-4.png", 4),
        (3, "slides/slide-0003.png", 1),
    ]
    assert len(list((tmp_path / "out" / "slides").iterdir())) == 3
    names = [message.name for message in harness.context.messages]
    assert names == ["slide", "slide", "grown", "grown", "grown", "slide", "result"]


def test_a_slide_that_grew_before_its_first_picture_was_seen_is_there_all_the_same(tmp_path: Path) -> None:
    harness = restarted(tmp_path / "out", 0)
    harness.push(pages.page(1, 2, "grown", seed=5))
    harness.eos()
    assert [slide.file for slide in index.read(tmp_path / "out").slides] == ["slides/slide-0001.png"]


def test_a_run_that_had_finished_says_so_again(tmp_path: Path) -> None:
    first = restarted(tmp_path / "out", 0)
    feed(first, ITEMS)
    first.eos()
    before = state(tmp_path / "out")
    second = restarted(tmp_path / "out")
    feed(second, ITEMS)
    second.eos()
    assert second.context.messages == first.context.messages[-1:]
    assert second.ledger.dropped == {"repeated": 8}
    assert state(tmp_path / "out") == before and not (tmp_path / "out.partial").exists()


def test_a_result_of_another_run_is_not_taken_for_its_own(tmp_path: Path) -> None:
    first = restarted(tmp_path / "out", 0)
    feed(first, ITEMS)
    first.eos()
    with Journal(tmp_path / "out" / FILE_NAME) as journal:
        assert journal.notes()["run"] == this_run()
        journal.note("run", "another")
    with pytest.raises(OutputError, match="exists already"):
        restarted(tmp_path / "out")


def test_what_another_run_left_is_not_gone_on_with(tmp_path: Path) -> None:
    first = restarted(tmp_path / "out", 0)
    feed(first, ITEMS)
    first.stage.stop()
    with Journal(tmp_path / "out.partial" / FILE_NAME) as journal:
        journal.note("run", "another")
    with pytest.raises(OutputError, match=r"left of a run that did not finish.*'slidetap export DIR'"):
        restarted(tmp_path / "out")
    second = restarted(tmp_path / "out", force=True)
    second.push(pages.page(1, 1))
    second.eos()
    assert len(index.read(tmp_path / "out").slides) == 1


def test_a_process_that_is_not_a_successor_goes_on_with_nothing(tmp_path: Path) -> None:
    first = Harness(Exporter, location=str(tmp_path / "out"))
    first.push(pages.page(1, 1))
    first.stage.stop()
    with pytest.raises(OutputError, match="left of a run that did not finish"):
        Harness(Exporter, location=str(tmp_path / "out"))


def test_a_process_killed_before_its_journal_had_tables_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / FILE_NAME).write_bytes(b"")
    harness = restarted(tmp_path / "out")
    harness.push(pages.page(1, 1))
    harness.eos()
    assert len(index.read(tmp_path / "out").slides) == 1


def test_a_folder_is_free_again_when_the_start_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Journal, key: str, value: object) -> None:
        raise OutputError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "note", full)
        with pytest.raises(OutputError, match="no room"):
            Harness(Exporter, location=str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []
    Harness(Exporter, location=str(tmp_path / "out")).stage.stop()
