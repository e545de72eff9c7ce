"""An exporter that dies at its Nth step towards the disk, and its successors; run as a process of its own.

A step is a sync, a renaming, a removal, and the moments before and after the end of a transaction. ``main`` goes
through all of them, one after the other, and says in JSON what was not as it should be.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import img2pdf  # noqa: F401 - once, and not in each of the forks
import pages
import pikepdf  # noqa: F401

import stages.composite
import stages.picture  # noqa: F401
from pipeline.frame import SECOND_NS, Event, EventKind, Frame
from pipeline.stage import Context
from pipeline.testing import Harness
from stages.exporter import Exporter, ExporterProperties, current
from stages.exporting import check
from stages.journal import FILE_NAME, Journal

DIED = 9
ITEMS: list[Frame | Event] = [
    pages.page(1, 3, start_s=1),
    pages.visit_end(5),
    pages.page(1, 6, "same", start_s=6),
    pages.visit_end(7),
    pages.page(2, 10, start_s=8),
    pages.page(2, 12, "grown", seed=20, start_s=8),
    pages.page(2, 15, "grown", seed=21, start_s=8),
    pages.visit_end(16),
    pages.page(2, 18, "grown", seed=22, start_s=17),
    pages.visit_end(19),
    pages.page(1, 22, "revisit", start_s=20),
    pages.visit_end(25),
    pages.page(3, 30, start_s=28),
]

# Somebody stands before the slides; nobody does before the third.
PRESENTED: list[Frame | Event] = [
    pages.before(pages.page(1, 3, start_s=1), pages.hiding(0.2, 0.6)),
    pages.reveal(1, 4, pages.hiding(0.5, 0.9)),
    pages.reveal(1, 5, pages.hiding(0.55, 0.95), seed=11),
    pages.visit_end(6),
    pages.before(pages.page(2, 10, start_s=8), None),
    pages.before(pages.page(2, 12, "grown", seed=20, start_s=8), pages.hiding(0.0, 0.5)),
    pages.before(pages.page(1, 14, "revisit", start_s=13, fill=True, seed=12), pages.hiding(0.0, 0.57)),
    pages.reveal(1, 14, pages.hiding(0.0, 0.1), fill=True, seed=13),
    pages.before(pages.page(2, 18, "grown", seed=21, start_s=17), pages.hiding(0.3, 0.7)),
    pages.reveal(2, 19, pages.hiding(0.1, 0.2), seed=21),
    pages.visit_end(20),
    pages.before(pages.page(3, 30, start_s=28), None),
]


def countdown(steps: int) -> None:
    """Die at step number ``steps``, counted from here."""
    left = steps

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(DIED)

    def counted(name: str) -> None:
        original: Callable[..., object] = getattr(os, name)

        def call(*given: object, **named: object) -> object:
            step()
            return original(*given, **named)

        setattr(os, name, call)

    for name in ("fsync", "replace", "rename", "unlink"):
        counted(name)
    transaction = Journal.transaction

    @contextmanager
    def watched(self: Journal) -> Iterator[None]:
        with transaction(self):
            yield
            step()
        step()

    Journal.transaction = watched  # type: ignore[method-assign]


class Restarted(Exporter):
    """In a process that is not the first of its run; the clock on the wall stands still."""

    number = 0

    def __init__(self, properties: ExporterProperties, context: Context) -> None:
        # a second has passed whenever it is asked: what may be written once a second always is
        super().__init__(properties, context, clock=itertools.count(10**12, SECOND_NS).__next__, wall=lambda: 1)

    def start(self) -> None:
        self.context.incarnation = self.number  # type: ignore[misc]
        super().start()


def forked(work: Callable[[], None]) -> bool:
    """Do it in a process of its own; whether it got to its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as e:  # noqa: BLE001 - a fork must not run on into the parent's code
            print(repr(e), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, DIED):
        raise AssertionError(f"a process ended with {code}")
    return code == 0


def convert(location: Path, incarnation: int, steps: int, force: bool, items: list[Frame | Event]) -> None:
    """A conversion from the beginning to its end."""
    countdown(steps)
    Restarted.number = incarnation
    harness = Harness(Restarted, location=str(location), pdf=True, force=force)
    feed(harness, items)
    harness.eos()
    assert harness.context.messages[-1].name == "result" and harness.context.messages[-1].data["slides"] == 3


