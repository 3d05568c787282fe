"""The name of a forecast: short, stable, and the same for the same model on the same data."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd

IDENTIFIES = ["run", "zone", "quantity", "model", "model_version", "issue_time", "data_hash"]
"""The columns of the forecasts that tell one forecast from another."""
DIGITS = 12
"""Two of a million forecasts share a name once in five hundred lakes."""


def forecast_id(told: Any) -> str:
    """The id of the forecast that a row belongs to, or of a mapping with the same names."""
    issued = pd.Timestamp(told["issue_time"]).tz_convert("UTC").isoformat()
    parts = [issued if name == "issue_time" else str(told[name]) for name in IDENTIFIES]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGITS]


def forecasts_in(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a forecast: `id` and the columns that tell it from others, by issue time."""
    each = rows[IDENTIFIES].drop_duplicates().sort_values(["issue_time", "model"], ignore_index=True)
    each.insert(0, "id", [forecast_id(row) for row in each.to_dict("records")])
    return each
