"""What do paths say of a day that quantiles of single hours do not? German load of 2023 and 2024, issued at 11:00.

A ridge regression that has learnt days before 2023 forecasts every day of the two years; its quantiles are ordered to a
hundred paths as operation orders them (errors of the official forecast on the newest hundred whole days known at the
issue time), at random, and all hours alike. Scored are the paths themselves, the 80 % interval of the day's peak and
energy that follows from them, and a battery of the handbook's example, which is planned on the paths and told by them
between what it will earn. Nothing was chosen on the days of 2025.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from common import Bench, Row, measure
from datasets import smard
from pictures import colour, picture, title
from smard_load_2025 import LOAD, TASKS

from gridahead.core.time import days_between
from gridahead.core.vintages import from_micros
from gridahead.evaluation.battery import Battery, dispatched_on
from gridahead.evaluation.drawn import drawer_of
from gridahead.evaluation.multivariate import energy_score, variogram_score
from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each
from gridahead.settings.training import TrainingSettings
from gridahead.training.split import split
from gridahead.training.tabular import fit_tabular

Floats = npt.NDArray[np.float64]
FIRST, LAST = dt.date(2023, 1, 1), dt.date(2024, 12, 31)
BATTERY = Battery(power_mw=10.0, energy_mwh=20.0)
CURVE = ((20_000.0, 50_000.0, 70_000.0), (20.0, 80.0, 200.0))
"""Load [MW] and price [EUR/MWh] of the handbook's example."""
ORDERS = ("past errors", "hours at random", "hours alike")
PLANS = ("paths", "quantiles", "medians")


def run(bench: Bench) -> list[Row]:
    """Rows of the paths in every order, of the intervals from single hours, and of the battery."""
    scores: dict[tuple[str, str], list[float]] = {}
    for number, (quantiles, levels, outturn, paths) in enumerate(days(bench)):
        for order, drawn in orders(paths, number).items():
            for metric, value in scored(drawn, outturn).items():
                scores.setdefault((order, metric), []).append(value)
        for metric, value in by_hours(quantiles, levels, outturn).items():
            scores.setdefault(("single hours", metric), []).append(value)
        for plan, (earned, possible, inside) in planned(quantiles, levels, outturn, paths).items():
            scores.setdefault((f"battery on {plan}", "earned"), []).append(earned)
            scores.setdefault((f"battery on {plan}", "possible"), []).append(possible)
            if inside is not None:
                scores.setdefault((f"battery on {plan}", "range_80"), []).append(inside)
    rows = [Row("load 2023-24", model, metric, float(np.mean(v)), n=len(v)) for (model, metric), v in scores.items()]
    means = {(row.model, row.metric): row.value for row in rows}
    shares = [
        Row("load 2023-24", model, "share_of_possible", means[model, "earned"] / means[model, "possible"])
        for model in dict.fromkeys(row.model for row in rows)
        if model.startswith("battery")
    ]
    return rows + shares


def days(bench: Bench) -> Iterator[tuple[Floats, tuple[float, ...], Floats, Floats]]:
    """Of every day: quantiles (H, Q), their levels, outturn (H,) and paths (S, H) [MW]."""
    observations, spec = smard(bench), TASKS["with_official"]
    settings = TrainingSettings(holdout_start=FIRST, validation_days=365)
    model = fit_tabular("ridge", split(observations, spec, settings), settings.quantiles)
    windows = build_windows(observations, spec, days_between(FIRST, FIRST.replace(day=14) if bench.quick else LAST))
    answers = predict_each(model, windows)
    drawer = drawer_of(observations, LOAD, spec.zone.timezone, spec.mtu)
    for row, delivery in enumerate(windows.delivery):
        quantiles, outturn = (values[row][delivery].astype(float) for values in (answers, windows.target))
        issued = pd.Timestamp(windows.issue_time[row], unit="us", tz="UTC")
        paths = drawer.paths(quantiles, model.quantiles, from_micros(windows.valid_time[row][delivery]), issued)
        if paths is not None and not np.isnan(outturn).any():
            yield quantiles, model.quantiles, outturn, paths


