"""What was put together is given again while everything it was made of is the same: files never change, they come."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from gridahead.forecasting.pointers import LATEST
from gridahead.lake.folder import Folder
from gridahead.web.memory import give_back
from gridahead.workspace import Workspace

T = TypeVar("T")
STAMP_SECONDS = 2.0
"""For so long the folders are not looked at again: a page follows a new forecast by this much at most."""
MOST = 400
"""Pages and facts that are kept: a hundred series with all that is shown of each."""


class Kept:
    """Facts and pages, each made once for a state of lake and published folder.

    Args:
        workspace: whose.
        seconds: how long a look at the folders is good for.
    """

    def __init__(self, workspace: Workspace, seconds: float = STAMP_SECONDS) -> None:
        self._workspace = workspace
        self._seconds = seconds
        self._lock = threading.Lock()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._found: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._looked: tuple[float, Hashable] = (-float("inf"), None)

    def get(self, name: Hashable, make: Callable[[], T], *, minutes: int = 0, late: bool = False) -> T:
        """What goes by a name; made now unless it was made of the same before. Two that ask at once wait for one.

        Args:
            name: of it.
            make: makes it.
            minutes: after how long it is made again although nothing has come, because it says what time it is.
            late: whether nobody waits for the new one: who asks is given the former one while it is made.
        """
        at = self._workspace.clock()
        stamp = (self.stamp(), at.floor(f"{minutes}min") if minutes else None)
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
            former = self._found.get(name)
        if late and former is not None:
            if former[0] != stamp and not lock.locked():
                threading.Thread(target=self._made, args=(name, stamp, lock, make), daemon=True).start()
            given: T = former[1]
            return given
        return self._made(name, stamp, lock, make)

    def _made(self, name: Hashable, stamp: Hashable, lock: threading.Lock, make: Callable[[], T]) -> T:
        with lock:
            with self._lock:
                kept = self._found.get(name)
                if kept is not None and kept[0] == stamp:
                    self._found.move_to_end(name)
                    found: T = kept[1]
                    return found
            made = make()
            give_back()
            with self._lock:
                self._found[name] = stamp, made
                self._found.move_to_end(name)
                while len(self._found) > MOST:
                    old, _ = self._found.popitem(last=False)
                    self._locks.pop(old, None)
            return made

    def stamp(self) -> Hashable:
        """What the files of lake and published folder are called now, and where the newest forecasts are."""
        with self._lock:
            looked, stamp = self._looked
            if time.monotonic() - looked < self._seconds:
                return stamp
        stamp = self._look()
        with self._lock:
            self._looked = time.monotonic(), stamp
        return stamp

    def forget(self) -> None:
        """Make everything anew at the next question: something has been written here."""
        with self._lock:
            self._found.clear()
            self._looked = (-float("inf"), None)

    def _look(self) -> Hashable:
        lake = self._workspace.lake
        published = Folder.at(self._workspace.settings.published_place)
        stores = (lake.observations, lake.verdicts, lake.rulings, lake.forecasts, lake.scores, lake.promotions)
        pointers = (
            _content(published, f"{entry.series.slug}/{LATEST}.json") for entry in self._workspace.settings.series
        )
        return (tuple(hash(tuple(store.files())) for store in stores), tuple(pointers))


def _content(folder: Folder, name: str) -> int:
    try:
        return hash(folder.read(name))
    except FileNotFoundError:
        return 0
