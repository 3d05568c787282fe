"""Every code block of the documentation, run where a small job has been done, page by page and from top to bottom."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tomlkit
from builders.documentation import BY_HAND, DOCS, ROOT, Block, blocks, pages, script
from builders.shell import Shell
from integration.test_quarantine_journey import spoil

AT_ONCE = ("start", "run-daily", "serve", "python", "concepts", "live", "operation", "quality")
"""Pages of which `make test` runs what takes seconds; all of them, and what takes longer, are `long`."""
PAGES = [page for page in pages() if page not in BY_HAND and any(block.language != "text" for block in blocks(page))]


@pytest.fixture
def folder(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job of its own, as the working folder."""
    shutil.copytree(done, tmp_path / "job")
    monkeypatch.chdir(tmp_path / "job")
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path / "job"


def _named(chosen: list[Path]) -> list[Any]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in chosen]


@pytest.mark.parametrize("page", _named([page for page in PAGES if page.stem in AT_ONCE]))
def test_the_blocks_of_a_page_do_what_they_say(page: Path, folder: Path) -> None:
    run_page(page, folder, long=False)


@pytest.mark.long
@pytest.mark.parametrize("page", _named(PAGES))
def test_all_blocks_of_a_page_do_what_they_say(page: Path, folder: Path) -> None:
    run_page(page, folder, long=True)


def run_page(page: Path, folder: Path, *, long: bool) -> None:
    """Run the blocks of a page in a folder that is the working folder already.

    Raises:
        AssertionError: a command ends otherwise or prints something else than the page says.
    """
    shell = Shell(folder)
    PREPARED.get(str(page.relative_to(DOCS)), lambda shell: None)(shell)
    known: dict[str, object] = {}
    for block in blocks(page):
        if "not-run" in block.marks or ("long" in block.marks and not long):
            continue
        if block.language in ("console", "sh"):
            _run_commands(block, shell)
        elif block.language == "python":
            exec(compile(block.text, str(block), "exec"), known)
        elif block.language == "sql":
            _run_sql(block)
        elif "merged" in block.marks:
            _merge(block, shell.folder / "settings.toml")


def _run_commands(block: Block, shell: Shell) -> None:
    allowed = {int(code) for code in block.marks.get("exits", "0").split()}
    for command, expected in block.commands:
        code, said = shell.run(command)
        assert code in allowed, f"{block}: {command} ended with {code}\n{said}"
        if expected is not None:
            first = next((line for line in said.splitlines() if line.strip()), "")
            assert re.fullmatch(_pattern(expected), " ".join(first.split())), f"{block}: {command} printed {first!r}"


def _pattern(expected: str) -> str:
    return ".*".join(re.escape(part) for part in " ".join(expected.split()).split("…"))


def _run_sql(block: Block) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(Path("lake.sql").read_text())
        for statement in re.sub(r"--.*", "", block.text).split(";"):
            if statement.strip():
                assert connection.execute(statement).fetchall(), f"{block}: no rows"


def _merge(block: Block, settings: Path) -> None:
    """Write what a page says to write into the settings file; an entry of a list goes to the one of the same series."""
    document, added = (tomlkit.parse(text) for text in (settings.read_text(), block.text))
    for name, value in added.items():
        if name == "series":
            for entry in value:
                next(one for one in document["series"] if one["series"] == entry["series"]).update(entry)
        elif name in document:
            document[name].update(value)
        else:
            document[name] = value
    settings.write_text(tomlkit.dumps(document))


def _newest_id(shell: Shell) -> None:
    manifest = json.loads((shell.folder / "data/published/DE.load/latest.json").read_text())
    shell.names = {"FORECAST_ID": manifest["forecast_id"]}


def _bad_day(shell: Shell) -> None:
    """A case in quarantine."""
    spoil(shell.folder / "portal")
    code, _ = shell.run("gridahead ingest")
    assert code == 4
    (first, *_) = json.loads(shell.run("gridahead quarantine list --json")[1])
    shell.names = {"CASE_ID": first["id"]}


def _imbalance_prices(shell: Shell) -> None:
    times = pd.date_range("2025-12-01", "2025-12-15", freq="h", tz="Europe/Berlin", inclusive="left")
    prices = pd.DataFrame({"time": times, "short": 40.0, "long": 20.0})
    prices.to_csv(shell.folder / "imbalance.csv", index=False)


def _town(shell: Shell) -> None:
    """The folder of somebody who begins."""
    examples = script("examples")
    shutil.rmtree(shell.folder / "data")
    (shell.folder / "settings.toml").unlink()
    values = examples.load()
    examples.german_csv(values, shell.folder / "verbrauch.csv")
    examples.workbook(values, shell.folder / "meters.xlsx")


PREPARED: dict[str, Callable[[Shell], None]] = {
    "handbook/models.md": _newest_id,
    "handbook/quality.md": _bad_day,
    "handbook/backtest.md": _imbalance_prices,
    "your-data.md": _town,
}
"""What has to be there before the first block of a page."""
