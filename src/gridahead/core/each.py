"""A call for each of several: what can be done is done, and what fails is named at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from gridahead.core.errors import GridaheadError, PartialError, SettingsError
from gridahead.core.logs import logged

K = TypeVar("K")
T = TypeVar("T")


def of_each(names: Iterable[K], call: Callable[[K], T]) -> tuple[dict[K, T], dict[K, GridaheadError]]:
    """The results of the call by name, and the errors of those for which it fails; lines of the log name the series.

    Raises:
        SettingsError: the call is not valid whatever it is made for: its error names none of them.
    """
    from gridahead.core.grid import Series  # brings pandas, and a command that only explains itself does without

    done: dict[K, T] = {}
    failed: dict[K, GridaheadError] = {}
    for name in dict.fromkeys(names):
        try:
            with logged(series=name if isinstance(name, Series) else None):
                done[name] = call(name)
        except GridaheadError as error:
            if isinstance(error, SettingsError) and str(name) not in str(error):
                raise
            failed[name] = error
    return done, failed


def require(failed: Mapping[K, GridaheadError], done: Iterable[object] = ()) -> None:
    """Raise the errors of a call for several, if there are any.

    Args:
        failed: the errors, by what they are of.
        done: what came of the others; it is kept with the error.

    Raises:
        PartialError: several were asked for. Where it was one alone, its own error.
    """
    results = tuple(done)
    if len(failed) == 1 and not results:
        raise next(iter(failed.values()))
    if failed:
        raise PartialError({str(name): error for name, error in failed.items()}, results)
