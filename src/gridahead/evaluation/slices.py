"""Where a model is good and where it is not: the metrics by lead time, hour, weekday, month, season, holiday and more.

Slices are of the zone's local time. They are calculated from kept forecasts whenever somebody asks, on the times that
all models have. The MASE of every slice has one scale: what last week's same hour was wrong by before the first of the
forecasts was issued, so that neither the slice nor the period has a say in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.grid import BiddingZone, Series, unit_of
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, delivery_days, delivery_range
from gridahead.evaluation import metrics
from gridahead.evaluation.catalogue import METRICS, SKILLS, Skill, values_of
from gridahead.evaluation.drawn import Drawer
from gridahead.evaluation.multivariate import energy_score, variogram_score
from gridahead.evaluation.sample import POINT, Sample, revised, revised_sample, samples_of
from gridahead.evaluation.scores import common_rows, flagged_times
from gridahead.features.day_kinds import DAY_KINDS, day_kinds

COLUMNS = ("model", "by", "slice", "metric", "value", "unit", "n")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEASONS = ("winter", "spring", "summer", "autumn")
"""Three whole months each; winter begins in December in the northern hemisphere, in June in the southern."""
BANDS = (0.0, 10.0, 20.0)
"""Between bands of temperature [degC]: frost, heating, mild, hot."""
RELIABILITY = "reliability_"
"""How the metrics begin that are the share of outturns below a level, in percent: `reliability_10`."""
WHOLE = "none"
"""Nothing is distinguished: the slice is the whole period."""
OF_WHOLE_DAYS = frozenset({WHOLE, "lead_day", "month", "season", "day_kind", "clock"})
"""What is distinguished by the day, so that the shape of days has metrics."""
Mask = npt.NDArray[np.bool_]


def breakdown(
    forecasts: Forecasts,
    outturn: pd.DataFrame,
    zone: BiddingZone,
    *,
    temperature: pd.Series | None = None,
    bands: Sequence[float] = BANDS,
    drawer: Drawer | None = None,
    issues: Forecasts | None = None,
) -> pd.DataFrame:
    """One row a model, slice and metric; no rows without common times.

    Args:
        forecasts: of one series and one run, several models; as for `evaluate.score`.
        outturn: `valid_time` and `value` [MW]; a missing value is no outturn. What is before the first issue time gives
            the scale of the MASE; without two weeks of it there is no MASE. With a column `flags`, the units whose
            outturn carries one are a slice.
        zone: whose local time and holidays count.
        temperature: by valid time [degC]; without it there are no bands of temperature.
        bands: between which temperatures [degC] to distinguish, rising.
        drawer: draws the paths of whole days; without it they have no scores.
        issues: all that was issued of these units, where `forecasts` have the newest of each alone: from one issue to
            the next they jump.

    Returns:
        model; by: `none`, `lead` (hours), `lead_day` (days from that of the issue time to that of delivery), `hour`,
        `weekday`, `month`, `season`, `day_kind`, `clock`, `outturn` (`flagged` by the quality gate) or `temperature`;
        slice: which one; metric, value, unit: MW or that of a price, h or 1; n: market time units scored, or days for
        the metrics of peaks.

    Raises:
        ContractError: as for `evaluate.score`.
    """
    rows: list[tuple[object, ...]] = []
    tables = common_rows(forecasts, outturn)
    scale = _scale(outturn, forecasts) if tables else float("nan")
    for model, table in tables.items():
        first = forecasts.iloc[0]
        mtu = Mtu(first["mtu"])
        days, rows_of_days = _by_day(table, zone, mtu)
        first_rows = np.array([of_day[0] for of_day in rows_of_days], dtype=np.int64)
        drawn = np.array([_path_scores(table.iloc[of_day], drawer) for of_day in rows_of_days]).reshape(-1, 2)
        for by, name, mask in slices(table, zone, temperature, bands, flagged_times(outturn)):
            samples = samples_of(table[mask], first["quantity"], mtu, scale)
            if by in OF_WHOLE_DAYS:
                chosen = mask[first_rows]
                samples["days"] = Sample(
                    point=days[chosen, 0],
                    outturn=days[chosen, 1],
                    valid_time=table["valid_time"].iloc[first_rows[chosen]],
                    quantity=first["quantity"],
                    mtu=mtu,
                    energy_score=drawn[chosen, 0],
                    variogram_score=drawn[chosen, 1],
                )
            for metric, value, sample in values_of(METRICS, samples):
                rows.append((model, by, name, metric.name, value, metric.unit, len(sample)))
            rows += [(model, by, name, *figure) for figure in _reliability(samples.get("quantiles"))]
    rows += _jumps(tables if issues is None else common_rows(issues, outturn), zone, forecasts, temperature, bands)
    figures = pd.DataFrame(rows, columns=list(COLUMNS))
    if rows:
        series = Series(zone.code, str(forecasts["quantity"].iloc[0]))
        figures["unit"] = figures["unit"].replace("MW", unit_of(series, zone))
    return pd.concat([figures, *(_skills(figures, skill) for skill in SKILLS)], ignore_index=True)


def slices(
    rows: pd.DataFrame,
    zone: BiddingZone,
    temperature: pd.Series | None = None,
    bands: Sequence[float] = BANDS,
    flagged: pd.DatetimeIndex | None = None,
) -> Iterator[tuple[str, str, Mask]]:
    """What is distinguished, which slice of it, and which rows are in it.

    Args:
        rows: with `valid_time` and `issue_time`, (T,).
        zone: whose local time and holidays count.
        temperature: by valid time [degC].
        bands: between which temperatures to distinguish.
        flagged: valid times whose outturn carries a flag.
    """
    if rows.empty:
        return
    yield WHOLE, "all", np.ones(len(rows), bool)
    labels = labels_of(pd.DatetimeIndex(rows["valid_time"]), zone)
    leads = (rows["valid_time"] - rows["issue_time"]).to_numpy() // np.timedelta64(1, "h")
    labels.insert(0, "lead", [f"{lead:.0f}" for lead in leads.astype(float)])
    delivered, issued = (delivery_days(rows[clock], zone.timezone) for clock in ("valid_time", "issue_time"))
    labels.insert(1, "lead_day", [f"{days}" for days in (delivered - issued).dt.days])
    if flagged is not None:
        labels["outturn"] = np.where(rows["valid_time"].isin(flagged), "flagged", "")
    if temperature is not None:
        values = rows["valid_time"].map(temperature).to_numpy(dtype=float)
        labels["temperature"] = [_band(value, bands) for value in values]
    for by, column in labels.items():
        for name in sorted(set(column) - {""}, key=_order):
            yield str(by), str(name), column.to_numpy() == name


def labels_of(times: pd.DatetimeIndex, zone: BiddingZone) -> pd.DataFrame:
    """Hour, weekday, month, season and kind of day of every instant in the zone's local time, as texts.

    Args:
        times: (T,) UTC.
        zone: whose local time and holidays count.

    Returns:
        (T, 6); the kind of day is one of `DAY_KINDS`; clock is `change` on the days of 23 and 25 hours and nothing on
        others.
    """
    local = times.tz_convert(zone.timezone)
    days, position = np.unique(local.tz_localize(None).normalize(), return_inverse=True)
    changes = np.array(["change" if clock_changes(day, zone) else "" for day in pd.DatetimeIndex(days)])
    return pd.DataFrame(
        {
            "hour": [f"{hour:02d}" for hour in local.hour],
            "weekday": [WEEKDAYS[day] for day in local.dayofweek],
            "month": [f"{month:02d}" for month in local.month],
            "season": [season(month, southern=zone.is_southern) for month in local.month],
            "day_kind": day_kinds(local, zone).astype(str),
            "clock": changes[position],
        }
    )


def season(month: int, *, southern: bool = False) -> str:
    """The meteorological season of a month, 1 to 12; south of the equator that of half a year later."""
    return SEASONS[(month + 6 * southern) % 12 // 3]


def clock_changes(day: pd.Timestamp, zone: BiddingZone) -> bool:
    """Whether a local day has not 24 hours."""
    time_range = delivery_range(day.date(), zone.timezone)
    return time_range.end - time_range.start != pd.Timedelta(hours=24)


def _band(value: float, bands: Sequence[float]) -> str:
    """The band of a temperature in words, nothing where there is none."""
    if np.isnan(value):
        return ""
    at = int(np.searchsorted(bands, value, side="right"))
    if at == 0:
        return f"below {bands[0]:g} degC"
    return f"{bands[-1]:g} degC and above" if at == len(bands) else f"{bands[at - 1]:g} to {bands[at]:g} degC"


def _order(name: str) -> tuple[float, str]:
    """As people would list them: numbers by size, the parts of a year and a week in their order."""
    for known in (WEEKDAYS, SEASONS, DAY_KINDS):
        if name in known:
            return known.index(name), ""
    digits = name.removeprefix("below ").split(" ")[0]
    try:
        return float(digits) - name.startswith("below"), name
    except ValueError:
        return 0.0, name


def _scale(outturn: pd.DataFrame, forecasts: Forecasts) -> float:
    """The mean error of last week's same hour before the first issue time [MW]; NaN without two weeks of outturn."""
    before = outturn[outturn["valid_time"] < forecasts["issue_time"].min()].dropna(subset="value")
    mtu = Mtu(forecasts["mtu"].iloc[0])
    history = before.set_index("valid_time")["value"].sort_index().asfreq(mtu.delta).to_numpy()
    week = 7 * 24 * mtu.per_hour
    return metrics.naive_scale(history, week) if len(history) >= 2 * week else float("nan")


