"""Forecasts against the outturn: one row a metric, and the table that people read.

Models are compared on the valid times that all of them and the outturn have: nobody wins by skipping a hard day. A
unit that had begun when the forecast was issued is no forecast, and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gridahead.errors import ContractError
from gridahead.scoring import metrics
from gridahead.tables import FORECASTS, SCORES, Forecasts, Scores
from gridahead.timeline import Mtu

OFFICIAL = "official"
NAIVE = "naive"
"""The references: the model names of the official forecast and of the naive one."""

ALL_LEADS = -1
"""In the column `lead`: all lead times together."""

POINT, LOWER, UPPER = 0.5, 0.1, 0.9
"""The quantile that is the point forecast, and those that bound the 80 % interval."""

METRICS = ("mae", "rmse", "mape", "wape", "bias", "pinball", "coverage_80", "width_80")
METRICS_BY_LEAD = ("mae", "pinball", "coverage_80")
SHARES = frozenset({"mape", "wape", "coverage_80"})
PERCENTAGE_OF_EACH = frozenset({"load"})
"""Quantities that are never near zero, so that the mean of percentages means something; for others it explodes."""


def score(forecasts: Forecasts, outturn: pd.DataFrame, *, scored_at: pd.Timestamp) -> Scores:
    """The scores of every model, for all lead times and by whole hour of lead time; no rows without common times.

    Args:
        forecasts: of one series and one run; several models, the references among them. Where one was made again for
            the same issue time, the newest counts.
        outturn: `valid_time` and `value` [MW]; a missing value is no outturn.
        scored_at: when this scoring happens.

    Raises:
        ContractError: several series, runs or units are mixed, a model lacks the quantile 0.5, or a valid time has
            several outturns.
    """
    if forecasts.empty:
        return Scores(SCORES.empty())
    tables = common_rows(forecasts, outturn)
    first = forecasts.iloc[0]
    said = {
        "run": first["run"],
        "series": f"{first['zone']}/{first['quantity']}",
        "scored_at": scored_at,
    }
    rows = [
        {**said, "model": model, "lead": lead, **row}
        for model, table in tables.items()
        for lead, part in _by_lead(table)
        for row in _rows(part, lead, first["quantity"], Mtu(first["mtu"]))
    ]
    return Scores(SCORES.check(pd.DataFrame(rows)) if rows else SCORES.empty())


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a run, series and model, metrics as columns: trained models by rising MAE, then official, then naive.

    Only the newest scoring of a run and series counts, as only within one scoring are models compared on common times.

    Returns:
        run, series, model, n, the metrics that occur, and `skill`: 1 − MAE / MAE of the official forecast.
    """
    whole = scores[scores["lead"] == ALL_LEADS]
    if whole.empty:
        return pd.DataFrame(columns=["run", "series", "model", "n", "mae", "skill"])
    newest = whole.groupby(["run", "series"])["scored_at"].transform("max")
    whole = whole[whole["scored_at"] == newest]
    key = ["run", "series", "model"]
    wide = whole.pivot_table(index=key, columns="metric", values="value", aggfunc="first").reset_index()
    counts = whole.loc[whole["metric"] == "mae", [*key, "n"]]
    wide = wide.merge(counts, on=key).reindex(columns=[*key, "n", *(m for m in METRICS if m in wide.columns)])
    official = wide.loc[wide["model"] == OFFICIAL, ["run", "series", "mae"]].rename(columns={"mae": "official"})
    wide = wide.merge(official, on=["run", "series"], how="left")
    wide["skill"] = 1 - wide["mae"] / wide["official"]
    wide["rank"] = wide["model"].map({OFFICIAL: 1, NAIVE: 2}).fillna(0)
    ordered = wide.sort_values(["run", "series", "rank", "mae", "model"], ignore_index=True)
    return ordered.drop(columns=["rank", "official"])


