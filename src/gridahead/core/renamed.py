"""The publisher's own forecast was called reference until layout 2, and is called official since: every stored name.

Where such names stand in rows, receipts, bundles and settings, `gridahead upgrade` asks here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LAST_LAYOUT = 2
"""The last layout with the former names."""
SUFFIX = r"_reference\b", "_official"
"""Of the quantity, in whatever names one or a series; a pattern, and what stands in its place."""
KEYS: Mapping[str, str] = {
    "reference_column": "official_column",
    "reference_unit": "official_unit",
    "reference_available": "official_available",
    "load_reference_available": "load_official_available",
    "generation_reference_available": "generation_official_available",
    "use_reference": "use_official",
    "reference_misfit": "official_misfit",
}
"""Settings, fields of what a model reads, and a rule of the quality gate."""
_ANCHORS: Mapping[str, str] = {"reference": "official"}
_SERIES_AT = frozenset({"quantity", "series", "past_covariates", "future_covariates", "newest", "missing"})
"""Keys whose texts are quantities or series."""
_SERIES_IN = frozenset({"quantities", "covariates", "known_share", "newest"})
"""Tables whose keys are quantities or series, or that have a covariate's `name`."""
_AS_WRITTEN = frozenset({"where"})
"""Tables whose keys are headers of somebody's file."""


def renamed_series(text: str) -> str:
    """A quantity, a series or a list of them by its name of today."""
    return re.sub(*SUFFIX, text)


def renamed_key(key: str, table: str) -> str:
    """The key of a table by its name of today.

    Args:
        key: as it stands there.
        table: the key under which the table stands.
    """
    if table in _AS_WRITTEN:
        return key
    return KEYS.get(key) or (renamed_series(key) if table in _SERIES_IN else key)


def renamed_text(text: str, key: str, table: str) -> str:
    """What a key says, by its name of today: only a series, a quantity or an anchor can have had another.

    Args:
        text: as it stands there.
        key: under which it stands.
        table: the key under which its table stands.
    """
    if table in _AS_WRITTEN:
        return text
    if key in _SERIES_AT or (key == "name" and table in _SERIES_IN):
        return renamed_series(text)
    return _ANCHORS.get(text, text) if key == "anchor" else text


def renamed(value: Any, key: str = "", table: str = "") -> Any:
    """What JSON or TOML holds, with the names of today.

    Args:
        value: all of it, or what stands under a key.
        key: under which it stands.
        table: the key under which its table stands.
    """
    if isinstance(value, Mapping):
        return {renamed_key(name, key): renamed(entry, name, key) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(renamed(entry, key, table) for entry in value)
    return renamed_text(value, key, table) if isinstance(value, str) else value
