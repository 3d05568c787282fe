"""The reference page of the settings, made of the keys themselves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gridahead.settings.keys import Key, keys, sections_of
from gridahead.settings.model import Settings

_HEAD = """# Settings

Every key of the settings file, made by `gridahead settings keys --markdown`. Paths are relative to the file; an unknown
key is an error that names the nearest right one. `gridahead settings explain KEY` says the same at a terminal, and
`gridahead settings show` what came of your file.
"""


def reference() -> str:
    """The page as Markdown: a table a section, with type, default and meaning of every key."""
    return "\n".join([_HEAD, *(line for part in _parts() for line in part)])


def _parts() -> Iterator[list[str]]:
    for section, section_keys in groupby(keys(), key=lambda key: key.section):
        yield [
            f"## {_heading(section)}",
            "",
            "| Key | Type | Without it | Meaning |",
            "| --- | --- | --- | --- |",
            *(_row(key) for key in section_keys),
            "",
        ]


def _heading(section: str) -> str:
    """As the section is written in the file."""
    if not section:
        return "At the top of the file"
    parts = section.split(".")
    first = Settings.model_fields[parts[0]].annotation
    kinds = sections_of(first)
    if "" in kinds:
        several = "tuple" in str(first)
        return f"`[[{section}]]`" if several else f"`[{section}]`"
    inner = ".".join([parts[0], *parts[2:]])
    return f'`[[{inner}]]` of `kind = "{parts[1]}"`'


def _row(key: Key) -> str:
    written = key.default not in (None, "not set")
    default = f"`{key.default}`" if written else key.default or "must be given"
    cells = (f"`{key.name.rpartition('.')[2]}`", key.type, default, key.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
