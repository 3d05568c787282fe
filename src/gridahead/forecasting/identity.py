"""The name of a forecast: short, stable, and the same for the same model on the same data."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gridahead.core.fingerprint import digest

IDENTIFIES = ["run", "zone", "quantity", "model", "model_version", "issue_time", "data_hash"]
"""The columns of the forecasts that identify one forecast."""


def forecast_id(row: Any) -> str:
    """The id of the forecast that a row belongs to, or of a mapping with the same names."""
    issued = pd.Timestamp(row["issue_time"]).tz_convert("UTC").isoformat()
    parts = [issued if name == "issue_time" else str(row[name]) for name in IDENTIFIES]
    return digest("\n".join(parts))


def forecasts_in(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a forecast: `id` and the columns that identify it, by issue time."""
    forecasts = rows[IDENTIFIES].drop_duplicates().sort_values(["issue_time", "model"], ignore_index=True)
    forecasts.insert(0, "id", [forecast_id(row) for row in forecasts.to_dict("records")])
    return forecasts
