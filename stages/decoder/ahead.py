"""An iterator that runs ahead in a thread of its own, by a few items: decoding goes on while frames are sent.

Between the frames chosen and their conversion, for files; a live source has its own ways. Whoever takes the items waits
in ``next`` without a limit, so that decoding that hangs is seen to hang.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec, TypeVar, cast

T = TypeVar("T")
P = ParamSpec("P")


class Ahead(Generic[T]):
    """``depth``: items made before they are asked for. The thread begins with the first that is."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._items: Iterator[T] = iter(())
        self._ready: deque[tuple[bool, T | Callable[[], None] | None]] = deque()  # whether it is no item, and what
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self._made = 0  # items among those ready
        self._ended = self._closed = False

    def of(self, items: Iterator[T]) -> Iterator[T | None]:
        """The items, in order, None where ``alive`` was called, and whatever their making raises. Once."""
        self._items = items
        self._thread = threading.Thread(target=self._run, name="decoding", daemon=True)
        self._thread.start()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._ended)
                if not self._ready:
                    break
                is_other, what = self._ready.popleft()
                self._made -= not is_other
                self._changed.notify_all()
            if is_other and what is not None:
                cast("Callable[[], None]", what)()
            else:
                yield cast("T | None", what)
        if self._failure is not None:
            raise self._failure

    def later(self, call: Callable[P, None]) -> Callable[P, None]:
        """``call``, to be made from within ``items``: it happens where they are taken, between the same two."""

        def noted(*args: P.args, **kwargs: P.kwargs) -> None:
            with self._changed:
                self._ready.append((True, lambda: call(*args, **kwargs)))
                self._changed.notify_all()

        return noted

    def alive(self) -> bool:
        """Called from within ``items`` where none comes for long; whether they are wanted still."""
        with self._changed:
            self._ready.append((True, None))
            self._changed.notify_all()
            return not self._closed

    def close(self, patience_s: float) -> bool:
        """No more items: whether the thread has ended, and what it read may be closed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(patience_s)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        try:
            for item in self._items:
                with self._changed:
                    self._ready.append((False, item))
                    self._made += 1
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._made < self._depth or self._closed)
                    if self._closed:
                        return
        except Exception as e:  # noqa: BLE001 - it is raised where the items are taken
            self._failure = e
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
