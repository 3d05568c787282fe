"""One network for thirty authorities of the United States: is it ahead of their own forecasts, and of boosting?

The day-ahead demand of the balancing authorities whose own forecast is sane and who have the test year, July 2019 to
June 2020, learnt from the two years before it. March to June 2020 is a break of which nothing was known. A
user's way: one source of many zones, one pattern of series, one shared network, `ingest` with the gate, `train`, and a
back-test of the champion of each authority over the year, fitted once; the deadline is 10:00 local on the day before.
`served` is that champion: the shared network, the same tuned to the authority, or an aggregate of the better of them
with a ridge regression and the corrected official forecast; the rows `serves` count them.

Beside it, on the same windows and adapted likewise: `lightgbm`, one of all authorities (`eia930_boosting`); `ridge`,
the regression that stands by each champion; `gru`, a network of its own with the settings of a single series, of every
third authority by name; and the references.

The bars: below the official forecast on at least 90 % of the authorities and below LightGBM on 70 %; over the corrected
official forecast at most 0.93 in the median; nowhere above 1.02 of the better official; CRPS below LightGBM's, of all
together with p < 0.05; training at most ten minutes of one core, all forecasts of a day at most 30 s. Scored are hours
that the data set calls OKAY. n counts hours, days for ratios. What the quality gate says of the broken official
forecasts is benchmark `eia930_gate`.

Authorities were chosen before any result: all of the data set with the test year, but for those whose published
forecast is known to be broken or an hour off, or in the years learnt lacks more than one hour in twenty or is worse
than the same hour of two days or of a week before. What is done is kept, and a second call goes on with the next.
"""

from __future__ import annotations

import datetime as dt
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from bands import BELOW_MEDIAN, COVERAGE, held_rows
from common import Bench, Row, measure, say
from eia930_boosting import boosted
from eia930_data import (
    BREAK,
    FIRST,
    LEARNT_FROM,
    QUICK_AUTHORITIES,
    Authority,
    alone,
    folder,
    last_day,
    measured,
    opened,
    sane,
    written,
)
from eia930_data import rows_of as demand_of
from one_year_scores import (
    MAE_RATIO,
    OFFICIALS,
    SERVED,
    common_quantiles,
    daily_crps,
    figures,
    mae_ratio,
    ratio,
)
from peer_jobs import core_seconds
from pictures import intervals, picture

from gridahead.backtest.data import prepare
from gridahead.backtest.plan import Plan
from gridahead.backtest.results import kept_forecasts
from gridahead.backtest.run import backtests
from gridahead.core.errors import PartialError
from gridahead.core.runs import CHAMPION, OFFICIAL, OFFICIAL_CORRECTED
from gridahead.core.tables import Forecasts
from gridahead.core.time import delivery_days
from gridahead.evaluation.sample import levels_of
from gridahead.evaluation.significance import diebold_mariano
from gridahead.forecasting.adapting import forecast_each
from gridahead.forecasting.issue import issue
from gridahead.models.base import Forecaster
from gridahead.operate.forecast import forecast_each as operated
from gridahead.operate.ingest import ingest
from gridahead.operate.train import Candidate, train_all
from gridahead.registry.fallbacks import fallback
from gridahead.training.split import split
from gridahead.workspace import Workspace

NAME, ALONE = "year", "alone"
"""Back-tests of what serves, and of the single networks."""
EVERY = 3
"""So many authorities apart, by name, a single network is trained."""
TO_CORRECTED, TO_OFFICIAL, TO_LIGHTGBM, TO_GRU = (
    f"mae_ratio_to_{name}" for name in ("corrected", "official", "lightgbm", "gru")
)
CRPS_TO_LIGHTGBM = "crps_ratio_to_lightgbm"
BEFORE_BREAK, AFTER_BREAK = " before the break", " from March 2020"
"""Behind the name of a metric."""
ONE_DAY = dt.date(2020, 2, 11)
"""Of which all forecasts are made as operation makes them, and timed: a Tuesday."""
REFUSED = "refused"
"""An authority whose forecast equals the outturn on whole days: the training takes that for a leak."""
MANY_DAYS = 14
"""A period with fewer days says nothing."""