def _reliability(sample: Sample | None) -> Iterator[tuple[str, float, str, int]]:
    """The share of outturns below each quantile, as metrics of their own."""
    if sample is None:
        return
    for level, share in zip(sample.levels, sample.below, strict=True):
        if not np.isnan(share):
            yield f"{RELIABILITY}{100 * level:g}", float(share), "1", len(sample)


def _skills(figures: pd.DataFrame, skill: Skill) -> pd.DataFrame:
    """What share of the reference's absolute error each model saves."""
    errors = figures[figures["metric"] == "mae"]
    theirs = errors[errors["model"] == skill.reference].set_index(["by", "slice"])["value"].rename("reference")
    both = errors.join(theirs, on=["by", "slice"], how="inner")
    skills = [metrics.skill(*pair) for pair in zip(both["value"], both["reference"], strict=True)]
    return both.assign(metric=skill.name, value=skills, unit=skill.unit)[list(COLUMNS)]


def _by_day(
    rows: pd.DataFrame, zone: BiddingZone, mtu: Mtu
) -> tuple[npt.NDArray[np.float64], list[npt.NDArray[np.int64]]]:
    """The whole delivery days of every issue.

    Returns:
        (D, 2, U) forecast and outturn [MW], padded with NaN, and of each day its rows in order of time; all of them are
        in the same slices.
    """
    longest = 25 * mtu.per_hour
    local = pd.DatetimeIndex(rows["valid_time"]).tz_convert(zone.timezone).tz_localize(None).normalize()
    times, values = rows["valid_time"].to_numpy(), rows[[POINT, "outturn"]].to_numpy(dtype=float)
    rows_of_days: list[npt.NDArray[np.int64]] = []
    padded = []
    for part in rows.groupby([local, "issue_time"]).indices.values():
        time_range = delivery_range(local[part[0]].date(), zone.timezone)
        if len(part) == len(time_range.times(mtu)):
            in_order = np.asarray(part, np.int64)[np.argsort(times[part])]
            pad = np.full((2, longest), np.nan)
            pad[:, : len(part)] = values[in_order].T
            rows_of_days.append(in_order)
            padded.append(pad)
    both = np.stack(padded) if padded else np.empty((0, 2, longest))
    return both, rows_of_days


def _path_scores(day: pd.DataFrame, drawer: Drawer | None) -> tuple[float, float]:
    """Energy and variogram score of the paths of a whole day; NaN where none can be drawn."""
    paths = None if drawer is None else drawer.of_day(day)
    if paths is None:
        return np.nan, np.nan
    truth = day["outturn"].to_numpy(dtype=float)
    return energy_score(paths, truth), variogram_score(paths, truth)


def _jumps(
    tables: Mapping[str, pd.DataFrame],
    zone: BiddingZone,
    forecasts: Forecasts,
    temperature: pd.Series | None,
    bands: Sequence[float],
) -> Iterator[tuple[object, ...]]:
    """What changes from one issue to the next, as rows of the breakdown; none where every unit has one issue."""
    for model, table in tables.items():
        (now, before), first = revised(table), forecasts.iloc[0]
        for by, name, mask in slices(now, zone, temperature, bands):
            sample = revised_sample(now[mask], before[mask], first["quantity"], Mtu(first["mtu"]))
            for metric, value, of in values_of(METRICS, {"revised": sample}):
                yield model, by, name, metric.name, value, metric.unit, len(of)
