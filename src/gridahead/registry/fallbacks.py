"""The regression beside the champion, among what is exported: it serves where the weights of networks are damaged.

models/DE.load/fallback.json    what is said of it; its tag `bundle` names the bundle, checked by its hash
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.registry.exports import REPAIR, Exports
from gridahead.registry.versions import Version

if TYPE_CHECKING:
    from gridahead.models.base import Forecaster

_FILE = "fallback.json"
_NO_COPY = "none"


def keep_fallback(exports: Exports, model: Forecaster, learnt_until: dt.date, made_at: pd.Timestamp) -> None:
    """Export a regression as the one that serves where networks cannot, in the place of the former one.

    It is known by the last day that it has learnt: numbers are those of the versions of the registry.

    Args:
        exports: where.
        model: the regression.
        learnt_until: the last day that it has learnt.
        made_at: when.

    Raises:
        LakeError: the folder cannot be written.
    """
    series, until = model.spec.series, str(learnt_until)
    days = {"learnt_until": until, "validation_days": f"{until} to {until}"}
    tags = {"series": str(series), "model": model.name, "bundle": exports.keep(model), "copy": _NO_COPY, **days}
    record = {"number": until, "created_at": made_at.isoformat(), "tags": tags}
    exports.keep_record(series, _FILE, record)


def fallback(exports: Exports, series: Series) -> Version | None:
    """The regression of a series, None if it has none.

    Raises:
        ModelError: what is said of it cannot be read.
    """
    try:
        if (record := exports.record(series, _FILE)) is None:
            return None
        tags = {str(name): str(value) for name, value in record["tags"].items()}
        return Version(series, str(record["number"]), "", pd.Timestamp(record["created_at"]), (), tags)
    except (ModelError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{series}, {_FILE} in {exports.folder}",
            f"is damaged ({error}); {REPAIR} or `gridahead train --series {series}` writes it again",
        ) from error