def lecture(folder: Path, done: Path, steps: int, of_it: list[Frame | Event]) -> None:
    """A lecture from the first item that was not acknowledged; what must be known comes first."""
    countdown(steps)
    current._SETTLED_S = 0  # nobody else writes here
    harness = Harness(Restarted)
    begin = {"lecture": "l", "folder": str(folder), "zero_ns": 0}
    harness.event(Event(EventKind.LECTURE_START, 0, begin))
    harness.event(Event(EventKind.EPOCH, 0, {"epoch": 0, "wall_ns": 1}))
    gap = [Event(EventKind.GAP, 31 * SECOND_NS, {"reason": "lost"})]
    back = [Event(EventKind.EPOCH, 33 * SECOND_NS, {"epoch": 1, "wall_ns": 2}), pages.page(3, 34, "same")]
    stop = [Event(EventKind.LECTURE_STOP, 40 * SECOND_NS, {"lecture": "l"})]
    items = [*of_it, *gap, *back, *stop]
    for number in range(int(done.read_text()), len(items)):
        feed(harness, items[number : number + 1])
        done.write_text(str(number + 1))
    harness.eos()


def feed(harness: Harness, items: list[Frame | Event]) -> None:
    for item in items:
        if isinstance(item, Frame):
            harness.push(item)
        else:
            harness.event(item)


def state(folder: Path) -> object:
    """What a folder holds: rows, and every file with its checksum."""
    with Journal(folder / FILE_NAME) as journal:
        rows = [*journal.slides(), *journal.visits(), *journal.captures(), *journal.gaps()]
        rows += [*journal.all_presenter_free(), *journal.reveals()]
        rows += [journal.presenter_free_seen(slide.id) for slide in journal.slides()]
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in (FILE_NAME, ".done")]
    return [repr(row) for row in rows], {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if not path.name.startswith(FILE_NAME)
    }


def listed(*folders: Path) -> list[str]:
    """What is wrong with the pictures that a journal names, in a folder that a process has just died in."""
    return [problem for folder in folders if has_tables(folder) for problem in check(folder)]


def has_tables(folder: Path) -> bool:
    return (folder / FILE_NAME).is_file() and (folder / FILE_NAME).stat().st_size > 0


def conversions(root: Path, force: bool = False, items: list[Frame | Event] = ITEMS) -> tuple[int, list[str]]:
    forked(lambda: convert(root / "calm", 0, 0, False, items))
    wanted, wrong = state(root / "calm"), []
    for steps in range(1, 1000):
        out = root / str(steps)
        if force:
            shutil.copytree(root / "calm", out)
            (out / "slides" / "slide-0009.png").write_bytes(b"of the older result")
            with Journal(out / FILE_NAME) as journal:
                journal.note("run", "another")
        for incarnation in range(1000):
            # the second process dies as well; the third is left in peace
            ended = forked(partial(convert, out, incarnation, steps if incarnation < 2 else 0, force, items))
            wrong += listed(out, root / f"{steps}.partial")
            if force and not out.exists() and not (root / f"{steps}.replaced").exists():
                wrong.append(f"killed at step {steps}: the older result is gone")
            if ended:
                break
        if state(out) != wanted or list(root.glob(f"{steps}.*")):
            wrong.append(f"killed at step {steps}: another result")
        if incarnation == 0:
            return steps, wrong
    raise AssertionError("it never ends")


def lectures(root: Path, items: list[Frame | Event] = ITEMS) -> tuple[int, list[str]]:
    def run(folder: Path, steps: int) -> bool:
        done = root / f"{folder.name}.done"
        if not done.exists():
            done.write_text("0")
        return forked(lambda: lecture(folder, done, steps, items))

    run(root / "calm", 0)
    wanted, wrong = state(root / "calm"), []
    for steps in range(1, 1000):
        folder, deaths = root / str(steps), 0
        while not run(folder, steps if deaths < 1 else 0):
            deaths += 1
            wrong += listed(folder)
        if (found := state(folder)) != wanted:
            wrong.append(f"killed at step {steps}: {found} instead of {wanted}")
        if deaths == 0:
            return steps, wrong
    raise AssertionError("it never ends")


if __name__ == "__main__":
    kinds: dict[str, Callable[[Path], tuple[int, list[str]]]] = {
        "conversions": conversions,
        "replacements": partial(conversions, force=True),
        "lectures": lectures,
        "conversions with a presenter": partial(conversions, items=PRESENTED),
        "lectures with a presenter": partial(lectures, items=PRESENTED),
    }
    points, problems = kinds[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps({"steps": points, "wrong": problems}))
