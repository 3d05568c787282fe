"""Forecasts against the outturn: one row a metric, and the table that people read.

Models are compared on the valid times that all of them and the outturn have: nobody wins by skipping a hard day. A
unit that had begun when the forecast was issued is no forecast, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from gridahead.errors import ContractError
from gridahead.models.baselines import ReferenceName
from gridahead.scoring import metrics
from gridahead.tables import FORECASTS, SCORES, Forecasts, Scores
from gridahead.timeline import Mtu

OFFICIAL: ReferenceName = "official"
OFFICIAL_CORRECTED: ReferenceName = "official_corrected"
NAIVE: ReferenceName = "naive"
REFERENCES = (OFFICIAL, OFFICIAL_CORRECTED, NAIVE)
"""The references, by the names that they have as models: the official forecast, the same without its own recent error,
and last week's same hour."""

REFERENCE_WORDS: Mapping[str, str] = {OFFICIAL: "official", OFFICIAL_CORRECTED: "corrected official", NAIVE: "naive"}
"""What stands before "forecast" in a sentence."""

SKILLS = {"skill": OFFICIAL, "skill_corrected": OFFICIAL_CORRECTED}
"""Columns of the table, and the reference whose MAE each one is measured by."""

ALL_LEADS = -1
"""In the column `lead`: all lead times together."""

POINT, LOWER, UPPER = 0.5, 0.1, 0.9
"""The quantile that is the point forecast, and those that bound the 80 % interval."""

METRICS = (
    "mae", "rmse", "mape", "wape", "bias", "pinball", "coverage_80", "below_median", "furthest_level", "width_80",
)  # fmt: skip
"""`below_median`: the share of outturns below the median; `furthest_level`: how far the share below a level is from the
level, for the worst of them."""
METRICS_BY_LEAD = ("mae", "pinball", "coverage_80")
SHARES = frozenset({"mape", "wape", "coverage_80", "below_median", "furthest_level"})
PERCENTAGE_OF_EACH = frozenset({"load"})
"""Quantities that are never near zero, so that the mean of percentages means something; for others it explodes."""


LEFT_OUT, MAE_FLAGGED = "left_out", "mae_flagged"
"""How many of the units that were to be scored are not, for want of an outturn or of a model's forecast; the MAE of
those whose outturn carries a flag of the quality gate, which count in every other metric as well."""


def score(
    forecasts: Forecasts,
    outturn: pd.DataFrame,
    *,
    scored_at: pd.Timestamp,
    expected: pd.DatetimeIndex | None = None,
) -> Scores:
    """The scores of every model, for all lead times and by whole hour of lead time; no rows without common times.

    Args:
        forecasts: of one series and one run; several models, the references among them. Where one was made again for
            the same issue time, the newest counts.
        outturn: `valid_time` and `value` [MW]; a missing value is no outturn. With a column `flags`, units that carry
            one are scored by themselves as well.
        scored_at: when this scoring happens.
        expected: the valid times that were to be scored; those of the forecasts unless given.

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
    mtu, wanted = Mtu(first["mtu"]), pd.DatetimeIndex(forecasts["valid_time"]) if expected is None else expected
    rows = [
        {**said, "model": model, "lead": lead, **row}
        for model, table in tables.items()
        for lead, part in _by_lead(table)
        for row in _rows(part, lead, first["quantity"], mtu)
    ]
    for model, table in tables.items():
        rows += [{**said, "model": model, "lead": ALL_LEADS, **row} for row in _apart(table, outturn, wanted, mtu)]
    return Scores(SCORES.check(pd.DataFrame(rows)) if rows else SCORES.empty())


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a run, series and model, metrics as columns: trained models by rising MAE, then the references.

    Only the newest scoring of a run and series counts, as only within one scoring are models compared on common times.

    Returns:
        run, series, model, n, the metrics that occur, `skill`: 1 − MAE / MAE of the official forecast, and
        `skill_corrected`: the same against the corrected one.
    """
    whole = scores[scores["lead"] == ALL_LEADS]
    if whole.empty:
        return pd.DataFrame(columns=["run", "series", "model", "n", "mae", *SKILLS])
    newest = whole.groupby(["run", "series"])["scored_at"].transform("max")
    whole = whole[whole["scored_at"] == newest]
    key = ["run", "series", "model"]
    wide = whole.pivot_table(index=key, columns="metric", values="value", aggfunc="first").reset_index()
    counts = whole.loc[whole["metric"] == "mae", [*key, "n"]]
    wide = wide.merge(counts, on=key).reindex(columns=[*key, "n", *(m for m in METRICS if m in wide.columns)])
    for name, reference in SKILLS.items():
        theirs = wide.loc[wide["model"] == reference, ["run", "series", "mae"]].rename(columns={"mae": name})
        wide = wide.merge(theirs, on=["run", "series"], how="left")
        wide[name] = 1 - wide["mae"] / wide[name]
    wide["rank"] = wide["model"].map({name: rank for rank, name in enumerate(REFERENCES, 1)}).fillna(0)
    return wide.sort_values(["run", "series", "rank", "mae", "model"], ignore_index=True).drop(columns="rank")


def common_rows(
    forecasts: Forecasts, outturn: pd.DataFrame, *, optional: Collection[str] = ()
) -> dict[str, pd.DataFrame]:
    """By model, a row an issue and valid time: quantiles and `outturn` as columns, on the times that all have.

    Args:
        forecasts: as for `score`.
        outturn: as for `score`.
        optional: models whose gaps do not count: the others keep the times that one of these lacks.

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
        if model in optional:
            continue
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
            # Where no interval has any width, as at a lead time that is always night, there is no coverage.
            if (lead == ALL_LEADS or metric in METRICS_BY_LEAD) and not np.isnan(value):
                yield {"metric": metric, "value": value, "unit": "1" if metric in SHARES else "MW", **said}


def flagged_times(outturn: pd.DataFrame) -> pd.DatetimeIndex:
    """The valid times whose outturn carries a flag; none without a column `flags`."""
    rows = outturn[outturn["flags"] != ""] if "flags" in outturn else outturn.iloc[:0]
    return pd.DatetimeIndex(rows["valid_time"])


def _apart(
    rows: pd.DataFrame, outturn: pd.DataFrame, wanted: pd.DatetimeIndex, mtu: Mtu
) -> Iterator[dict[str, object]]:
    """What is left out of the scores of a model, and the error where the outturn carries a flag."""
    missing = wanted.unique().difference(pd.DatetimeIndex(rows["valid_time"]))
    flagged = rows[rows["valid_time"].isin(flagged_times(outturn))]
    if len(rows) and len(missing):
        span = {"start": rows["valid_time"].min(), "end": rows["valid_time"].max() + mtu.delta}
        yield {"metric": LEFT_OUT, "value": float(len(missing)), "unit": "1", "n": len(rows), **span}
    if len(flagged):
        span = {"start": flagged["valid_time"].min(), "end": flagged["valid_time"].max() + mtu.delta}
        error = metrics.mae(flagged[POINT], flagged["outturn"])
        yield {"metric": MAE_FLAGGED, "value": error, "unit": "MW", "n": len(flagged), **span}


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
        below = metrics.reliability(rows[levels].to_numpy(), levels, truth)
        values["below_median"] = float(below[levels.index(POINT)])
        values["furthest_level"] = float(np.abs(below - levels).max())
    return values
