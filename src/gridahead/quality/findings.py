"""The findings of an inspection, a line a series, rule and contiguous stretch: for people to read."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from gridahead.core.time import Mtu, lasting
from gridahead.core.units import decimals
from gridahead.quality.gx.validator import SuiteResult
from gridahead.quality.rules import WHOLE_SERIES_RULES, severity_for
from gridahead.settings.gates import QualitySettings
from gridahead.settings.quality_rules import RULE_BY_NAME

FINDING_COLUMNS = ["series", "rule", "severity", "rows", "start", "end", "words", "example"]

_STEPS = {str(mtu): mtu.delta for mtu in Mtu}


def stretches(rows: pd.DataFrame, failed: pd.DataFrame) -> pd.DataFrame:
    """One finding a series, rule and contiguous stretch: how many rows, from when to when, and the first reason.

    What runs through a series is one finding, however many stretches it is in.
    """
    if failed.empty:
        return pd.DataFrame(columns=FINDING_COLUMNS)
    columns = ["zone", "quantity", "valid_time", "value", "unit", "mtu"]
    full = pd.concat(
        [failed.reset_index(drop=True), rows.loc[failed["place"], columns].reset_index(drop=True)], axis=1
    ).sort_values(["zone", "quantity", "rule", "valid_time"], kind="stable")
    key = ["zone", "quantity", "rule", "severity"]
    fresh = (full[key] != full[key].shift()).any(axis=1)
    gap = full["valid_time"].diff() > full["mtu"].map(_STEPS).fillna(pd.Timedelta(hours=1))
    throughout = full["rule"].isin([rule.name for rule in WHOLE_SERIES_RULES])
    parts = full.groupby((fresh | (gap & ~throughout)).cumsum().to_numpy())
    first = parts.first()
    return pd.DataFrame(
        {
            "series": first["zone"] + "/" + first["quantity"],
            "rule": first["rule"],
            "severity": first["severity"],
            "rows": parts["place"].nunique(),
            "start": parts["valid_time"].min(),
            "end": parts["valid_time"].max(),
            "words": first["reason"],
            "example": [_example(line) for line in first.to_dict("records")],
        }
    ).reset_index(drop=True)[FINDING_COLUMNS]


def _example(row: Mapping[Hashable, Any]) -> str:
    unit = "" if pd.isna(row["unit"]) else row["unit"]
    return f"{row['valid_time']:%Y-%m-%dT%H:%MZ}: {row['value']:,.{max(2, decimals(row['value']))}f} {unit}".rstrip()


def incomplete(days: pd.DataFrame, suite_result: SuiteResult, settings: QualitySettings) -> Iterator[dict[str, object]]:
    """A finding for every run of delivery days of a series that are not whole; `rows` counts the days."""
    failed = days.loc[[line for result in suite_result.results for line in result.rows]]
    rule = RULE_BY_NAME["delivery_day_complete"]
    for (zone, quantity), of_it in failed.sort_values("delivery_day").groupby(["zone", "quantity"]):
        run = (of_it["delivery_day"].diff() != pd.Timedelta(days=1)).cumsum()
        for _, part in of_it.groupby(run):
            first = part.iloc[0]
            yield {
                "series": f"{zone}/{quantity}",
                "rule": rule.name,
                "severity": severity_for(rule, str(quantity), settings),
                "rows": len(part),
                "start": first["delivery_day"].tz_localize("UTC"),
                "end": part["delivery_day"].iloc[-1].tz_localize("UTC"),
                "words": "expected that " + rule.said(measured=first["found_mtus"], limit=first["expected_mtus"]),
                "example": f"{first['delivery_day']:%Y-%m-%d}: {first['found_mtus']} of {first['expected_mtus']}",
            }


def stale(table: pd.DataFrame, decided_at: pd.Timestamp, settings: QualitySettings) -> Iterator[dict[str, object]]:
    """A finding for every series whose newest value is too old."""
    rule = RULE_BY_NAME["stale"]
    for line in table.to_dict("records"):
        age, limit = decided_at - line["newest"], pd.Timedelta(hours=settings.stale_after_hours)
        if age > limit:
            yield {
                "series": line["series"],
                "rule": rule.name,
                "severity": severity_for(rule, line["series"].partition("/")[2], settings),
                "rows": 0,
                "start": line["newest"],
                "end": line["newest"],
                "words": "expected that " + rule.said(measured=lasting(age), limit=lasting(limit)),
                "example": f"the newest is of {line['newest']:%Y-%m-%d %H:%M} UTC",
            }
