"""The pages of the documentation: their links, their commands and settings, and what is made by scripts."""

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import typer
from builders.documentation import BY_HAND, DOCS, LANGUAGES, ROOT, Block, blocks, headings, links, pages, script, tokens

from gridahead.cli.main import app
from gridahead.settings.file import load_settings

NOT_RUN: dict[str, int] = {
    "docs/handbook/live.md": 1,  # asks services
    "docs/handbook/models.md": 1,  # back-tests of 18 months
    "docs/handbook/operation.md": 1,  # a file that a person has changed
    "docs/many-series.md": 1,  # a back-test of several series
    "docs/run-daily.md": 5,  # start servers and containers
    "docs/serve.md": 1,  # serves
    "docs/start.md": 3,  # installs, takes eight minutes, serves
    "docs/your-data.md": 1,  # asks a meter
}
"""How many blocks of a page no test runs. Whoever marks one more, says here why."""
PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme in ("https", "http", "mailto") and (parts.netloc or parts.scheme == "mailto"), target
            assert parts.scheme != "http" or parts.hostname == "127.0.0.1", target
            continue
        file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert file.exists(), f"{target}: there is no {file}"
        assert not parts.fragment or parts.fragment in headings(file), f"{target}: {sorted(headings(file))}"


@pytest.mark.parametrize("page", PAGES)
def test_blocks_say_what_they_are(page: Path) -> None:
    if page not in BY_HAND:
        unknown = [str(block) for block in blocks(page) if block.language not in LANGUAGES]
        assert not unknown, f"a language of {sorted(LANGUAGES)} behind the fence"
        hidden = [
            token.info for token in tokens(page) if token.info.startswith("{code") and "tutorial" not in page.parts
        ]
        assert not hidden, "a directive for code is not run; the notebook's cells are, by its own test"
        empty = [str(block) for block in blocks(page) if block.marks.get("not-run") == ""]
        assert not empty, 'not-run="why"'


def test_no_more_blocks_are_left_out_than_are_counted_here() -> None:
    found = {str(page.relative_to(ROOT)): sum("not-run" in block.marks for block in blocks(page)) for page in pages()}
    assert {page: count for page, count in found.items() if count} == NOT_RUN


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists_with_these_options(page: Path) -> None:
    for block in blocks(page):
        for line in re.split(r"\n|&&|; ", block.text):
            words = re.sub(r"\s#.*|>.*", "", line.removeprefix("$ ")).strip()
            if words.startswith("gridahead ") and block.language != "text":
                _is_a_command(words.split()[1:], f"{block}: {words}")


def _is_a_command(words: list[str], where: str) -> None:
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        if words[0].startswith("-"):
            break
        assert words[0] in command.commands, where
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)}
    assert given <= known | {"--help", "-h"}, where


def _settings() -> list[Any]:
    found = [block for page in pages() for block in blocks(page) if block.language == "toml"]
    return [pytest.param(block, id=str(block)) for block in found]


@pytest.mark.parametrize("block", _settings())
def test_settings_are_settings(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r"\$\{(\w+)\}", block.text):
        monkeypatch.setenv(name, "secret")
    text = block.text
    if "data_folder" not in tomllib.loads(text):
        text = 'data_folder = "data"\n' + text
    if "[[zones]]" not in text and "TOWN/" in text:
        text += '\n[[zones]]\ncode = "TOWN"\ntimezone = "Europe/Berlin"\n'
    for table in blocks(block.page):
        if table.text.startswith("code,"):
            (tmp_path / "zones.csv").write_text(table.text)
    (tmp_path / "settings.toml").write_text(text)
    load_settings(tmp_path / "settings.toml")


def test_the_page_of_commands_is_that_of_the_program() -> None:
    made = script("commands_page").page()
    assert (DOCS / "commands.md").read_text(encoding="utf-8") == made, "python docs/commands_page.py > docs/commands.md"


def test_the_drawings_are_those_of_their_script() -> None:
    for name, draw in script("drawings").DRAWINGS.items():
        assert (DOCS / "concepts" / f"{name}.svg").read_text(encoding="utf-8") == draw(), "python docs/drawings.py"


def test_the_figures_of_the_readme_are_those_of_the_committed_results() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert script("figures").filled(readme) == readme, "python docs/figures.py"


def test_the_readme_is_read_in_a_few_minutes() -> None:
    words = len((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert words <= 900
