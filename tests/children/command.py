"""The command line in processes that have imported Great Expectations already: seconds that most tests need not pay."""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["gridahead.operate.ingest", "gridahead.forecasting.publish", "great_expectations.expectations.core"]
)


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def run_command(folder: Path, spoken: Path, *arguments: str) -> Done:
    """Run `gridahead ARGUMENTS` in the folder; what it says goes to files in another one."""
    files = [spoken / name for name in ("stdout", "stderr")]
    child = FORKS.Process(target=_command, args=(folder, files, arguments))
    child.start()
    child.join(120)
    assert child.exitcode is not None
    return Done(child.exitcode, *(file.read_text(encoding="utf-8") for file in files))


def _command(folder: Path, files: list[Path], arguments: tuple[str, ...]) -> None:
    os.chdir(folder)
    for file, handle in zip(files, (1, 2), strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
    sys.argv = ["gridahead", *arguments]
    from gridahead.cli.main import main

    main()
