"""Programs from Debian that tests start: without them a test is skipped, and where CI runs it fails."""

import os
import shutil
from pathlib import Path

import pytest

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
"""Where Debian puts the server's programs, by version; they are not in the path."""


def program(name: str) -> str:
    """The path of a program; the test ends here if it is not there."""
    newest_first = sorted(DEBIAN_POSTGRES.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    path = os.pathsep.join([*map(str, newest_first), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=path)
    if found is not None:
        return found
    reason = f"there is no {name}: install the packages in tests/debian.txt"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
