"""Forecasts against the outturn: one row a metric, and the table that people read.

Models are compared on the valid times that all of them and the outturn have: nobody wins by skipping a hard day. A
unit that had begun when the forecast was issued is no forecast, and does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from gridahead.core.errors import ContractError
from gridahead.core.runs import REFERENCES
from gridahead.core.tables import FORECASTS, SCORES, Forecasts, Scores
from gridahead.core.time import Mtu
from gridahead.core.vintages import newest_forecasts, series_names
from gridahead.evaluation import metrics
from gridahead.evaluation.catalogue import SKILLS, STORED, values_of
from gridahead.evaluation.sample import POINT, Basis, Sample, samples_of

LEFT_OUT, MAE_FLAGGED = "left_out", "mae_flagged"
"""How many of the units that were to be scored are not, for want of an outturn or of a model's forecast; the MAE of
those whose outturn carries a flag of the quality gate, which count in every other metric as well."""


def score(
    forecasts: Forecasts,
    outturn: pd.DataFrame,
    *,
    scored_at: pd.Timestamp,
    expected: pd.DatetimeIndex | None = None,
    unit: str = "MW",
) -> Scores:
    """The scores of every model, for all lead times and by whole hour of lead time; no rows without common times.

    Args:
        forecasts: of one series and one run; several models, the references among them. Where one was made again for
            the same issue time, the newest counts.
        outturn: `valid_time` and `value` [MW]; a missing value is no outturn. With a column `flags`, units that carry
            one are scored by themselves as well.
        scored_at: when this scoring happens.
        expected: the valid times that were to be scored; those of the forecasts unless given.
        unit: of the series, in which its errors are: MW, or of a price its currency per MWh.

    Raises:
        ContractError: several series, runs or units are mixed, a model lacks the quantile 0.5, or a valid time has
            several outturns.
    """
    if forecasts.empty:
        return Scores(SCORES.empty())
    tables = common_rows(forecasts, outturn)
    first = forecasts.iloc[0]
    about = {**first[["run", "zone", "quantity"]].to_dict(), "scored_at": scored_at}
    mtu, due_times = Mtu(first["mtu"]), pd.DatetimeIndex(forecasts["valid_time"]) if expected is None else expected
    rows = [
        {**about, "model": model, "lead": lead, **row}
        for model, table in tables.items()
        for lead, samples in _by_lead(samples_of(table, first["quantity"], mtu))
        for row in _rows(samples, lead, mtu)
    ]
    for model, table in tables.items():
        rows += [{**about, "model": model, "lead": None, **row} for row in _apart(table, outturn, due_times, mtu)]
    if not rows:
        return Scores(SCORES.empty())
    scores = pd.DataFrame(rows)
    return Scores(SCORES.check(scores.assign(unit=scores["unit"].replace("MW", unit))))


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a run, series and model, metrics as columns: trained models by rising MAE, then the references.

    Only the newest scoring of a run and series counts, as only within one scoring are models compared on common times.

    Returns:
        run, series, model, n, the metrics that occur, and `skill_official`: 1 − MAE / MAE of the official forecast,
        `skill_official_corrected`: the same against the corrected one.
    """
    skills = [skill for skill in SKILLS if "page" in skill.shown]
    whole = all_leads(scores)
    if whole.empty:
        return pd.DataFrame(columns=["run", "series", "model", "n", "mae", *(skill.name for skill in skills)])
    whole = whole.assign(series=series_names(whole))
    newest = whole.groupby(["run", "series"])["scored_at"].transform("max")
    whole = whole[whole["scored_at"] == newest]
    key = ["run", "series", "model"]
    wide = whole.pivot_table(index=key, columns="metric", values="value", aggfunc="first").reset_index()
    counts = whole.loc[whole["metric"] == "mae", [*key, "n"]]
    wide = wide.merge(counts, on=key).reindex(
        columns=[*key, "n", *(metric.name for metric in STORED if metric.name in wide.columns)]
    )
    for skill in skills:
        of_reference = wide.loc[wide["model"] == skill.reference, ["run", "series", "mae"]].rename(
            columns={"mae": skill.name}
        )
        wide = wide.merge(of_reference, on=["run", "series"], how="left")
        wide[skill.name] = 1 - wide["mae"] / wide[skill.name]
    wide["rank"] = wide["model"].map({name: rank for rank, name in enumerate(REFERENCES, 1)}).fillna(0)
    return wide.sort_values(["run", "series", "rank", "mae", "model"], ignore_index=True).drop(columns="rank")


def all_leads(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores of all lead times together."""
    return scores[scores["lead"].isna()]


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
    newest = newest_forecasts(forecasts[forecasts["valid_time"] >= forecasts["issue_time"]], key)
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
    pointless = set(forecasts["model"].unique()) - set(forecasts.loc[forecasts["quantile"] == POINT, "model"].unique())
    findings += [f"model {model} has no quantile {POINT}" for model in sorted(pointless)]
    if outturn["valid_time"].duplicated().any():
        findings.append("the outturn has several values of one valid time; ask for one vintage")
    if findings:
        raise ContractError(FORECASTS.name, findings)


def _by_lead(samples: Mapping[Basis, Sample]) -> Iterator[tuple[int | None, Mapping[Basis, Sample]]]:
    """All units, then those of every whole hour of lead time."""
    if not len(samples["units"]):
        return
    yield None, samples
    for lead in map(int, np.unique(samples["units"].lead_hours)):
        yield lead, {basis: sample.of_lead(lead) for basis, sample in samples.items()}


def _rows(samples: Mapping[Basis, Sample], lead: int | None, mtu: Mtu) -> Iterator[dict[str, object]]:
    """One row a metric that these forecasts have; a forecast without spread has none of spread."""
    chosen = STORED if lead is None else [metric for metric in STORED if metric.by_lead]
    spans = {id(one): (one.valid_time.min(), one.valid_time.max() + mtu.delta) for one in samples.values() if len(one)}
    for metric, value, sample in values_of(chosen, samples):
        start, end = spans[id(sample)]
        yield {
            "metric": metric.name,
            "value": value,
            "unit": metric.unit,
            "n": len(sample),
            "start": start,
            "end": end,
        }


def flagged_times(outturn: pd.DataFrame) -> pd.DatetimeIndex:
    """The valid times whose outturn carries a flag; none without a column `flags`."""
    rows = outturn[outturn["flags"] != ""] if "flags" in outturn else outturn.iloc[:0]
    return pd.DatetimeIndex(rows["valid_time"])


def _apart(
    rows: pd.DataFrame, outturn: pd.DataFrame, due_times: pd.DatetimeIndex, mtu: Mtu
) -> Iterator[dict[str, object]]:
    """What is left out of the scores of a model, and the error where the outturn carries a flag."""
    missing = due_times.unique().difference(pd.DatetimeIndex(rows["valid_time"]))
    flagged = rows[rows["valid_time"].isin(flagged_times(outturn))]
    if len(rows) and len(missing):
        span = {"start": rows["valid_time"].min(), "end": rows["valid_time"].max() + mtu.delta}
        yield {"metric": LEFT_OUT, "value": float(len(missing)), "unit": "1", "n": len(rows), **span}
    if len(flagged):
        span = {"start": flagged["valid_time"].min(), "end": flagged["valid_time"].max() + mtu.delta}
        error = metrics.mae(flagged[POINT], flagged["outturn"])
        yield {"metric": MAE_FLAGGED, "value": error, "unit": "MW", "n": len(flagged), **span}