def run(bench: Bench) -> list[Row]:
    """All authorities, and what they say together; quick: three of them, two epochs, four weeks."""
    names = sane(demand_of(bench))[: QUICK_AUTHORITIES if bench.quick else None]
    say(f"{len(names)} authorities: {', '.join(names)}")
    scored = [Authority(name) for name in names]
    begun = bench.resumed("training", lambda: _trained(scored, bench))
    refused = {row.model for row in begun if row.metric == REFUSED}
    scored = [one for one in scored if one.name not in refused]
    each = bench.each(scored, _of_authority)
    each += bench.resumed("lightgbm", lambda: _against_boosting(scored, bench))
    each += bench.each([Single(one) for one in scored[::EVERY]], _single)
    return [*begun, *each, *together(each)]


class Single:
    """The single network of an authority."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.name = f"{authority.name} alone"


def _trained(scored: Sequence[Authority], bench: Bench) -> list[Row]:
    """Ingest, train, and forecast one day: how long each took, and who serves."""
    workspace, rows = written(bench, [one.name for one in scored], folder(bench), LEARNT_FROM), list[Row]()
    with _timed("ingest", rows, len(scored)):
        failed = ingest(workspace).failed
    assert not failed
    with _timed("training", rows, len(scored)):
        candidates, refused = _candidates(workspace, scored)
    rows += [Row("training", name, REFUSED, 1.0) for name in refused]
    scored = [one for one in scored if one.name not in refused]
    champions = [one.model for one in candidates if one.champion]
    rows += [Row("training", name, "serves", champions.count(name)) for name in sorted(set(champions))]
    day = last_day(bench) if bench.quick else ONE_DAY
    with _timed("one day", rows, len(scored)):
        _, failed_to_forecast = operated(workspace, [one.series for one in scored], day=day)
    assert not failed_to_forecast
    return rows


def _candidates(workspace: Workspace, scored: Sequence[Authority]) -> tuple[list[Candidate], list[str]]:
    """What was trained, and the authorities that the training refuses: the others go on, as a user's would."""
    try:
        return train_all(workspace, [one.series for one in scored]), []
    except PartialError as error:
        say(f"refused: {error}")
        refused = set(map(str, error.errors))
        return list(error.done), [one.name for one in scored if str(one.series) in refused]


@contextmanager
def _timed(task: str, rows: list[Row], count: int) -> Iterator[None]:
    """Seconds of a clock and of one core, and the most memory that a process held [MB], as rows."""
    clock, core = time.perf_counter(), core_seconds() + time.process_time()
    yield
    spent = core_seconds() + time.process_time() - core
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    found = {"seconds": time.perf_counter() - clock, "core_seconds": spent, "most_memory_mb": most / 1024}
    rows += [Row(task, "gridahead", metric, value, n=count) for metric, value in found.items()]
    say(f"{task}: {found['seconds']:.0f} s, {spent:.0f} s of one core, {most / 1024:,.0f} MB")


def _of_authority(authority: Authority, bench: Bench) -> list[Row]:
    """The figures of one authority over the year."""
    workspace, rows = opened(bench), list[Row]()
    models = (CHAMPION, OFFICIAL, OFFICIAL_CORRECTED, "naive")
    with _timed(authority.name, rows, 1):
        backtests(workspace, [authority.series], _plan(NAME, models, bench), lambda _step: None)
    beside = _by_regression(authority, workspace, bench)
    tables = _tables(authority, workspace, bench, [beside])
    against = {TO_OFFICIAL: (OFFICIAL,), TO_CORRECTED: (OFFICIAL_CORRECTED,), MAE_RATIO: OFFICIALS}
    found = scored_rows(authority, tables, [*tables], against)
    left_out = len(measured(bench, authority).loc[pd.Timestamp(FIRST, tz=authority.timezone) :]) - len(tables[SERVED])
    for row in found:
        if row.metric in against:
            say(f"{authority.name}: {row.metric} {row.value:.3f}")
    return [*found, Row(authority.name, "all", "units_left_out", left_out), *rows]


def _plan(name: str, models: Sequence[str], bench: Bench) -> Plan:
    return Plan(name, FIRST, last_day(bench), tuple(models))


