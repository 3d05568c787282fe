"""The page of all commands, from the commands themselves: `python docs/commands_page.py > docs/commands.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from gridahead.cli.main import app

HEAD = """# Commands

Every command and its options, made by `python docs/commands_page.py`. `gridahead COMMAND --help` says the same at a
terminal. Without `--settings`, a command reads `$GRIDAHEAD_SETTINGS`, else `settings.toml` where it is called, else
`flows/settings.toml`. Exit codes: [start](start.md#4-go-on).

`gridahead --install-completion` lets your shell complete series, runs, ids of forecasts, versions and models at TAB.
"""


def page() -> str:
    """The whole page."""
    root: Any = typer.main.get_command(app)
    sections = [HEAD]
    for panel, entries in _panels(root).items():
        sections.append(f"## {panel}\n")
        for name, command in entries:
            sections += [_section(f"gridahead {path}", part) for path, part in _with_those_below(name, command)]
    return "\n".join(sections)


def _panels(root: Any) -> dict[str, list[tuple[str, Any]]]:
    """The commands by the panel of the help that they stand in, both in its order."""
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name in root.list_commands(None):
        command = root.commands[name]
        if not command.hidden:
            panel = command.rich_help_panel if isinstance(command.rich_help_panel, str) else "Further"
            panels.setdefault(panel, []).append((name, command))
    return panels


def _with_those_below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _with_those_below(f"{path} {name}", below)


def _section(path: str, command: Any) -> str:
    parts = [f"### {path}\n", f"{(command.help or '').strip()}\n"]
    if command.epilog:
        parts.append(f"{command.epilog.strip()}\n")
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help" and not _hidden(parameter)]
    if rows:
        parts.append("| option | without it | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(parameter: Any) -> str:
    argument = parameter.param_type_name == "argument"
    name = (parameter.metavar or parameter.name).upper() if argument else ", ".join(parameter.opts)
    said = "must be given" if parameter.required else _default(parameter.default)
    return f"| `{name}` | {said} | {_cell(getattr(parameter, 'help', None) or '')} |"


def _default(value: object) -> str:
    """What counts without the option, where that can be said."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Path):
        return ""
    return f"`{value}`"


def _hidden(parameter: Any) -> bool:
    return bool(getattr(parameter, "hidden", False))


def _cell(words: str) -> str:
    return re.sub(r"\s+", " ", words).replace("|", "\\|").replace("<", "&lt;").strip()


if __name__ == "__main__":
    sys.stdout.write(page())