def common_rows(forecasts: Forecasts, outturn: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By model, a row an issue and valid time: quantiles and `outturn` as columns, on the times that all have.

    Args:
        forecasts: as for `score`.
        outturn: as for `score`.

    Raises:
        ContractError: as for `score`.
    """
    _check(forecasts, outturn)
    key = ["model", "issue_time", "valid_time"]
    # All quantiles of one forecast come from the same making: levels of an older one are not mixed in.
    ahead = forecasts[forecasts["valid_time"] >= forecasts["issue_time"]]
    newest = ahead[ahead["made_at"] == ahead.groupby(key)["made_at"].transform("max")]
    newest = newest.drop_duplicates([*key, "quantile"], keep="last")
    seen = outturn.dropna(subset="value")
    truth = pd.Series(seen["value"].to_numpy(), pd.DatetimeIndex(seen["valid_time"]).as_unit("us"))
    tables: dict[str, pd.DataFrame] = {}
    common = truth.index
    for model, rows in newest.groupby("model"):
        levels = rows.pivot_table(index=key[1:], columns="quantile", values="value_mw", aggfunc="first")
        tables[str(model)] = levels.reset_index()
        common = common.intersection(pd.DatetimeIndex(rows.loc[rows["quantile"] == POINT, "valid_time"]))
    shared = {name: rows[rows["valid_time"].isin(common) & rows[POINT].notna()] for name, rows in tables.items()}
    return {name: rows.assign(outturn=rows["valid_time"].map(truth)) for name, rows in shared.items()}


def _check(forecasts: pd.DataFrame, outturn: pd.DataFrame) -> None:
    """All findings at once, or nothing."""
    findings = [
        f"several values of {name}: {sorted(forecasts[name].unique())[:3]}; score one at a time"
        for name in ("run", "zone", "quantity", "mtu")
        if len(forecasts[name].unique()) > 1
    ]
    pointless = set(forecasts["model"]) - set(forecasts.loc[forecasts["quantile"] == POINT, "model"])
    findings += [f"model {model} has no quantile {POINT}" for model in sorted(pointless)]
    if outturn["valid_time"].duplicated().any():
        findings.append("the outturn has several values of one valid time; ask for one vintage")
    if findings:
        raise ContractError(FORECASTS.name, findings)


def _by_lead(rows: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """All rows, then those of every whole hour of lead time."""
    if rows.empty:
        return
    yield ALL_LEADS, rows
    lead_time = rows["valid_time"] - rows["issue_time"]
    lead_hours = (lead_time.to_numpy() // np.timedelta64(1, "h")).astype(int)
    for lead in np.unique(lead_hours):
        yield int(lead), rows[lead_hours == lead]


def _rows(rows: pd.DataFrame, lead: int, quantity: str, mtu: Mtu) -> Iterator[dict[str, object]]:
    """One row a metric that these forecasts have; a forecast without spread has none that speak of spread."""
    levels = levels_of(rows)
    # A day that fell back to a bare median tells nothing about spread: it counts for the point metrics alone.
    spread = rows.dropna(subset=levels)
    for part, values in ((rows, of_point(rows, quantity)), (spread, of_spread(spread, levels))):
        said = {"n": len(part), "start": part["valid_time"].min(), "end": part["valid_time"].max() + mtu.delta}
        for metric, value in values.items():
            if lead == ALL_LEADS or metric in METRICS_BY_LEAD:
                yield {"metric": metric, "value": value, "unit": "1" if metric in SHARES else "MW", **said}


def levels_of(rows: pd.DataFrame) -> list[float]:
    """The quantile levels that these rows have as columns, rising."""
    return [float(name) for name in rows.columns if name not in ("issue_time", "valid_time", "outturn")]


def of_point(rows: pd.DataFrame, quantity: str) -> dict[str, float]:
    """The metrics of the point forecast by name."""
    point, truth = rows[POINT].to_numpy(), rows["outturn"].to_numpy()
    percentage = metrics.mape if quantity in PERCENTAGE_OF_EACH else metrics.wape
    return {
        "mae": metrics.mae(point, truth),
        "rmse": metrics.rmse(point, truth),
        percentage.__name__: percentage(point, truth),
        "bias": metrics.bias(point, truth),
    }


def of_spread(rows: pd.DataFrame, levels: list[float]) -> dict[str, float]:
    """The metrics of the quantiles by name."""
    if rows.empty or len(levels) == 1:
        return {}
    truth = rows["outturn"].to_numpy()
    values = {"pinball": metrics.pinball(rows[levels].to_numpy(), levels, truth)}
    if {LOWER, UPPER} <= set(levels):
        values["coverage_80"] = metrics.coverage(rows[LOWER], rows[UPPER], truth)
        values["width_80"] = metrics.width(rows[LOWER], rows[UPPER])
    return values
