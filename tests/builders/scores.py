"""Small forecasts and outturns whose scores a reader can work out in the head."""

import numpy as np
import pandas as pd

from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.evaluation.scores import score

ISSUED = pd.Timestamp("2025-12-30T10:00Z")
DAY = pd.Timestamp("2025-12-30T23:00Z")
NOW = pd.Timestamp("2026-01-01T00:00Z")


def forecasts(values, model="lstm", *, levels=(0.5,), quantity="load", issued=ISSUED, start=DAY, made=ISSUED, **other):
    """Hourly forecasts from DAY on: one row of values an hour, one value a level."""
    values = np.asarray(values, dtype=float).reshape(-1, len(levels))
    rows = [
        {
            "run": "live",
            "zone": "DE",
            "quantity": quantity,
            "model": model,
            "issue_time": issued,
            "valid_time": start + pd.Timedelta(hours=hour),
            "quantile": level,
            "value_mw": value,
            "mtu": "PT60M",
            "model_version": "1",
            "rung": "full",
            "data_hash": f"hash-{made}",
            "made_at": made,
            **other,
        }
        for hour, row in enumerate(values)
        for level, value in zip(levels, row, strict=True)
    ]
    return pd.DataFrame(rows)


def outturn(values, start=DAY):
    times = pd.date_range(start, periods=len(values), freq="h")
    return pd.DataFrame({"valid_time": times, "value": np.asarray(values, dtype=float)})


def scored(*frames, truth):
    return score(Forecasts(FORECASTS.check(pd.concat(frames))), truth, scored_at=NOW)


def value(scores, metric, model="lstm", lead=None):
    at = scores["lead"].isna() if lead is None else scores["lead"] == lead
    found = scores[(scores["metric"] == metric) & (scores["model"] == model) & at.fillna(False)]
    return found["value"].item()
