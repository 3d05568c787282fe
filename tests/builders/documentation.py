"""The pages of the documentation, and what stands in them that can be run."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BY_HAND = {
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "README.md",
    DOCS / "api.md",
    DOCS / "release.md",
}
"""Pages whose blocks build, install or run for hours, or ask a server, as `tests/servers` does: their commands are held
against the program all the same."""
LANGUAGES = {"console", "sh", "python", "toml", "sql", "json", "text"}
"""`console`: after `$ ` a command, below it the first line that it prints. `sh`: commands alone. `text` is not run."""


@dataclass(frozen=True)
class Block:
    """A code block of a page."""

    page: Path
    line: int
    language: str
    marks: dict[str, str]
    """What stands behind the language: `long`, or `not-run="why"`."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[tuple[str, str | None]]:
        """Every command with the first line that it should print, None where nothing is said of it."""
        if self.language == "sh":
            return [(line, None) for line in self.text.replace("\\\n", " ").splitlines() if line.strip()]
        found: list[tuple[str, str | None]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), None))
            elif line.strip() and found and found[-1][1] is None:
                found[-1] = (found[-1][0], line)
        return found


def pages() -> list[Path]:
    """Every page of ours that people read."""
    ours = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]
    return [
        *ours,
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        ROOT / "benchmarks" / "README.md",
    ]


@cache
def tokens(page: Path) -> list[Token]:
    """What Markdown makes of a page."""
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> Iterator[Block]:
    """The code blocks of a page; directives of Sphinx are none."""
    for token in tokens(page):
        if token.type in ("fence", "code_block") and not token.info.startswith("{"):
            language, _, rest = token.info.partition(" ")
            marks = {name: value for name, _, value in (mark.partition("=") for mark in shlex.split(rest))}
            yield Block(page, token.map[0] + 1 if token.map else 0, language, marks, token.content)


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub and the site name them."""
    found: set[str] = set()
    for token, inline in zip(tokens(page), tokens(page)[1:], strict=False):
        if token.type == "heading_open":
            words = "".join(part.content for part in inline.children or () if part.type in ("text", "code_inline"))
            name = re.sub(r"[^\w\- ]", "", words.lower().strip()).replace(" ", "-")
            found.add(
                name if name not in found else next(f"{name}-{k}" for k in range(1, 99) if f"{name}-{k}" not in found)
            )
    return found


def links(page: Path) -> Iterator[str]:
    """Where the links and pictures of a page lead."""
    for token in tokens(page):
        for part in token.children or ():
            if part.type in ("link_open", "image"):
                yield str(part.attrs.get("href") or part.attrs.get("src"))


def script(name: str) -> Any:
    """A script of `docs/`, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
