"""A settings file with the names of today: its keys and values changed in place, its comments and order kept."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, MutableSequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, AoT, Array, SingleKey, String, Table

from gridahead.core.errors import SettingsError
from gridahead.core.files import write_whole
from gridahead.core.renamed import LAST_LAYOUT, renamed, renamed_key, renamed_text


def rename_settings(file: Path, *, dry_run: bool = False) -> tuple[str, Path | None]:
    """Write a settings file with the names of today, with the former file beside it.

    Args:
        file: whose.
        dry_run: whether to change nothing.

    Returns:
        The text with the names of today, and where the former one is, or would be; None where nothing had another name.

    Raises:
        SettingsError: the file is no TOML, or is written so that its names must be changed by hand.
        LakeError: it cannot be written.
    """
    try:
        text = file.read_bytes().decode()
        changed = renamed_toml(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, TOMLKitError) as error:
        raise SettingsError(f"{file}: {error}") from error
    except ValueError as error:
        raise SettingsError(f"{file}: {error}") from error
    if changed == text:
        return text, None
    backup = file.with_name(f"{file.name}.layout-{LAST_LAYOUT}")
    if not dry_run:
        if not backup.exists():  # else a killed upgrade has left it, or a person has put former names back
            write_whole(backup, text.encode())
        write_whole(file, changed.encode())
    return changed, backup


def renamed_toml(text: str) -> str:
    """TOML with the names of today; what has none of the former ones comes back as it is.

    Raises:
        TOMLDecodeError, TOMLKitError: it is none.
        ValueError: a former name stands where it cannot be changed for sure.
    """
    before = tomllib.loads(text)
    meant = renamed(before)
    if meant == before:
        return text
    document = tomlkit.parse(text)
    _rename(document, "")
    changed = document.as_string()
    if tomllib.loads(changed) != meant:
        raise ValueError(f"change these keys or values by hand, as docs/settings.md has them: {_different(before)}")
    return changed


def _rename(container: Container, table: str) -> None:
    """Change the entries of a container; its body is a list of keys and values, whose places and comments stay."""
    for place, (key, item) in enumerate(container.body):
        if key is None:
            continue
        name = key.key
        changed = _changed(item, name, table)
        if (new_name := renamed_key(name, table)) != name:
            written = key.as_string().replace(name, new_name)  # with its quotes, and the spaces after it
            container.body[place] = (SingleKey(new_name, sep=key.sep, original=written), changed)
            if isinstance(changed, Table):
                changed.display_name = None  # as its head was written
        elif changed is not item:
            container.body[place] = (key, changed)


def _changed(item: Any, key: str, table: str) -> Any:
    """The item under a key: a text anew, anything that holds others changed in place."""
    if isinstance(item, AbstractTable):
        _rename(item.value, key)
    elif isinstance(item, AoT):
        for entry in item.body:
            _rename(entry.value, key)
    elif isinstance(item, Array):
        _rename_array(item, key, table)
    elif isinstance(item, String) and (text := renamed_text(str(item), key, table)) != str(item):
        new = tomlkit.string(text)
        new.trivia.indent, new.trivia.comment_ws = item.trivia.indent, item.trivia.comment_ws
        new.trivia.comment, new.trivia.trail = item.trivia.comment, item.trivia.trail
        return new
    return item


def _rename_array(array: MutableSequence[Any], key: str, table: str) -> None:
    for place, entry in enumerate(array):
        changed = _changed(entry, key, table)
        if changed is not entry:
            array[place] = changed


def _different(value: Any, key: str = "", table: str = "") -> str:
    return ", ".join(sorted(set(_former(value, key, table))))


def _former(value: Any, key: str, table: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, entry in value.items():
            if renamed_key(name, key) != name:
                yield name
            yield from _former(entry, name, key)
    elif isinstance(value, list):
        for entry in value:
            yield from _former(entry, key, table)
    elif isinstance(value, str) and renamed_text(value, key, table) != value:
        yield f"{key} = {value!r}"
