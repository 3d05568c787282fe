"""What the errors of a run cost: imbalance and reserve of every model, and a battery that is dispatched on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd

from gridahead.core.dates import parse_instant
from gridahead.core.errors import LakeError, SettingsError
from gridahead.core.grid import PRICE, Series
from gridahead.core.runs import NAIVE, OFFICIAL
from gridahead.core.time import Mtu, delivery_range
from gridahead.evaluation.battery import Battery, PriceCurve, dispatched_on
from gridahead.evaluation.bootstrap import bootstrap_difference
from gridahead.evaluation.drawn import Drawer
from gridahead.evaluation.sample import levels_of
from gridahead.evaluation.scores import common_rows
from gridahead.evaluation.value import Prices, Side, Value, value
from gridahead.operate.figures import forecasts_of_run
from gridahead.workspace import Workspace

CONSUMED = frozenset({"load", "residual_load"})
"""Who forecasts one of these buys it; every other quantity is sold."""
PRICE_COLUMNS = ("short", "long")


@dataclass(frozen=True)
class Cost:
    """What the forecasts of a model cost over the days of a run."""

    model: str
    days: int
    imbalance_eur: float
    reserve_mw: float
    """Held on average, up and down together [MW]."""
    reserve_eur: float
    uncovered: float
    """Share of units in which the reserve would not have sufficed [1]."""
    total_eur: float
    saving_eur: float | None
    """Against the official forecast, or the naive one where there is none; None for that one itself."""
    saving_low: float | None
    """95 % interval from days drawn in blocks; None with too few days."""
    saving_high: float | None


@dataclass(frozen=True)
class Earned:
    """What a battery earned that was dispatched on a model, beside perfect foresight."""

    model: str
    days: int
    earned_eur: float
    possible_eur: float
    share: float
    """Of what was possible [1]."""
    drawn: int
    """Days that were planned on the paths of their forecast; the others on its quantiles, unit by unit."""
    inside: float | None
    """Share of those days that earned what eight of ten paths had said [1]; None without one."""


def costs(
    workspace: Workspace, series: Series, run: str, prices: Prices | pd.DataFrame, cover: float
) -> tuple[str, list[Cost]]:
    """Against which reference savings are meant, and what each model of a run cost, the cheapest first.

    Args:
        workspace: whose lake.
        series: of which.
        run: live or backtest/NAME.
        prices: flat, or `read_prices`.
        cover: for which share of cases reserve is held.

    Raises:
        LakeError: there is no such run, or no forecast of it has an outturn yet.
        SettingsError: the models have no quantiles for that share, a unit has no price, or the series is a price.
    """
    if series.quantity == PRICE:
        raise SettingsError(
            f"{series} is a price, and its errors are no imbalance. What a battery earns on it: --battery 10,20 "
            "--curve=-500:-500,5000:5000, which is the price itself"
        )
    tables, mtu, _ = _tables(workspace, series, run)
    side: Side = "consumer" if series.quantity in CONSUMED else "producer"
    zone = workspace.settings.zone(series.zone)
    spent = {
        model: {day: _value(rows, mtu, side, prices, cover) for day, rows in _days(table, zone.timezone)}
        for model, table in tables.items()
    }
    reference = OFFICIAL if OFFICIAL in spent else NAIVE
    costs_by_model = [
        _cost(model, by_day, spent.get(reference, {}), model == reference) for model, by_day in spent.items()
    ]
    return reference, sorted(costs_by_model, key=lambda cost: cost.total_eur)


def batteries(workspace: Workspace, series: Series, run: str, curve: PriceCurve, battery: Battery) -> list[Earned]:
    """What a battery earns on each model of a run, the best first; days with a gap are left out.

    A day is planned on the paths of its forecast, as they would have been drawn then.

    Args:
        workspace: whose lake.
        series: what the price depends on, such as the residual load.
        run: live or backtest/NAME.
        curve: price by the value of the series.
        battery: what it can do.

    Raises:
        LakeError: there is no such run, or no whole day of it has an outturn yet.
    """
    tables, mtu, drawer = _tables(workspace, series, run)
    timezone = workspace.settings.zone(series.zone).timezone
    results = []
    for model, table in tables.items():
        levels = levels_of(table)
        whole = [
            rows for day, rows in _days(table, timezone) if len(rows) == len(delivery_range(day, timezone).times(mtu))
        ]
        if not whole:
            raise LakeError(
                f"{series}: no whole day of run {run} has an outturn, so no battery can be dispatched on it"
            )
        outcomes = [
            dispatched_on(rows[levels], levels, rows["outturn"], curve, battery, mtu, drawer.of_day(rows))
            for rows in whole
        ]
        earned, possible = (
            float(sum(getattr(outcome, name) for outcome in outcomes)) for name in ("earned", "possible")
        )
        share = earned / possible if possible > 0 else float("nan")
        held = [one.range[0] <= one.earned <= one.range[1] for one in outcomes if one.range is not None]
        inside = float(np.mean(held)) if held else None
        results.append(Earned(model, len(whole), earned, possible, share, len(held), inside))
    return sorted(results, key=lambda result: -result.earned_eur)


def read_prices(file: Path) -> pd.DataFrame:
    """The prices of a CSV with `time` (ISO 8601 with offset), `short`, `long` and perhaps `reserve`, by time.

    Raises:
        SettingsError: there is no such file, a column is missing, or a value is no number or no instant.
    """
    try:
        table = pd.read_csv(file)
        missing = {"time", *PRICE_COLUMNS} - set(table.columns)
        if missing:
            raise SettingsError(f"{file} has no column {', '.join(sorted(missing))}; it needs time, short and long")
        instants = pd.DatetimeIndex([parse_instant(str(text)) for text in table["time"]])
        table = table.drop(columns="time").astype(float).set_index(instants.as_unit("us"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read as prices: {error}") from error
    if table.index.has_duplicates:
        raise SettingsError(f"{file} has two prices of {table.index[table.index.duplicated()][0]}")
    return table.sort_index()


def _tables(workspace: Workspace, series: Series, run: str) -> tuple[dict[str, pd.DataFrame], Mtu, Drawer]:
    """By model, the forecasts with all quantiles on the times that every model has, by time; and who draws paths."""
    of_run = forecasts_of_run(workspace, series, run)
    tables = {name: rows.dropna() for name, rows in common_rows(of_run.forecasts, of_run.outturn).items()}
    common = reduce(pd.Index.intersection, (pd.Index(rows["valid_time"]) for rows in tables.values()))
    on_common_times = {
        name: rows[rows["valid_time"].isin(common)].sort_values("valid_time") for name, rows in tables.items()
    }
    return on_common_times, Mtu(of_run.forecasts["mtu"].iloc[0]), of_run.drawer


def _days(rows: pd.DataFrame, timezone: str) -> Iterator[tuple[dt.date, pd.DataFrame]]:
    """The rows of every local day."""
    days = pd.DatetimeIndex(rows["valid_time"]).tz_convert(timezone).tz_localize(None).normalize()
    for day, part in rows.groupby(days):
        yield pd.Timestamp(str(day)).date(), part


def _value(rows: pd.DataFrame, mtu: Mtu, side: Side, prices: Prices | pd.DataFrame, cover: float) -> Value:
    levels = levels_of(rows)
    at = prices if isinstance(prices, Prices) else _of_units(prices, pd.DatetimeIndex(rows["valid_time"]))
    try:
        return value(rows[levels], levels, rows["outturn"], at, mtu, side=side, cover=cover)
    except ValueError as error:
        raise SettingsError(f"--cover {cover:g}: {error}") from error


def _of_units(prices: pd.DataFrame, times: pd.DatetimeIndex) -> Prices:
    """The prices of these units.

    Raises:
        SettingsError: one of them has none.
    """
    in_units = prices.reindex(times)
    if missing := int(in_units[list(PRICE_COLUMNS)].isna().any(axis=1).sum()):
        first = in_units.index[in_units[list(PRICE_COLUMNS)].isna().any(axis=1)][0]
        raise SettingsError(f"{missing} units of a day have no price, the first is {first}; complete the file")
    reserve = in_units["reserve"].to_numpy() if "reserve" in in_units else 0.0
    return Prices(in_units["short"].to_numpy(), in_units["long"].to_numpy(), reserve)


def _cost(model: str, spent: Mapping[dt.date, Value], reference: Mapping[dt.date, Value], is_reference: bool) -> Cost:
    """All days together; what is saved day by day against the reference shows how sure the saving is."""
    hours = np.array([value.hours for value in spent.values()])
    totals = np.array([value.total_eur for value in spent.values()])
    saved: tuple[float | None, ...] = (None, None, None)
    if reference and not is_reference:
        theirs = np.array([reference[day].total_eur for day in spent])
        interval = bootstrap_difference(theirs, totals)
        saved = tuple(None if np.isnan(bound) else float(bound * len(totals)) for bound in interval)
    return Cost(
        model=model,
        days=len(spent),
        imbalance_eur=float(sum(value.imbalance_eur for value in spent.values())),
        reserve_mw=float(np.average([value.reserve_mw for value in spent.values()], weights=hours)),
        reserve_eur=float(sum(value.reserve_eur for value in spent.values())),
        uncovered=float(np.average([value.uncovered for value in spent.values()], weights=hours)),
        total_eur=float(totals.sum()),
        saving_eur=saved[0],
        saving_low=saved[1],
        saving_high=saved[2],
    )
