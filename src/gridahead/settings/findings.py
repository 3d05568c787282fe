"""What is wrong with a settings file, a line a finding: where, in the names of the file, what, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pydantic
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from gridahead.core.errors import did_you_mean
from gridahead.core.renamed import KEYS
from gridahead.settings.keys import ANY_NAME, Key, keys, named_by, sections_of, toml_value
from gridahead.settings.model import Settings

_NAMED_BY = {
    "series": ("series",),
    "zones": ("code",),
    "shared": ("name",),
    "sums": ("total",),
    "covariates": ("name", "column"),
    "sources": ("path", "folder"),
}
"""By which keys an entry of a list is identified."""
_QUOTED = re.compile(r"'([^']*)'")


def findings(error: pydantic.ValidationError, raw: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong, a line each.

    Args:
        error: what pydantic says of the file.
        raw: the file as TOML reads it, for the names of series, sources and the like.
    """
    return [line for finding in error.errors() for line in _lines(finding, raw)]


def _lines(finding: ErrorDetails, raw: Mapping[str, Any]) -> Iterator[str]:
    kind = finding["type"]
    location = [part for part in finding["loc"] if part != "[key]"]
    where = _where(location, raw)
    if kind == "extra_forbidden":
        now = KEYS.get(str(location[-1]))
        hint = f"it is {now} since this release, and `gridahead upgrade` renames it" if now else _nearest_key(location)
        yield f"{where}: unknown key; {hint}"
    elif kind == "missing":
        yield f"{where}: is missing{_meaning(location)}"
    elif kind in ("literal_error", "enum", "union_tag_invalid"):
        yield f"{where}: {_nearest_value(finding, is_key='[key]' in finding['loc'])}"
    elif kind == "union_tag_not_found":
        yield f"{where}: kind is missing; say kind = {' or '.join(map(toml_value, _kinds(location)))}"
    elif kind in ("tuple_type", "model_type", "dict_type", "model_attributes_type"):
        yield f"{where}: {_another_form(finding, location)}"
    elif kind in ("value_error", "assertion_error"):
        message = finding["msg"].partition(", ")[2]
        yield from (f"{where}: {line}" if where else line for line in message.splitlines())
    else:
        wanted = f"; it is a {key.type}" if (key := _key_at(location)) else ""
        yield f"{where}: {toml_value(finding['input'])} cannot be meant: {finding['msg'].lower()}{wanted}"


def _where(location: Sequence[int | str], raw: Any) -> str:
    """The place as a person finds it: `series DE/load: deadline`, `training.epochs`, `sources 2 (in.csv): path`."""
    place, name = "", ""
    for part in location:
        if isinstance(part, int):
            entry = raw[part] if isinstance(raw, list) and part < len(raw) else None
            if not isinstance(entry, Mapping):
                continue
            place, raw = f"{place} {_name_of(name, part, entry)}:", entry
            continue
        if isinstance(raw, Mapping) and part not in raw and part == raw.get("kind"):
            continue  # pydantic counts the kind of a source as a step; nobody wrote it as one
        place += f" {part}" if place.endswith(":") else f".{part}" if place else part
        raw, name = raw.get(part) if isinstance(raw, Mapping) else None, part
    return place.removesuffix(":")


def _name_of(name: str, place: int, entry: Mapping[str, Any]) -> str:
    """By what an entry of a list is known: its own name, or its number with what it reads."""
    own_name = next((entry[key] for key in _NAMED_BY.get(name, ()) if isinstance(entry.get(key), str)), None)
    if own_name is None:
        return f"number {place + 1}"
    return f"number {place + 1} ({own_name})" if name == "sources" else str(own_name)


def _section_at(location: Sequence[int | str]) -> tuple[type[BaseModel] | None, str]:
    """The section at this place, and how its keys begin in `settings keys`; None where there is no section."""
    section: type[BaseModel] | None = Settings
    annotation, prefix, kinds = Settings, "", {"": Settings}
    names: Mapping[str, str] = {}
    for part in location:
        if isinstance(part, int):
            continue
        if section is not None and part in section.model_fields:
            annotation = section.model_fields[part].annotation  # type: ignore[assignment]
            kinds, names = sections_of(annotation), named_by(annotation)  # type: ignore[assignment]
            section, prefix = kinds.get(""), f"{prefix}{part}."
        elif part in names:
            section, prefix = kinds[names[part]], f"{prefix}{names[part]}."
        elif section is not None:  # the name of an entry, such as that of a model
            prefix = f"{prefix}{ANY_NAME}."
    return section, prefix


def _kinds(location: Sequence[int | str]) -> list[str]:
    fields = [part for part in location if isinstance(part, str)]
    section, _ = _section_at(fields[:-1])
    annotation = section.model_fields[fields[-1]].annotation if section is not None else None
    return list(named_by(annotation))


def _nearest_key(location: Sequence[int | str]) -> str:
    """The nearest key of the section, else the same or a near key of another one, else all keys of the section."""
    name = str(location[-1])
    section, _ = _section_at(location[:-1])
    known_keys = list(section.model_fields) if section is not None else []
    if hint := did_you_mean(name, known_keys):
        return hint.strip()
    elsewhere = {key.name.rpartition(".")[2]: key.name for key in reversed(keys())}
    by_name = {**{field: field for field in Settings.model_fields}, **elsewhere}
    if hint := did_you_mean(name, by_name):
        full_name = by_name[_QUOTED.findall(hint)[0]]
        return f"did you mean {full_name!r}, which belongs {_home(full_name)}?"
    return f"known here: {', '.join(known_keys)}"


def _home(key: str) -> str:
    """In which section a key is written, in words: at the top, `to [training]`, `to [[series]]`."""
    parts = key.split(".")[:-1]
    if not parts:
        return "at the top, before the first ["
    top = Settings.model_fields.get(parts[0])
    is_list = top is not None and "tuple" in str(top.annotation)
    return f"to [[{parts[0]}]]" if is_list else f"to [{'.'.join(parts)}]"


def _nearest_value(finding: ErrorDetails, *, is_key: bool) -> str:
    context = finding.get("ctx", {})
    allowed = _QUOTED.findall(str(context.get("expected") or context.get("expected_tags")))
    value = context.get("tag") if "tag" in context else finding["input"]
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    return f"{toml_value(value)} is {'no key' if is_key else 'not known'} here; {hint}known: {', '.join(allowed)}"


def _key_at(location: Sequence[int | str]) -> Key | None:
    """The key of a location, as `settings keys` has it; None where no section has one."""
    names = [part for part in location if isinstance(part, str)]
    _, prefix = _section_at(names[:-1])
    return next((key for key in keys() if key.name == f"{prefix}{names[-1]}"), None)


def _meaning(location: Sequence[int | str]) -> str:
    """The meaning of the missing key, as the end of a finding."""
    key = _key_at(location)
    return f"; {key.meaning}" if key else ""


def _another_form(finding: ErrorDetails, location: Sequence[int | str]) -> str:
    """That a table is no list, or the other way round, and how to write it."""
    name = ".".join(str(part) for part in location if isinstance(part, str))
    value = finding["input"]
    if finding["type"] == "tuple_type":
        if isinstance(value, Mapping):
            return f"there may be several; write [[{name}]] instead of [{name}]"
        return f"is a list; write [{toml_value(value)}] instead of {toml_value(value)}"
    if isinstance(value, list):
        return f"there is one; write [{name}] instead of [[{name}]]"
    return f"is a table; write [{name}] and its keys below, instead of {toml_value(value)}"
