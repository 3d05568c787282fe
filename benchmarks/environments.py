"""Environments of other libraries, made once from peers/requirements-*.txt with a Python that suits them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from common import CHECKOUT, TRIALS, say

from gridahead.core.errors import SettingsError, SourceError

PEERS = CHECKOUT / "benchmarks" / "peers"
Version = tuple[int, int]
NEWEST: Version = (3, 13)
"""The newest Python that all of them install on."""


def environment(name: str, oldest: Version = (3, 11)) -> Path:
    """The interpreter of another library's own environment, made where it is not there yet.

    Args:
        name: of the requirements.
        oldest: Python that the library runs on.

    Raises:
        SettingsError: there is no Python that suits it.
        SourceError: the library cannot be installed.
    """
    wanted = requirements(name)
    folder = TRIALS / "environments" / name
    python, installed = folder / "bin" / "python", folder / wanted.name
    if installed.is_file() and installed.read_text(encoding="utf-8") == wanted.read_text(encoding="utf-8"):
        return python
    chosen = interpreter(name, oldest)
    say(f"installing {name} into {folder}, once, some minutes")
    _run(name, wanted, [str(chosen), "-m", "venv", "--clear", str(folder)])
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)]
    _run(name, wanted, [str(python), *install])
    installed.write_text(wanted.read_text(encoding="utf-8"), encoding="utf-8")
    return python


def requirements(name: str) -> Path:
    """The file that pins a library and what it needs."""
    return PEERS / f"requirements-{name}.txt"


def pinned(name: str) -> dict[str, str]:
    """The version of each package that the requirements of a library pin."""
    lines = requirements(name).read_text(encoding="utf-8").splitlines()
    found = (re.fullmatch(r"([\w-]+)(?:\[[\w,-]+\])?==(\S+)", line.strip()) for line in lines)
    return {match[1]: match[2] for match in found if match}


def interpreter(name: str, oldest: Version) -> Path:
    """A Python from `oldest` to `NEWEST`: this one if it suits, else the first that is found.

    Raises:
        SettingsError: there is none.
    """
    for python in (Path(sys.executable), *_others(oldest)):
        version = _version(python)
        if version is not None and oldest <= version <= NEWEST:
            return python
    names = " or ".join(f"python3.{minor}" for minor in range(oldest[1], NEWEST[1] + 1))
    raise SettingsError(
        f"{name} needs {names}, this is Python {sys.version_info.major}.{sys.version_info.minor} and none of them is "
        "on the PATH; install one and start again, what is finished is kept"
    )


def _others(oldest: Version) -> Iterator[Path]:
    """Every interpreter of those versions on the PATH, and those that pyenv keeps off it."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(NEWEST[1], oldest[1] - 1, -1):
        if found := shutil.which(f"python3.{minor}"):
            yield Path(found)
        yield from sorted(kept.glob(f"3.{minor}.*/bin/python3.{minor}"), reverse=True)


def _version(python: Path) -> Version | None:
    """What the interpreter says it is; None if it does not start."""
    asked = [str(python), "-c", "import sys, venv, ensurepip; print(*sys.version_info[:2])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    major, minor = done.stdout.split()
    return int(major), int(minor)


def _run(name: str, wanted: Path, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SourceError(name, f"cannot be installed from {wanted}:\n{done.stderr[-2000:]}", retryable=True)
