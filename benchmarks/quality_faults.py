"""Which faults does the quality gate find in real data, and how often does it cry wolf?

Every fault of `faults.py` at three sizes, at several random places of each series that it makes sense for, on German
load and generation (hourly), Belgian solar (quarter hours) and the load and a temperature of GEFCom2014 (hourly). A
fault is caught if a rule that can mean it fails on a touched value, or on the day of a missing one. Limits are learnt
from the two or three years before, as they are. Thresholds were first chosen on 2023 (Germany), 2022 (Belgium) and
2007 (GEFCom); what is reported are 2024 and 2025 until August, 2024, and 2010 and 2011. Those years were seen before
the last changes of thresholds, so the figures are no clean holdout.

Alarms are contiguous stretches in the untouched years on which any rule fails, per series and year; days with missing
units are no alarms, since the units are missing. n is the number of faults, or of series-years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from fault_kinds import Place
from faults import CATALOGUE, SIZES, Fault
from pictures import picture, title
from quality_sets import RealSet, real_sets, settings_for

from gridahead.core.grid import Series
from gridahead.core.tables import OBSERVATIONS, Limits, Observations
from gridahead.quality.gate import CONTEXT_DAYS, inspect, related
from gridahead.quality.limits import learn

AT_ONCE = 40
"""Faults judged in one inspection, each in a copy of the zone."""
NOT_ALARMS = ("delivery_day_complete", "stale")


@dataclass(slots=True)
class Case:
    """One injected fault."""

    zone: str
    fault: Fault
    size: str
    target: str
    rows: pd.DataFrame
    times: pd.DatetimeIndex
    """Touched valid times."""


def run(bench: Bench) -> list[Row]:
    """Caught shares and alarms of every data set."""
    rows: list[Row] = []
    for data in real_sets(bench):
        rows += judge(data, data.tested, bench.seeds)
    return rows


def judge(data: RealSet, years: tuple[str, str, str], places: int) -> list[Row]:
    """Caught shares and alarms of one data set."""
    since, until, end = (pd.Timestamp(day, tz="UTC") for day in years)
    history = data.wide[(data.wide.index >= since) & (data.wide.index < until)]
    later = data.wide[(data.wide.index >= until) & (data.wide.index < end)]
    limits = learn(data.observations(history), settings_for(data, [data.zone]))
    found = alarms(data, later, limits)
    caught: dict[tuple[str, str], list[bool]] = {}
    injected = cases(data, later, history, places)
    while some := list(islice(injected, AT_ONCE)):
        ended = [
            [case] for case in some if "stale" in case.fault.rules
        ]  # a series is late by the clock of its own case
        for together in ([case for case in some if "stale" not in case.fault.rules], *ended):
            for case, hit in judged(data, together, limits):
                caught.setdefault((case.fault.name, case.size), []).append(hit)
        say(f"{data.name}: {sum(map(len, caught.values())):,} faults judged")
    shares = [
        Row(data.name, f"{fault}/{size}", "caught", float(np.mean(hits)), n=len(hits))
        for (fault, size), hits in caught.items()
    ]
    strong = [hit for (_, size), hits in caught.items() if size != SIZES[0] for hit in hits]
    return [*shares, Row(data.name, "all/medium and large", "caught", float(np.mean(strong)), n=len(strong)), *found]


def alarms(data: RealSet, values: pd.DataFrame, limits: Limits) -> list[Row]:
    """Contiguous stretches with a finding per series and year of untouched data, and those that are withheld."""
    findings = untouched(data, values, limits)
    years = len(values) * data.mtu.delta / pd.Timedelta(days=365.25) * values.shape[1]
    withheld = findings[findings["severity"].isin(["quarantine", "block"])]
    return [
        Row(data.name, "untouched", metric, stretches(part) / years, n=round(years))
        for metric, part in (("alarms_per_series_year", findings), ("quarantines_per_series_year", withheld))
    ]


def untouched(data: RealSet, values: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """What the gate finds in values as they are."""
    rows = data.observations(values)
    report = inspect(
        rows,
        Observations(OBSERVATIONS.empty()),
        settings_for(data, [data.zone]),
        decided_at=rows["valid_time"].max(),
        limits=limits,
    )
    return report.findings[~report.findings["rule"].isin(NOT_ALARMS)]


def stretches(findings: pd.DataFrame) -> int:
    """How many stretches of time, whatever number of rules fails on each."""
    count = 0
    for _, of_it in findings.sort_values("start").groupby("series"):
        until = of_it["end"].cummax().shift() + pd.Timedelta(hours=1)
        count += int((~(of_it["start"] <= until)).sum())
    return count


def cases(data: RealSet, values: pd.DataFrame, history: pd.DataFrame, places: int) -> Iterator[Case]:
    """Every fault, size, target and place."""
    number = 0
    for fault in CATALOGUE:
        for target in data.targets:
            if target not in fault.targets or (fault.other and fault.other[target] not in values):
                continue
            if fault.name == "clock change overlooked" and "Etc" in data.timezone:
                continue
            for size, amount in zip(SIZES, fault.sizes, strict=True):
                rng = np.random.default_rng([sum(map(ord, fault.name + size + target)), 7])
                for _ in range(places):
                    number += 1
                    yield one_case(data, values, history, fault, size, amount, target, rng, f"Z{number}")


def one_case(
    data: RealSet,
    values: pd.DataFrame,
    history: pd.DataFrame,
    fault: Fault,
    size: str,
    amount: float,
    target: str,
    rng: np.random.Generator,
    zone: str,
) -> Case:
    """A fault somewhere in the values; another place is drawn where it would change nothing."""
    names = [target, *(one.quantity for one in related(Series(data.zone, target)) if one.quantity in values)]
    other = fault.other.get(target, "")
    names += [
        name for name in {other, next(str(name) for name in values if name != target)} if name and name not in names
    ]
    since, values = values.index[0], pd.concat([history, values])
    for _ in range(50):
        time_range, start = drawn(values[names], data, fault, amount, since, rng)
        local = pd.DatetimeIndex(time_range.index).tz_convert(data.timezone).tz_localize(None)
        past = history[target].dropna()
        # The plant of today: what the window reaches, if that is more than before.
        high = max(float(past.quantile(0.995)), float(time_range[target].max()))
        spread = float(past.quantile(0.99) - past.quantile(0.01))
        place = Place(time_range.copy(), target, data.mtu.per_hour, start, local, high, spread, rng, other)
        changed, touched = fault.apply(place, amount)
        # A stretch with missing values cannot carry a fault.
        if touched.any() and not np.isnan(place.series[touched]).any():
            break
    time_range = time_range.assign(**{target: changed})
    rows: pd.DataFrame = data.observations(time_range, zone)
    times = pd.DatetimeIndex(time_range.index[touched])
    if fault.in_rows:
        hit = (rows["quantity"] == target) & rows["valid_time"].isin(times)
        rows = fault.in_rows(rows, hit)
    return Case(zone, fault, size, target, rows, times)


def drawn(
    values: pd.DataFrame, data: RealSet, fault: Fault, amount: float, since: pd.Timestamp, rng: np.random.Generator
) -> tuple[pd.DataFrame, int]:
    """A window around a random local midnight since then, and where in it that lies."""
    local = pd.DatetimeIndex(values.index).tz_convert(data.timezone)
    day = 24 * data.mtu.per_hour
    possible = (local.hour == 0) & (local.minute == 0) & (values.index >= since - pd.Timedelta(days=1))
    length = 30 * day
    if fault.name == "day and month swapped":
        possible &= local.day == 1
        length = 28 * int(amount) * day
    places = np.flatnonzero(possible)
    places = places[places < len(values) - length]
    if fault.name == "clock change overlooked":
        offsets = np.asarray([one.utcoffset() for one in local[places].to_pydatetime()])
        changes = np.flatnonzero(offsets[1:] != offsets[:-1])
        places = places[changes] if len(changes) else places
    at = int(rng.choice(places))
    begin, end = max(at - CONTEXT_DAYS * day, 0), min(at + 4 * day + length + CONTEXT_DAYS * day, len(values))
    return values.iloc[begin:end], at - begin


def judged(data: RealSet, some: Sequence[Case], limits: Limits) -> Iterator[tuple[Case, bool]]:
    """Which of the cases are caught, judged together."""
    if not some:
        return
    rows = pd.concat([case.rows for case in some], ignore_index=True)
    report = inspect(
        Observations(rows),
        Observations(OBSERVATIONS.empty()),
        settings_for(data, [case.zone for case in some]),
        decided_at=pd.Timestamp(rows["valid_time"].max()),
        limits=pd.concat([limits.assign(zone=case.zone) for case in some], ignore_index=True),
    )
    series = report.verdicts["zone"] + "/" + report.verdicts["quantity"]
    for case in some:
        name = f"{case.zone}/{case.target}"
        meant = report.verdicts[(series == name) & report.verdicts["rule"].isin(case.fault.rules)]
        found = report.findings[(report.findings["series"] == name) & report.findings["rule"].isin(case.fault.rules)]
        yield (
            case,
            bool(meant["valid_time"].dt.floor(data.mtu.delta).isin(case.times).any()) or said_of_days(found, case),
        )


def said_of_days(found: pd.DataFrame, case: Case) -> bool:
    """Whether a finding without rows, on missing units or the end of a series, is on the days of the fault."""
    first, last = case.times[0] - pd.Timedelta(days=2), case.times[-1] + pd.Timedelta(days=1)
    of_days = found[found["rule"].isin(NOT_ALARMS)]
    return bool(((of_days["start"] <= last) & (of_days["end"] >= first)).any())


def draw(rows: Sequence[Row], path: Path) -> None:
    """Caught share by fault and size, one map a data set."""
    sets = list(dict.fromkeys(row.task for row in rows))
    faults = [fault.name for fault in CATALOGUE]
    share = {(row.task, row.model): row for row in rows if row.metric == "caught"}
    with picture(path, len(sets), width=3.6, height=9.5) as axes:
        for n, (chart, task) in enumerate(zip(axes, sets, strict=True)):
            cells = np.full((len(faults), len(SIZES)), np.nan)
            for i, fault in enumerate(faults):
                for j, size in enumerate(SIZES):
                    row = share.get((task, f"{fault}/{size}"))
                    if row:
                        cells[i, j] = row.value
                        chart.text(j, i, f"{row.value:.0%}", ha="center", va="center", fontsize=7)
            chart.imshow(cells, aspect="auto", vmin=0, vmax=1, cmap="RdYlGn", alpha=0.75)
            chart.set_xticks(range(len(SIZES)), SIZES)
            chart.set_yticks(range(len(faults)), faults if n == 0 else [])
            chart.grid(visible=False)
            title(chart, task)


if __name__ == "__main__":
    measure(run, draw)
