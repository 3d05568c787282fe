"""A sync of the database that is killed at one of its statements, by SIGKILL from within, as power cuts come."""

import os
import signal
from pathlib import Path
from typing import Any

import sqlalchemy

from gridahead.operate import sink
from gridahead.workspace import Workspace


def killed_sync(settings: Path, at: int, when: str) -> None:
    """Bring the database up to the lake and die before or after statement `at`, or finish if there are fewer."""
    count = 0

    def tick(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    sink.AT_ONCE = 2
    event = "before_cursor_execute" if when == "before" else "after_cursor_execute"
    sqlalchemy.event.listen(sqlalchemy.Engine, event, tick)
    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", tick)
    sink.sync(Workspace.open(settings))
