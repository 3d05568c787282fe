"""Commands run in the process of the test, on settings in a folder of their own."""

from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from gridahead.cli.main import app, exit_code
from gridahead.core.errors import GridaheadError

SOURCE = """
[[sources]]
kind = "file"
path = "{quantity}.csv"
zone = "DE"
quantity = "{quantity}"
time_column = "time"
value_column = "value"
timezone = "UTC"
unit = "{unit}"
"""
SERIES = """
[[series]]
series = "DE/{quantity}"
deadline = "D-1T1100[Europe/Berlin]"
"""


class Done(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    said: str
    error: str


def settings_in(folder: Path, **units: str) -> Path:
    """A settings file with a source and a series of each quantity, such as `load="MW"`."""
    parts = [part.format(quantity=name, unit=unit) for name, unit in units.items() for part in (SOURCE, SERIES)]
    file = folder / "my.toml"
    file.write_text('data_folder = "data"\n' + "".join(parts), encoding="utf-8")
    return file


def run(file: Path, *arguments: str) -> Done:
    """What `gridahead ARGUMENTS --settings FILE` does; an error of ours is its message and exit code."""
    ended = CliRunner().invoke(app, [*arguments, "--settings", str(file)])
    if isinstance(ended.exception, GridaheadError):
        return Done(exit_code(ended.exception), ended.output, str(ended.exception))
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Done(ended.exit_code, ended.output, "")
