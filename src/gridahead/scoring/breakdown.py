"""Where a model is good and where it is not: the metrics by lead time, hour, weekday, month, season, holiday and more.

Slices are of the zone's local time. They are calculated from kept forecasts whenever somebody asks, on the times that
all models have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.features.calendar import holiday_share
from gridahead.grid import BiddingZone
from gridahead.scoring import metrics, shape
from gridahead.scoring.evaluate import (
    LOWER,
    NAIVE,
    OFFICIAL,
    POINT,
    SHARES,
    UPPER,
    common_rows,
    levels_of,
    of_point,
    of_spread,
)
from gridahead.tables import Forecasts
from gridahead.timeline import Mtu, delivery_window

COLUMNS = ("model", "by", "slice", "metric", "value", "unit", "n")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEASONS = ("winter", "spring", "summer", "autumn")
"""Of the northern hemisphere, three whole months each, winter from December on."""
HOLIDAY = 0.5
"""A day is a holiday where at least this share of the zone's population has it off."""
BANDS = (0.0, 10.0, 20.0)
"""Between bands of temperature [degC]: frost, heating, mild, hot."""
Mask = npt.NDArray[np.bool_]


def breakdown(
    forecasts: Forecasts,
    outturn: pd.DataFrame,
    zone: BiddingZone,
    *,
    temperature: pd.Series | None = None,
    bands: Sequence[float] = BANDS,
) -> pd.DataFrame:
    """One row a model, slice and metric; no rows without common times.

    Args:
        forecasts: of one series and one run, several models; as for `evaluate.score`.
        outturn: `valid_time` and `value` [MW]; a missing value is no outturn.
        zone: whose local time and holidays count.
        temperature: by valid time [degC]; without it there are no bands of temperature.
        bands: between which temperatures [degC] to distinguish, rising.

    Returns:
        model; by: `all`, `lead`, `hour`, `weekday`, `month`, `season`, `day_kind`, `clock` or `temperature`; slice:
        which one; metric, value, unit: MW, h or 1; n: market time units scored, or days for the metrics of peaks.

    Raises:
        ContractError: as for `evaluate.score`.
    """
    rows: list[tuple[object, ...]] = []
    for model, table in common_rows(forecasts, outturn).items():
        first = forecasts.iloc[0]
        for by, name, mask in slices(table, zone, temperature, bands):
            for metric, value, unit, n in _figures(table[mask], first["quantity"]):
                rows.append((model, by, name, metric, value, unit, n))
            if by in ("all", "month", "season", "day_kind", "clock"):  # slices of whole days
                for metric, value, unit, n in _of_days(table[mask], zone, Mtu(first["mtu"])):
                    rows.append((model, by, name, metric, value, unit, n))
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return pd.concat([found, *(_skills(found, reference) for reference in (OFFICIAL, NAIVE))], ignore_index=True)


