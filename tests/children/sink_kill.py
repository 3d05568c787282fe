"""A sync of the database that is killed at one of its statements, by SIGKILL from within, as power cuts come."""

from pathlib import Path

import sqlalchemy

from children.dying import Interruption
from gridahead.operate import sink
from gridahead.workspace import Workspace


def killed_sync(settings: Path, at: int, when: str) -> None:
    """Bring the database up to the lake and die before or after statement `at`, or finish if there are fewer."""
    tick = Interruption(at).tick
    sink.AT_ONCE = 2
    event = "before_cursor_execute" if when == "before" else "after_cursor_execute"
    sqlalchemy.event.listen(sqlalchemy.Engine, event, tick)
    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", tick)
    sink.sync(Workspace.open(settings))
