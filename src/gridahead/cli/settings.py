"""`gridahead settings …`: every key there is, what one means, and what came of the file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from gridahead.cli.console import out, print_json, say, show
from gridahead.cli.options import JsonOption, SettingsOption
from gridahead.cli.panels import SET_UP, example
from gridahead.core.errors import SettingsError, did_you_mean
from gridahead.settings.place import find_settings

if TYPE_CHECKING:
    from gridahead.settings.keys import Key

MANY = 8
"""Zones, sources or series, of which `settings show` leaves out what nobody has said."""

app = typer.Typer(
    name="settings",
    no_args_is_help=True,
    rich_help_panel=SET_UP,
    help="Every key of the settings file, what one means, and what came of your file.",
)


@app.command("keys", epilog=example("settings keys training"))
def list_keys(
    section: Annotated[str | None, typer.Argument(help="Only those below it, such as training.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference page, as in docs/settings.md.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List every key with its type and default."""
    from gridahead.settings.keys import keys
    from gridahead.settings.reference import reference

    if markdown:
        typer.echo(reference(), nl=False)
        return
    chosen = [key for key in keys() if section is None or f"{key.name}.".startswith(f"{section}.")]
    if not chosen:
        raise _unknown(section or "")
    if as_json:
        print_json([_about(key) for key in chosen])
        return
    lines = [{"key": key.name, "type": _short(key.type), "default": key.default or "must be given"} for key in chosen]
    show(lines, False, "Settings")
    say("What one means: `gridahead settings explain KEY`.", False)


@app.command(epilog=example("settings explain training.epochs"))
def explain(
    key: Annotated[str, typer.Argument(help="A key, such as training.epochs or epochs.")], as_json: JsonOption = False
) -> None:
    """Say what a key means, what it may be, and what it is without being set."""
    from gridahead.settings.keys import keys

    matches = [entry for entry in keys() if entry.name == key] or [
        entry for entry in keys() if entry.name.endswith(f".{key}")
    ]
    matches = matches or [entry for entry in keys() if entry.name.startswith(f"{key}.")]
    if not matches:
        raise _unknown(key)
    if as_json:
        print_json([_about(entry) for entry in matches])
        return
    for entry in matches:
        lines = Table.grid(padding=(0, 2), pad_edge=False)
        lines.add_row("", entry.meaning)
        lines.add_row("", f"{entry.type}. {f'Without it: {entry.default}' if entry.default else 'It has to be given'}.")
        say(entry.name, False)
        out.print(lines)


@app.command("show", epilog=example("settings show"))
def show_settings(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show what came of the file: every value that counts, and which of them the file says.

    Of many zones, sources or series only what is said is shown.
    """
    from gridahead.settings.file import load_settings
    from gridahead.settings.keys import toml_value
    from gridahead.settings.many import written_out

    file = find_settings(settings)
    values = load_settings(file).model_dump(mode="json")
    if as_json:
        print_json({"file": str(file), "settings": values})
        return
    in_file = dict(_flat(written_out(tomllib.loads(file.read_text(encoding="utf-8")), file.parent)))
    say(f"{file}; * is said by the file or its zone table, the rest is so without being said", False)
    many = {name for name, value in values.items() if isinstance(value, list) and len(value) > MANY}
    for name, value in _flat(values):
        if name.partition("[")[0] in many and name not in in_file:
            continue
        say(f"{'*' if name in in_file else ' '} {name} = {'not set' if value is None else toml_value(value)}", False)


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Every value with its place; entries of a list of tables are counted from 1."""
    if isinstance(value, Mapping) and value:
        return [pair for key, entry in value.items() for pair in _flat(entry, f"{name}.{key}" if name else key)]
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
        return [pair for count, entry in enumerate(value, 1) for pair in _flat(entry, f"{name}[{count}]")]
    return [(name, value)]


def _unknown(name: str) -> SettingsError:
    """The nearest of whole names, sections, and names without their section."""
    from gridahead.settings.keys import keys

    words = {word for key in keys() for word in (key.name, key.section, key.name.rpartition(".")[2])} - {name}
    meant = did_you_mean(name, sorted(words)) or "`gridahead settings keys` lists them"
    return SettingsError(f"no key or section {name!r}; {meant.strip()}")


def _about(key: Key) -> dict[str, Any]:
    return {"key": key.name, "type": key.type, "default": key.default, "meaning": key.meaning}


def _short(text: str, length: int = 60) -> str:
    """So much of a long list of values that the table stays one."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