def orders(paths: Floats, number: int) -> Mapping[str, Floats]:
    """The same values of every hour in three orders: as they are, at random, and the highest of all hours together."""
    at_random = np.random.default_rng(number).permuted(paths, axis=0)
    return dict(zip(ORDERS, (paths, at_random, np.sort(paths, axis=0)), strict=True))


def scored(paths: Floats, outturn: Floats) -> dict[str, float]:
    """The scores of the paths of a day, and whether its peak and mean are within their 80 %."""
    found = {"energy_score": energy_score(paths, outturn), "variogram_score": variogram_score(paths, outturn)}
    for name, of in (("peak", np.max), ("energy", np.mean)):
        drawn, came = of(paths, axis=1), float(of(outturn))
        low, high = np.quantile(drawn, [0.1, 0.9], method="hazen")
        found[f"{name}_crps"] = float(np.abs(drawn - came).mean() - np.abs(drawn[:, None] - drawn).mean() / 2)
        found[f"{name}_coverage_80"] = float(low <= came <= high)
    return found


def by_hours(quantiles: Floats, levels: Sequence[float], outturn: Floats) -> dict[str, float]:
    """The same from quantiles alone: the band at the highest median, and the band of the mean of all hours."""
    low, median, high = (quantiles[:, levels.index(level)] for level in (0.1, 0.5, 0.9))
    at = int(median.argmax())
    return {
        "hour_coverage_80": float(((low <= outturn) & (outturn <= high)).mean()),
        "peak_coverage_80": float(low[at] <= outturn.max() <= high[at]),
        "energy_coverage_80": float(low.mean() <= outturn.mean() <= high.mean()),
    }


def planned(
    quantiles: Floats, levels: Sequence[float], outturn: Floats, paths: Floats
) -> dict[str, tuple[float, float, float | None]]:
    """By what it was planned on: what the battery earned [EUR], what was possible, and whether as it was told."""
    median = [levels.index(0.5)]
    given = {"paths": (quantiles, levels, paths), "quantiles": (quantiles, levels, None)}
    given["medians"] = (quantiles[:, median], (0.5,), None)
    found: dict[str, tuple[float, float, float | None]] = {}
    for plan, (values, of_levels, drawn) in given.items():
        done = dispatched_on(values, of_levels, outturn, price, BATTERY, TASKS["with_official"].mtu, drawn)
        inside = None if done.range is None else float(done.range[0] <= done.earned <= done.range[1])
        found[plan] = done.earned, done.possible, inside
    return found


def price(load: Floats) -> Floats:
    """The price of the handbook's example [EUR/MWh]."""
    curve: Floats = np.interp(load, *CURVE)
    return curve


def draw(rows: Sequence[Row], path: Path) -> None:
    """The scores of three orders, as a share of those of past errors."""
    values = {(row.model, row.metric): row.value for row in rows}
    metrics = ("energy_score", "variogram_score", "peak_crps", "energy_crps")
    with picture(path, 1, width=8.0) as (axes,):
        places = np.arange(len(metrics))
        for shift, (order, shade) in enumerate(zip(ORDERS, ("lstm", "naive", "lightgbm"), strict=True)):
            shares = [100 * values[order, metric] / values[ORDERS[0], metric] for metric in metrics]
            axes.bar(places + 0.26 * shift - 0.26, shares, 0.24, label=order, color=colour(shade))
        axes.set_xticks(places, ["energy score", "variogram score", "CRPS of the peak", "CRPS of the energy"])
        axes.axhline(100, color=colour("official"), linewidth=0.8)
        axes.set_ylim(0, 160)
        axes.legend(frameon=False, ncols=3)
        title(axes, "A hundred paths in three orders [% of those in the order of past errors; lower is better]")


if __name__ == "__main__":
    measure(run, draw)