def slices(
    rows: pd.DataFrame, zone: BiddingZone, temperature: pd.Series | None = None, bands: Sequence[float] = BANDS
) -> Iterator[tuple[str, str, Mask]]:
    """What is distinguished, which slice of it, and which rows are in it.

    Args:
        rows: with `valid_time` and `issue_time`, (T,).
        zone: whose local time and holidays count.
        temperature: by valid time [degC].
        bands: between which temperatures to distinguish.
    """
    if rows.empty:
        return
    yield "all", "all", np.ones(len(rows), bool)
    labels = labels_of(pd.DatetimeIndex(rows["valid_time"]), zone)
    leads = (rows["valid_time"] - rows["issue_time"]).to_numpy() // np.timedelta64(1, "h")
    labels.insert(0, "lead", [f"{lead:.0f}" for lead in leads.astype(float)])
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
        (T, 6); the kind of day is `holiday`, `weekend` or `working_day`; clock is `change` on the days of 23 and 25
        hours and nothing on others.
    """
    local = times.tz_convert(zone.timezone)
    days, position = np.unique(local.tz_localize(None).normalize(), return_inverse=True)
    kinds = np.array([day_kind(day, zone) for day in pd.DatetimeIndex(days)])
    changes = np.array(["change" if clock_changes(day, zone) else "" for day in pd.DatetimeIndex(days)])
    return pd.DataFrame(
        {
            "hour": [f"{hour:02d}" for hour in local.hour],
            "weekday": [WEEKDAYS[day] for day in local.dayofweek],
            "month": [f"{month:02d}" for month in local.month],
            "season": [season(month) for month in local.month],
            "day_kind": kinds[position],
            "clock": changes[position],
        }
    )


def season(month: int) -> str:
    """The meteorological season of a month, 1 to 12."""
    return SEASONS[month % 12 // 3]


def day_kind(day: pd.Timestamp, zone: BiddingZone) -> str:
    """`holiday`, or else `weekend` or `working_day`."""
    if holiday_share(day.date(), zone) >= HOLIDAY:
        return "holiday"
    return "weekend" if day.dayofweek >= WEEKDAYS.index("sat") else "working_day"


def clock_changes(day: pd.Timestamp, zone: BiddingZone) -> bool:
    """Whether a local day has not 24 hours."""
    window = delivery_window(day.date(), zone.timezone)
    return window.end - window.start != pd.Timedelta(hours=24)


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
    for known in (WEEKDAYS, SEASONS):
        if name in known:
            return known.index(name), ""
    digits = name.removeprefix("below ").split(" ")[0]
    try:
        return float(digits) - name.startswith("below"), name
    except ValueError:
        return 0.0, name


def _figures(rows: pd.DataFrame, quantity: str) -> Iterator[tuple[str, float, str, int]]:
    """The metrics that look at every unit alone."""
    levels = levels_of(rows)
    spread = rows.dropna(subset=levels)
    values = of_spread(spread, levels)
    if values:
        truth = spread["outturn"].to_numpy()
        values["crps"] = metrics.crps(spread[levels].to_numpy(), levels, truth)
        if "coverage_80" in values:
            values["interval_score_80"] = metrics.interval_score(spread[LOWER], spread[UPPER], truth, UPPER - LOWER)
        for level, share in zip(levels, metrics.reliability(spread[levels].to_numpy(), levels, truth), strict=True):
            values[f"reliability_{100 * level:g}"] = float(share)
    for part, found in ((rows, of_point(rows, quantity)), (spread, values)):
        for metric, value in found.items():
            share = metric in SHARES or metric.startswith("reliability")
            yield metric, value, "1" if share else "MW", len(part)


def _of_days(rows: pd.DataFrame, zone: BiddingZone, mtu: Mtu) -> Iterator[tuple[str, float, str, int]]:
    """The metrics of the shape of a day, over the days that are whole."""
    ours, truth = _by_day(rows, zone, mtu)
    if not len(ours):
        return
    yield "peak_hour_error", shape.peak_hour_error(ours, truth), "MW", len(ours)
    yield "daily_peak_error", shape.daily_peak_error(ours, truth), "MW", len(ours)
    yield "daily_peak_delay", shape.daily_peak_delay(ours, truth) / mtu.per_hour, "h", len(ours)
    yield "ramp_error", shape.ramp_error(ours, truth, mtu.per_hour), "MW", len(ours)


def _skills(found: pd.DataFrame, reference: str) -> pd.DataFrame:
    """What share of the reference's absolute error each model saves, `skill_official` or `skill_naive`."""
    errors = found[found["metric"] == "mae"]
    theirs = errors[errors["model"] == reference].set_index(["by", "slice"])["value"].rename("reference")
    both = errors.join(theirs, on=["by", "slice"], how="inner")
    skills = [metrics.skill(*pair) for pair in zip(both["value"], both["reference"], strict=True)]
    return both.assign(metric=f"skill_{reference}", value=skills, unit="1")[list(COLUMNS)]


def _by_day(rows: pd.DataFrame, zone: BiddingZone, mtu: Mtu) -> tuple[npt.NDArray[np.float64], ...]:
    """Forecast and outturn of every whole delivery day of one issue, (D, U) each [MW], padded with NaN."""
    longest = 25 * mtu.per_hour
    local = pd.DatetimeIndex(rows["valid_time"]).tz_convert(zone.timezone)
    found = []
    for (day, _), part in rows.groupby([local.tz_localize(None).normalize(), "issue_time"]):
        part = part.sort_values("valid_time")
        window = delivery_window(pd.Timestamp(str(day)).date(), zone.timezone)
        if len(part) == len(window.times(mtu)):
            pad = np.full((2, longest), np.nan)
            pad[:, : len(part)] = part[[POINT, "outturn"]].to_numpy().T
            found.append(pad)
    days = np.stack(found) if found else np.empty((0, 2, longest))
    return days[:, 0], days[:, 1]
