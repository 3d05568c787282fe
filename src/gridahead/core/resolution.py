"""One market time unit: rows of another length are brought to it by declared rules.

Every row says how long its own unit is, and its value is the mean over it. A longer unit is therefore repeated in each
of the shorter ones that it spans; shorter ones that fill a longer one are averaged, once all of them are known. A row
that has the wanted length already counts before what others would make of its unit, from when it was known. So a series
that goes over from hours to quarter hours, and inputs of other lengths than their target, are read at one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import LakeError
from gridahead.core.grid import Series
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import MICROSECOND, Mtu, TimeRange, clock_change
from gridahead.core.vintages import (
    FOREVER,
    READ_FROM,
    READ_UNTIL,
    VALUE,
    Instants,
    Vintages,
    from_micros,
    micros,
    of_series,
)


def mtu_of(observations: pd.DataFrame, series: Series, timezone: str) -> Mtu:
    """The market time unit that a series is read at: that of its newest value, if days of its zone divide into it.

    Units on UTC hours in a zone that is half an hour off UTC are cut by its midnights, and so are hours where clocks
    change by half of one: the longest shorter unit that fits is taken.

    Raises:
        LakeError: there are no rows.
    """
    rows = rows_of(observations, series)
    newest = rows[rows["valid_time"] == rows["valid_time"].max()].sort_values("available_at").iloc[-1]
    length, begin = Mtu(newest["mtu"]), pd.DatetimeIndex([newest["valid_time"]])
    fitting = (
        mtu
        for mtu in sorted(Mtu, key=lambda mtu: mtu.delta, reverse=True)
        if mtu.delta <= length.delta and not clock_change(timezone) % mtu.delta and on_grid(begin, mtu, timezone).all()
    )
    return next(fitting, length)


def rows_of(observations: pd.DataFrame, series: Series) -> pd.DataFrame:
    """The rows of one series.

    Raises:
        LakeError: there are none.
    """
    rows = of_series(observations, series)
    if rows.empty:
        raise LakeError(
            f"the lake has no {series}; `gridahead status` lists what it has, `gridahead ingest` brings more"
        )
    return rows


def on_grid(times: pd.DatetimeIndex, mtu: Mtu, timezone: str) -> npt.NDArray[np.bool_]:
    """Which instants (T,) begin a unit as it is counted from local midnight."""
    return np.asarray(past_begin(times, mtu.delta, timezone) == 0)


def at_mtu(observations: Observations, mtu: Mtu, timezone: str) -> Observations:
    """The same vintages with one market time unit, counted from midnights of a time zone.

    What is made of other units has the columns `read_from` and `read_until`: a mean is known once the last of its parts
    is, and changes with each revision of one. Rows that have the unit already are the same, in the same order.
    """
    own = (observations["mtu"] == mtu).to_numpy(dtype=bool, copy=True)
    own[own] = on_grid(pd.DatetimeIndex(observations["valid_time"][own]), mtu, timezone)
    if own.all():
        return observations
    rows = observations.copy()
    if READ_UNTIL not in rows:
        rows[READ_FROM], rows[READ_UNTIL] = rows["available_at"], FOREVER
    own_rows, other_rows = rows[own], rows[~own]
    other_rows = other_rows[micros(other_rows["valid_time"]) % Mtu.PT15M.microseconds == 0]
    length = other_rows["mtu"].map({str(unit): unit.delta for unit in Mtu})
    longer = (length > mtu.delta).to_numpy(dtype=bool, copy=True)
    longer[longer] = on_grid(pd.DatetimeIndex(other_rows["valid_time"][longer]), mtu, timezone)
    averaged = _giving_way(_averaged(other_rows[~longer], mtu, timezone), own_rows)
    parts = _giving_way(repeated(other_rows[longer], mtu), pd.concat([own_rows, averaged]))
    return Observations(pd.concat([own_rows, averaged, parts], ignore_index=True))


def forecasts_at(forecasts: Forecasts, mtu: Mtu, timezone: str) -> Forecasts:
    """The same forecasts with one market time unit: the value of a longer one is repeated in each of its parts.

    Levels of shorter units are averaged level by level, which holds for errors that last for the longer one.
    """
    converted = forecasts["mtu"] != mtu
    if not converted.any():
        return forecasts
    parts: list[pd.DataFrame] = [forecasts[~converted]]
    for name, rows in forecasts[converted].groupby("mtu"):
        if (length := Mtu(str(name))).delta > mtu.delta:
            parts.append(repeated(rows, mtu))
            continue
        times = pd.DatetimeIndex(rows["valid_time"])
        begin = times - pd.to_timedelta(past_begin(times, mtu.delta, timezone), unit="us")
        values = [name for name in ("value_mw", "unadapted_mw") if name in rows]
        key = [name for name in rows.columns if name not in values]
        units = rows.assign(valid_time=begin.as_unit("us"), mtu=str(mtu)).groupby(key, sort=False, dropna=False)
        whole = units[values].mean().assign(size=units.size()).reset_index()
        parts.append(whole.loc[whole["size"] == mtu.delta // length.delta, list(rows.columns)])
    return Forecasts(pd.concat(parts, ignore_index=True))


def past_begin(times: pd.DatetimeIndex, length: pd.Timedelta | pd.TimedeltaIndex, timezone: str) -> Instants:
    """By how much (T,) instants lie behind the beginning of their unit, counted from local midnight [microseconds].

    Args:
        times: (T,) UTC.
        length: of the units, of all or of each.
        timezone: from whose midnights they are counted.
    """
    local: Instants = times.tz_convert(timezone).tz_localize(None).as_unit("us").asi8
    return np.asarray(local % (length // MICROSECOND))


def repeated(rows: pd.DataFrame, mtu: Mtu) -> pd.DataFrame:
    """Every row once for each unit of that length in its own; of rows with `valid_time` and `mtu`."""
    counts = (rows["mtu"].map({str(unit): unit.delta for unit in Mtu}) // mtu.delta).to_numpy(dtype=np.int64)
    places = np.repeat(np.arange(len(rows)), counts)
    nth = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = pd.DatetimeIndex(rows["valid_time"].iloc[places]) + nth * mtu.delta
    return rows.iloc[places].assign(valid_time=begin.as_unit("us"), mtu=str(mtu)).reset_index(drop=True)


def _averaged(rows: pd.DataFrame, mtu: Mtu, timezone: str) -> pd.DataFrame:
    """The means of units of that length that shorter rows fill, or longer ones that begin elsewhere."""
    parts = [_mean_of_parts(part, mtu, timezone) for _, part in rows.groupby(["zone", "quantity"], sort=False)]
    return pd.concat([part for part in parts if len(part)] or [rows.iloc[:0]], ignore_index=True)


def _mean_of_parts(rows: pd.DataFrame, mtu: Mtu, timezone: str) -> pd.DataFrame:
    """The means of one series: one row for every instant at which the mean of a unit becomes known or another."""
    step = _part(rows, mtu, timezone)
    parts = repeated(rows, step)
    behind = past_begin(pd.DatetimeIndex(parts["valid_time"]), mtu.delta, timezone)
    parts["begin"] = micros(parts["valid_time"]) - behind
    changes = pd.concat(
        [parts[["begin"]].assign(at=micros(parts[column])) for column in (READ_FROM, READ_UNTIL)], ignore_index=True
    )
    forever = micros(pd.DatetimeIndex([FOREVER]))[0]
    changes = changes[changes["at"] < forever].drop_duplicates().sort_values(["begin", "at"], ignore_index=True)
    begin, at = changes["begin"].to_numpy(), changes["at"].to_numpy()
    of_unit = begin[:, None] + np.arange(mtu.delta // step.delta) * step.microseconds
    span = TimeRange(*(pd.Timestamp(end, unit="us", tz="UTC") for end in (begin.min(), begin.max() + mtu.microseconds)))
    value = Vintages.of(parts, span, step).as_of(at, of_unit).mean(axis=1)
    ends = np.where(np.r_[begin[1:] == begin[:-1], False], np.r_[at[1:], forever], forever)
    about = parts.drop_duplicates("begin", keep="last").set_index("begin").loc[begin]
    recorded = (parts["availability"] == "recorded").groupby(parts["begin"]).any().loc[begin].to_numpy()
    availability = np.where(recorded, "recorded", "assumed")
    read = {"available_at": from_micros(at), READ_FROM: from_micros(at), READ_UNTIL: from_micros(ends)}
    means: pd.DataFrame = about.assign(
        valid_time=from_micros(begin), value=value, mtu=str(mtu), availability=availability, **read
    )
    if "flags" in parts:
        means["flags"] = list(_flags(parts, span, step, at, of_unit))
    known_means: pd.DataFrame = means[~np.isnan(value)].reset_index(drop=True)
    return known_means


def _part(rows: pd.DataFrame, mtu: Mtu, timezone: str) -> Mtu:
    """The length of the parts that both the rows and the wanted units divide into."""
    times = pd.DatetimeIndex(rows["valid_time"])
    for step in sorted(Mtu, key=lambda unit: unit.delta, reverse=True):
        fits = (
            step.delta <= mtu.delta and rows["mtu"].map(lambda length, step=step: Mtu(length).delta >= step.delta).all()
        )
        if fits and on_grid(times, step, timezone).all():
            return step
    return Mtu.PT15M


def _flags(parts: pd.DataFrame, span: TimeRange, step: Mtu, at: Instants, of_unit: Instants) -> Iterator[str]:
    """The rules that flag any part of each mean, by comma."""
    codes, texts = pd.factorize(parts["flags"])
    codes_at = Vintages.of(parts.assign(value=codes.astype(float)), span, step).as_of(at, of_unit)
    for line in np.nan_to_num(codes_at).astype(int):
        rules = {rule for code in set(line.tolist()) for rule in texts[code].split(",")}
        yield ",".join(sorted(rules - {""}))


def _giving_way(converted: pd.DataFrame, own_rows: pd.DataFrame) -> pd.DataFrame:
    """The converted rows, each read until its unit has a row of its own."""
    if converted.empty or own_rows.empty:
        return converted
    own = own_rows.groupby(VALUE)[READ_FROM].min().rename("own").reset_index()
    joined = converted[VALUE].merge(own, on=VALUE, how="left")["own"].set_axis(converted.index)
    until = converted[READ_UNTIL].where(~(joined < converted[READ_UNTIL]), joined)
    return converted.assign(**{READ_UNTIL: until})[converted[READ_FROM] < until]
