"""Cases of which `make test` takes the first ones, and `make test-all` all."""

from collections.abc import Iterable
from typing import Any

import pytest


def first_of(cases: Iterable[Any], count: int) -> list[Any]:
    """The cases as parameters of a test; those after the first so many are marked `long`."""
    given = list(cases)
    return [*given[:count], *(_long(case) for case in given[count:])]


def _long(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.long)
