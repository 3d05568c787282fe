"""Programs that tests start as processes of their own: to kill, to block, to run side by side."""

import os
import sys


def environment() -> dict[str, str]:
    """Of a program that imports what its test can import."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
