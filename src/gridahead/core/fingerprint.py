"""Fingerprints: of contents, and of the code that computes here.

A model or a forecast of other code is another one, whatever the release is called.
"""

from __future__ import annotations

import ast
import datetime as dt
import functools
import hashlib
import json
import threading
from pathlib import Path, PurePath

DIGITS = 16
"""Of every fingerprint, hexadecimal: among a million of them two are the same once in 40 million times."""

ROOTS = (
    "gridahead.training.candidates",
    "gridahead.registry.served_model",
    "gridahead.training.tabular",
    "gridahead.evaluation.references",
    "gridahead.forecasting.issue",
)
"""Where a number begins: fits of networks alone, shared and in ensembles, what MLflow serves, regressions, references,
and the one path to a forecast. What they import, and what that imports, decides, down to the nouns. What reads, judges
and shows is not among it, or every word of a page would train everything anew; what was read has its own hash."""

_UNSAID = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
"""Fields of a syntax tree that decide nothing: whether a name is read or written follows from where it stands, and
`u"a"` is `"a"`."""


def digest(*parts: object) -> str:
    """The fingerprint of a content: the first 16 digits of the SHA-256 of its parts, one after the other.

    Args:
        parts: bytes and the memory of arrays (`array.data`) as they are, text as UTF-8, anything else as JSON with
            sorted keys. Where the end of a part could be mistaken for the begin of the next, they belong in one list.

    Raises:
        TypeError: a part, or a value in it, is none of these.
    """
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part if isinstance(part, bytes | memoryview) else _text(part).encode())
    return sha.hexdigest()[:DIGITS]


def _text(part: object) -> str:
    return part if isinstance(part, str) else json.dumps(part, sort_keys=True, default=_as_text)


def _as_text(value: object) -> str:
    """What JSON has no type for, as text; an array is refused, whose text leaves out its middle."""
    if isinstance(value, dt.date | PurePath):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no fingerprint: say which of its values count")


_PARSING = threading.Lock()
"""Series are trained in threads, and in Python 3.11 two that parse at once fail: `SystemError: AST constructor
recursion depth mismatch` (CPython issue 106905). `functools.cache` lets several compute what none has computed yet."""


def code_hash() -> str:
    """Fingerprint of the code that decides a number, 16 digits. Nothing of it is imported."""
    with _PARSING:
        return _own_hash()


@functools.cache
def _own_hash() -> str:
    return code_hash_of(Path(__file__).parents[1], ROOTS)


def code_hash_of(package: Path, roots: tuple[str, ...]) -> str:
    """Fingerprint of modules and of everything of their package that they import, directly or not, 16 digits.

    What counts is the syntax tree without docstrings: comments, line breaks, quotes, brackets and trailing commas do
    not. Tokens would not do, because Python 3.12 cuts f-strings into others than 3.11; nor does `ast.dump`, which since
    3.13 leaves empty fields out and since 3.12 has fields that were not there. Without its empty fields a tree is the
    same in 3.11, 3.12 and 3.13.

    Args:
        package: its folder. Its own `__init__.py` does not count: that has the name of the release.
        roots: full names of the modules to begin with.

    Raises:
        FileNotFoundError: a root is no module of the package.
    """
    trees: dict[str, str] = {}
    waiting = [(name, _file(package, name)) for name in roots]
    if missing := [name for name, file in waiting if file is None]:
        raise FileNotFoundError(f"{', '.join(missing)}: no such module in {package}; ROOTS names where a number begins")
    while waiting:
        name, file = waiting.pop()
        if file is None or name in trees:
            continue
        words: list[str] = []
        imported: set[str] = set()
        _write(ast.parse(file.read_bytes()), words, imported)
        trees[name] = " ".join(words)
        waiting += [(module, _file(package, module)) for module in imported if module.startswith(f"{package.name}.")]
    written = "\n".join(f"{name} {trees[name]}" for name in sorted(trees))
    return digest(written)


def _file(package: Path, module: str) -> Path | None:
    """Where a module or package is; None for a name inside a module."""
    place = package.parent.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.exists()), None)


def _write(node: ast.AST, words: list[str], imported: set[str]) -> None:
    """Write a tree down, and the names of what may be modules that it imports, at the top or inside a function."""
    if isinstance(node, ast.Import):
        imported.update(alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    words.append(type(node).__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if value is None or name in _UNSAID:
            continue
        parts = [part for part in value if not _is_empty(part, node)] if isinstance(value, list) else [value]
        if parts:
            words.append(name)
        for part in parts:
            if isinstance(part, ast.AST):
                _write(part, words, imported)
            else:
                words.append(repr(part))
    words.append(")")


def _is_empty(part: object, parent: ast.AST) -> bool:
    """Whether a part of a list decides nothing: a docstring, whatever stands above it; `pass`; no text in an f-string.

    Python 3.12 puts an empty text into the tree of some f-strings where 3.11 and 3.13 have none.
    """
    if isinstance(part, ast.Expr):
        return isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)
    if isinstance(parent, ast.JoinedStr):
        return isinstance(part, ast.Constant) and part.value == ""
    return isinstance(part, ast.Pass)