def _by_regression(authority: Authority, workspace: Workspace, bench: Bench) -> Forecasts:
    """What the regression says that stands by the champion."""
    version = fallback(workspace.exports, authority.series)
    assert version is not None
    return _forecasts(workspace.exports.load(version).model, authority, workspace, bench)


def _forecasts(model: Forecaster, authority: Authority, workspace: Workspace, bench: Bench) -> Forecasts:
    """What a model says of every day of the year, each as of its deadline and adapted as in operation."""
    plan = _plan(NAME, (CHAMPION,), bench)
    data = prepare(workspace, authority.series, plan)
    windows = data.to_forecast(data.folds[0])
    answers = forecast_each(model, windows, data.observations, FIRST - dt.timedelta(days=1))
    return issue(
        windows,
        answers.published,
        model.quantiles,
        run=f"backtest/{NAME}",
        model=model.name,
        version="benchmark",
        made_at=workspace.clock(),
        known_share=model.known_share,
    )


def _tables(
    authority: Authority, workspace: Workspace, bench: Bench, beside: Sequence[Forecasts]
) -> dict[str, pd.DataFrame]:
    """By model, quantiles and `outturn` a valid time, on the hours that all have; the champion's as `served`."""
    kept, _ = kept_forecasts(workspace, f"backtest/{NAME}", authority.series)
    champion = workspace.registry.champion(authority.series).model.name
    forecasts = Forecasts(pd.concat([kept, *beside], ignore_index=True))
    tables = common_quantiles(forecasts, measured(bench, authority))
    tables[SERVED] = tables.pop(champion)
    return tables


def scored_rows(
    authority: Authority,
    tables: Mapping[str, pd.DataFrame],
    models: Sequence[str],
    against: Mapping[str, Sequence[str]],
) -> list[Row]:
    """The figures of some models and the ratios of the served one: of the year, before the break and from it on.

    Args:
        authority: whose.
        tables: by model, quantiles and `outturn` a valid time, on the same hours.
        models: of which there are figures.
        against: by metric, the models of which the better is compared with.
    """
    name, timezone, rows = authority.name, authority.timezone, list[Row]()
    begins = pd.Timestamp(BREAK, tz=timezone)
    periods: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "": lambda table: table,
        BEFORE_BREAK: lambda table: table[table["valid_time"] < begins],
        AFTER_BREAK: lambda table: table[table["valid_time"] >= begins],
    }
    for period, cut in periods.items():
        parts = {model: cut(table) for model, table in tables.items()}
        if delivery_days(parts[SERVED]["valid_time"], timezone).nunique() < MANY_DAYS:
            continue
        levels = levels_of(parts[SERVED])
        found = [row for model in models for row in figures(name, model, parts[model], levels, timezone)]
        found += [mae_ratio(name, parts, metric, others, timezone) for metric, others in against.items()]
        rows += [_named(row, f"{row.metric}{period}") for row in found]
    return rows


def _named(row: Row, metric: str) -> Row:
    return Row(row.task, row.model, metric, row.value, row.low, row.high, row.n)


def _against_boosting(scored: Sequence[Authority], bench: Bench) -> list[Row]:
    """One LightGBM of all authorities, fitted and compared with what serves each of them and all."""
    workspace, rows = opened(bench), list[Row]()
    settings = workspace.settings.training
    with _timed("lightgbm", rows, len(scored)):
        splits = {}
        for one in scored:
            spec, observations = workspace.inputs(one.series)
            splits[one.name] = split(observations, spec, settings)
        models = boosted(splits, settings.quantiles)
        del splits
    losses = []
    for one in scored:
        tables = _tables(one, workspace, bench, [_forecasts(models[one.name], one, workspace, bench)])
        against = {TO_LIGHTGBM: ("lightgbm",)}
        found = scored_rows(one, tables, ["lightgbm"], against)
        ours, theirs = (daily_crps(tables[model], one.timezone) for model in (SERVED, "lightgbm"))
        found.append(ratio(one.name, SERVED, CRPS_TO_LIGHTGBM, ours, theirs))
        say(f"{one.name}: {TO_LIGHTGBM} {found[-2].value:.3f}, {CRPS_TO_LIGHTGBM} {found[-1].value:.3f}")
        rows += found
        losses.append(daily_losses(one, tables))
    return [*rows, *overall(losses)]


