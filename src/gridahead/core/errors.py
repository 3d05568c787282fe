"""The errors of gridahead, named by whose fault it is, because that is what a caller decides on.

A message names the series, the window and the way out, and lists all findings at once. Nobody parses messages: what a
caller needs to decide is an attribute.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self


class GridaheadError(Exception):
    """Every error that gridahead raises on purpose; `retryable` if the same may succeed when tried again later."""

    def __init__(self, *arguments: object, retryable: bool = False) -> None:
        super().__init__(*arguments)
        self.retryable = retryable

    @classmethod
    def _again(cls, arguments: tuple[Any, ...], attributes: dict[str, Any]) -> Self:
        error = cls.__new__(cls, *arguments)
        error.__dict__.update(attributes)
        return error

    def __reduce__(self) -> tuple[Any, ...]:
        """Fits run in processes of their own, and what goes wrong there has to arrive here as what it is."""
        return self._again, (self.args, self.__dict__)


class SettingsError(GridaheadError):
    """The settings file has a value that is not valid. Nothing has run yet."""


class SourceError(GridaheadError):
    """The world outside failed or sent something unreadable: retry if `retryable`, else degrade and record."""

    def __init__(self, source: str, reason: str, *, retryable: bool = False) -> None:
        super().__init__(f"{source}: {reason}", retryable=retryable)
        self.source = source
        self.reason = reason


class AccessError(SourceError):
    """A source asks for a key and there is none, or it refuses the one that there is."""


class QualityError(GridaheadError):
    """More rows failed the quality gate than it allows."""


class ContractError(GridaheadError):
    """A frame is not what its table declares: a bug of ours, so stop."""

    def __init__(self, table: str, findings: Sequence[str]) -> None:
        super().__init__(f"{table}: " + "; ".join(findings))
        self.table = table
        self.findings = tuple(findings)


class LakeError(GridaheadError):
    """The lake has no data where data is needed, or cannot be written."""


class ModelError(GridaheadError):
    """There is no champion, or a bundle that does not fit its inputs: fall back, and report it."""

    def __init__(self, model: str, reason: str, *, retryable: bool = False) -> None:
        super().__init__(f"{model}: {reason}", retryable=retryable)
        self.model = model
        self.reason = reason


class TooFewDaysError(ModelError):
    """A series has too few days for a model of its own: others that share a network with it may serve it meanwhile."""


class PublicationError(GridaheadError):
    """A forecast could not be published: a file, a table or a service does not take it."""

    def __init__(self, target: str, reason: str, *, retryable: bool = False) -> None:
        super().__init__(f"{target}: {reason}", retryable=retryable)
        self.target = target
        self.reason = reason


class PartialError(GridaheadError):
    """Some of several requested items failed, and the others are done. Their results are in `done`."""

    def __init__(self, errors: Mapping[str, GridaheadError], done: Sequence[Any] = ()) -> None:
        messages = [str(error) if name in str(error) else f"{name}: {error}" for name, error in errors.items()]
        rest = "the rest is done" if done else "nothing is done"
        message = f"not done: {', '.join(errors)}; {rest}\n" + "\n".join(messages)
        super().__init__(message, retryable=any(error.retryable for error in errors.values()))
        self.errors = dict(errors)
        self.done = tuple(done)


NEAR = 0.7
"""The least likeness of difflib: two letters exchanged, as in laod, are found, and PT1H is not taken for PT15M."""


def nearest(name: str, known: Iterable[str], likeness: float = NEAR) -> str | None:
    """The known name that is spelt most like a name, in whichever case; None where none is as like as that."""
    by_lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[near[0]] if near else None


def some_of(names: Sequence[str], most: int) -> str:
    """The first of many names, and of the others how many they are: `A, B and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'load'? ` with a space behind it, nothing where no known name is near."""
    near = nearest(name, known)
    return "" if near is None else f"did you mean {near!r}? "
