"""Every key of the settings, taken from the sections themselves: name, type, default and meaning."""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gridahead.core.grid import Series
from gridahead.core.time import Deadline
from gridahead.settings.model import Settings

ANY_NAME = "NAME"
"""Stands in the name of a key for a name that the file gives, such as that of a model."""
_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    Deadline: "deadline",
    Series: "series",
    dict: "table",
}
_SIGNS = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}


@dataclass(frozen=True)
class Key:
    """One key of the settings file."""

    name: str
    """Where it stands, such as `training.epochs`; list entries and kinds of sources are not counted."""
    type: str
    """In words, with the values that are allowed."""
    default: str | None
    """As it is written in the file; None if the key has to be given."""
    meaning: str

    @property
    def section(self) -> str:
        """The part before the last point, empty at the top of the file."""
        return self.name.rpartition(".")[0]


@cache
def keys() -> tuple[Key, ...]:
    """Every key there is, in the order of the sections."""
    return tuple(_keys(Settings, ""))


def _keys(section: type[BaseModel], prefix: str) -> Iterator[Key]:
    nested = []
    for name, field in section.model_fields.items():
        inner = sections_of(field.annotation)
        if inner:
            is_table = _origin(field.annotation) is dict
            at = f"{prefix}{name}.{ANY_NAME}" if is_table else f"{prefix}{name}"
            nested += [(f"{at}.{tag}" if tag else at, inner_section) for tag, inner_section in inner.items()]
        else:
            yield Key(f"{prefix}{name}", _type_words(field), _default_words(field), _meaning(field))
    for at, inner_section in nested:
        yield from _keys(inner_section, f"{at}.")


def sections_of(annotation: Any) -> dict[str, type[BaseModel]]:
    """The sections that an annotation holds, by their `kind`; one without kinds has an empty name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("kind")
        return {get_args(kind.annotation)[0] if kind is not None else "": annotation}
    sections: dict[str, type[BaseModel]] = {}
    for part in get_args(annotation):
        sections |= sections_of(part)
    return sections


def named_by(annotation: Any) -> dict[str, str]:
    """Of every kind that a section may say, the one that `sections_of` has it by: several services share a section."""
    names: dict[str, str] = {}
    for first, section in sections_of(annotation).items():
        kind = section.model_fields.get("kind")
        names |= dict.fromkeys(get_args(kind.annotation) if kind is not None else (first,), first)
    return names


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _origin(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _origin(get_args(annotation)[0])
    return get_origin(annotation)


def _type_words(field: FieldInfo) -> str:
    limits = [
        f"{words} {value:g}"
        for limit in field.metadata
        for sign, words in _SIGNS.items()
        if isinstance(limit, sign) and (value := getattr(limit, sign.__name__.lower())) is not None
    ]
    return ", ".join([_words(field.annotation), *limits])


def _words(annotation: Any) -> str:
    """A type in the words of TOML, for whoever writes a settings file."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(parts[0])
    if origin is Literal:
        return " | ".join(dict.fromkeys(str(part) for part in parts))
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(_words(part) for part in parts if part is not type(None)))
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return f"list of {_words(parts[0])}"
        return f"[{', '.join(_words(part) for part in parts)}]"
    if origin is dict:
        return f"table of {_words(parts[1])} by {_words(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " | ".join(str(member) for member in annotation)
    return _WORDS.get(annotation) or str(getattr(annotation, "__name__", "text"))


def _default_words(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    default = field.get_default(call_default_factory=True)
    return "not set" if default is None or default is PydanticUndefined else toml_value(default)


def toml_value(value: Any) -> str:
    """A value as it is written in a settings file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and not isinstance(value, enum.Enum):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml_value(entry)}" for name, entry in value.items()) + "}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{text}"'