def daily_losses(authority: Authority, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The CRPS of each day by model, in shares of LightGBM's mean of the year, so that all authorities count alike."""
    days = np.unique(delivery_days(tables[SERVED]["valid_time"], authority.timezone).to_numpy())
    daily = {model: daily_crps(tables[model], authority.timezone) for model in (SERVED, "lightgbm")}
    return pd.DataFrame(daily, index=days).div(float(daily["lightgbm"].mean()))


def overall(losses: Sequence[pd.DataFrame]) -> list[Row]:
    """The CRPS of all authorities together over LightGBM's, and how sure that is; n counts days.

    Args:
        losses: of each authority, days by model.
    """
    by_day = pd.concat(losses).groupby(level=0).mean()
    ours, theirs = (by_day[model].to_numpy(float) for model in (SERVED, "lightgbm"))
    p = diebold_mariano(ours, theirs).p
    return [
        _named(ratio("all", SERVED, "", ours, theirs), f"{CRPS_TO_LIGHTGBM} of all days"),
        Row("all", SERVED, "diebold_mariano_p_to_lightgbm", p, n=len(by_day)),
    ]


def _single(task: Single, bench: Bench) -> list[Row]:
    """The network that has learnt one authority alone, beside what serves it."""
    authority, rows = task.authority, list[Row]()
    workspace = alone(bench)
    with _timed(task.name, rows, 1):
        backtests(workspace, [authority.series], _plan(ALONE, ["gru"], bench), lambda _step: None)
    single, _ = kept_forecasts(workspace, f"backtest/{ALONE}", authority.series)
    tables = _tables(authority, workspace, bench, [Forecasts(single.assign(run=f"backtest/{NAME}"))])
    found = scored_rows(authority, tables, ["gru"], {TO_GRU: ("gru",)})
    return [*found, *rows]


def together(rows: Sequence[Row]) -> list[Row]:
    """Medians of ratios between the smallest and the largest, and the shares of authorities in which we lead."""
    found = []
    ratios = [TO_OFFICIAL, TO_CORRECTED, MAE_RATIO, TO_LIGHTGBM, CRPS_TO_LIGHTGBM, TO_GRU]
    for metric in (*ratios, COVERAGE, BELOW_MEDIAN):
        for period in ("", BEFORE_BREAK, AFTER_BREAK):
            found += _of_all(rows, f"{metric}{period}", shares=metric in ratios)
    return [*found, *held_rows(rows, SERVED)]


def _of_all(rows: Sequence[Row], metric: str, *, shares: bool) -> list[Row]:
    values = [row.value for row in rows if (row.model, row.metric) == (SERVED, metric)]
    if not values:
        return []
    median = Row("all", SERVED, metric, float(np.median(values)), min(values), max(values), len(values))
    share = float(np.mean(np.array(values) < 1))
    return [median, *([Row("all", SERVED, f"share_below_1_{metric}", share, n=len(values))] if shares else [])]


def draw(rows: Sequence[Row], path: Path) -> None:
    """The ratios of every authority with their intervals, beside the bars."""
    served = {(row.task, row.metric): row for row in rows if row.model == SERVED and row.task != "all"}
    names = [task for task, metric in served if metric == TO_CORRECTED]
    panels = (
        (TO_CORRECTED, (0.93, 1.0), "MAE over that of the corrected\nofficial forecast"),
        (MAE_RATIO, (1.0, 1.02), "MAE over that of the better\nofficial forecast"),
        (TO_LIGHTGBM, (1.0,), "MAE over that of LightGBM,\none of all authorities"),
        (f"{TO_CORRECTED}{AFTER_BREAK}", (1.0,), "MAE over that of the corrected\nofficial, March to June 2020"),
        (COVERAGE, (0.78, 0.82), "Share of outturns inside\nthe 80 % band"),
    )
    with picture(path, len(panels), width=3.6, height=6.6) as all_axes:
        for axes, (metric, limits, words) in zip(all_axes, panels, strict=True):
            intervals(axes, [served[name, metric] for name in names if (name, metric) in served], limits, words)


if __name__ == "__main__":
    measure(run, draw)
