"""Programs that tests start as processes of their own: to kill, to block, to run side by side."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path


def environment() -> dict[str, str]:
    """Of a program that imports what its test can import."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def exit_codes(work: Callable[..., None], arguments: str) -> str:
    """Do some work several times, each in a clean child of this process, which has imported everything once.

    Args:
        work: takes a folder and what else it needs.
        arguments: JSON, a list of them for each child.

    Returns:
        JSON, the exit code of each child; minus the signal that killed it.
    """
    return json.dumps([_forked(work, *one) for one in json.loads(arguments)])


def _forked(work: Callable[..., None], folder: str, *rest: object) -> int:
    child = os.fork()
    if child == 0:
        work(Path(folder), *rest)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
