"""A hundred paths of a forecast: courses of the whole day whose values are, unit by unit, the published distribution.

Quantiles say how high the load of one hour may be, and nothing of how one hour goes with the next: how high the peak of
the day may be, or its energy, needs courses of the whole day. The values of every unit are drawn from its quantiles,
evenly; which of them make one path is taken from the errors of a hundred days that have been. The path that follows a
day is highest where the error of that day was the highest of all days at that hour. This is the Schaake shuffle, with
errors of what can be forecast without a model in the place of past weather: those of the official forecast or, where
more days of it are known, of last week's same hour. Both are read as known at the issue time, and there are no random
numbers: the same forecast on the same lake has the same paths, to the bit.

On German load of 2023 and 2024 (a ridge regression issued at 11:00) the energy score of independent hours is 3.4 %
worse than that of such paths and their variogram score 16 %; of hours that are all alike 4.0 and 11 %
(`benchmarks/paths.py`). With the regression's own past errors in the place of the official forecast's they are 0.2 and
0.3 % better, but a model that is new has none, and two forecasts of one day would follow different days. A Gaussian
copula of the same errors, its correlation shrunk (Ledoit and Wolf), has the same two scores within 0.2 %, and a CRPS of
the day's peak that is 1.5 % worse.

Source: Clark et al., The Schaake shuffle, Journal of Hydrometeorology 5 (2004); Schefzik, Thorarinsdottir and Gneiting,
    Uncertainty quantification in complex simulation models using ensemble copula coupling, Statistical Science 28
    (2013).
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gridahead.core.grid import PRICE, quantity_of
from gridahead.core.tables import Forecasts
from gridahead.core.time import Mtu, local_slots
from gridahead.core.vintages import Floats, Instants, from_micros, micros
from gridahead.features.normal import normal_scores
from gridahead.forecasting.history import History

PATHS = 100
"""Of a forecast: the share of each says a percent. The energy score with half as many days is 0.3 % worse."""
FEWEST_DAYS = 14
"""Two of each weekday: with so few the energy score is 1.5 % worse than with 100, independent hours are 3.5 % worse."""
WHOLE = 0.9
"""Of a day is known that paths follow; what is missing of it is drawn as a straight line."""
DECIMALS = 3
"""Of the figures of a day in a manifest."""

OFFICIAL_ERRORS, WEEKLY_CHANGES = "errors of the official forecast", "changes since the week before"


@dataclass(frozen=True, eq=False)
class Template:
    """The errors of days that have been: in which order the values of every hour make a path."""

    days: tuple[dt.date, ...]
    """K of them, the newest first."""
    errors: Floats
    """(K, S) by local time of day [MW]."""
    kind: str
    """Of what they are the errors."""


@dataclass(frozen=True, eq=False)
class Paths:
    """The paths of one forecast."""

    valid_time: Instants
    """(H,)"""
    drawn: npt.NDArray[np.float32]
    """(PATHS, H) [MW]; a price in its currency per MWh."""
    template: Template

    @property
    def days(self) -> list[dt.date]:
        """The day that each path follows, (PATHS,): series whose paths follow the same days belong together by it."""
        return [self.template.days[path % len(self.template.days)] for path in range(len(self.drawn))]


def template_of(history: History) -> Template | None:
    """The newest whole days of which errors are known, of the rule of which more are; None where these are too few.

    Args:
        history: what is known of the series at the issue time.
    """
    weekly = np.full_like(history.outturn, np.nan)
    weekly[7:] = history.outturn[7:] - history.outturn[:-7]
    official = history.outturn - history.official
    found = [_newest(history, official, OFFICIAL_ERRORS), _newest(history, weekly, WEEKLY_CHANGES)]
    best = max(found, key=lambda template: len(template.days))
    return best if len(best.days) >= FEWEST_DAYS else None


def _newest(history: History, errors: Floats, kind: str) -> Template:
    """The newest whole days among errors (P, S), but for the delivery day."""
    known = ~np.isnan(errors)
    rows = np.flatnonzero(known[:-1].mean(axis=1) >= WHOLE)[::-1][:PATHS]
    last, columns = len(errors) - 1, np.arange(errors.shape[1])
    chosen = errors[rows]
    for place in np.flatnonzero(~known[rows].all(axis=1)):
        there = known[rows[place]]
        chosen[place] = np.interp(columns, columns[there], chosen[place][there])
    days = tuple(history.day - dt.timedelta(days=int(last - row)) for row in rows)
    return Template(days, chosen, kind)


def draw(forecasts: Forecasts, template: Template, timezone: str) -> Paths:
    """The paths of a forecast, as far as physics allows them.

    Args:
        forecasts: rows of one forecast.
        template: of its issue time.
        timezone: of its delivery days.
    """
    wide = forecasts.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()
    times = pd.DatetimeIndex(wide.index)
    values = ordered(
        wide.to_numpy(dtype=float),
        tuple(float(level) for level in wide.columns),
        template.errors[:, local_slots(times, timezone, template.errors.shape[1])],
        low=quantity_of(str(forecasts["quantity"].iloc[0])).low,
    )
    return Paths(micros(times), values.astype(np.float32), template)


def ordered(quantiles: Floats, levels: Sequence[float], errors: Floats, *, low: float | None = None) -> Floats:
    """Values of the distribution of every unit, in the order of errors, (PATHS, H).

    Args:
        quantiles: (H, Q) rising along Q.
        levels: Q of them.
        errors: (K, H) of K days at the times of the units; of fewer days than paths, each is followed several times.
        low: the physical lower bound, if there is one.
    """
    values = _evenly(quantiles, levels)
    values = values if low is None else np.maximum(values, low)
    return np.take_along_axis(values, _ranks(errors[np.arange(PATHS) % len(errors)]), axis=0)


def _evenly(quantiles: Floats, levels: Sequence[float]) -> Floats:
    """The quantiles of levels (s − ½) / PATHS of every unit, (PATHS, H), rising.

    They lie on straight lines over the normal distribution between two levels, and beyond the outermost ones.
    """
    known = normal_scores(tuple(levels))
    wanted = normal_scores(tuple((np.arange(PATHS) + 0.5) / PATHS))
    right = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = (wanted - known[right - 1]) / (known[right] - known[right - 1])
    below, above = quantiles[:, right - 1], quantiles[:, right]
    # Single precision may let two levels cross by a bit: a rank is none of values that fall.
    return np.maximum.accumulate(below + share * (above - below), axis=1).T


def _ranks(errors: Floats) -> npt.NDArray[np.int64]:
    """The rank of each day at every time, (PATHS, H) from 0; of equal ones, as by night, by that of the whole day."""
    by_day = np.argsort(errors.mean(axis=1), kind="stable")
    order = by_day[np.argsort(errors[by_day], axis=0, kind="stable")]
    ranks = np.empty(errors.shape, np.int64)
    np.put_along_axis(ranks, order, np.arange(len(errors))[:, None], axis=0)
    return ranks


def figures_of_paths(paths: Paths, levels: Sequence[float], mtu: Mtu, quantity: str) -> dict[str, Any]:
    """What a day may come to, as a manifest says it: quantiles of its peak, lowest value, mean and energy.

    `peak`, `lowest`, `mean` [MW] and, of power, `energy` [MWh] by level; `peak_at` the share of paths that have their
    peak in the unit that begins then; `follows` says which days the paths follow.

    Args:
        paths: of the forecast.
        levels: of the quantiles.
        mtu: length of a unit.
        quantity: of the series; a price has no energy.
    """
    values = paths.drawn.astype(float)
    days = {"peak": values.max(axis=1), "lowest": values.min(axis=1), "mean": values.mean(axis=1)}
    if quantity != PRICE:
        days["energy"] = values.sum(axis=1) / mtu.per_hour
    told: dict[str, Any] = {
        name: {f"{level:g}": round(float(value), DECIMALS) for level, value in zip(levels, at, strict=True)}
        for name, figures in days.items()
        for at in [np.quantile(figures, levels, method="hazen")]
    }
    unit, count = np.unique(values.argmax(axis=1), return_counts=True)
    starts = from_micros(paths.valid_time)
    told["peak_at"] = {starts[at].isoformat(): int(n) / len(values) for at, n in zip(unit, count, strict=True)}
    first, last = min(paths.template.days), max(paths.template.days)
    told["follows"] = f"{paths.template.kind} on {len(paths.template.days)} days from {first} to {last}"
    return told


PATH_COLUMNS: Mapping[str, pa.DataType] = {
    "path": pa.int16(),
    "follows": pa.date32(),
    "valid_time": pa.timestamp("us", tz="UTC"),
    "value_mw": pa.float32(),
}
"""Of the file of paths: number from 1, the day whose errors it follows, start of the unit, value."""


def parquet_of(paths: Paths, attribution: str = "") -> bytes:
    """The paths as Parquet: a row a path and unit, about 10 kB for a day of hours and 40 kB of quarter hours.

    Args:
        paths: of a day.
        attribution: whom the licences of the data ask to name; in the metadata of the file.
    """
    count, units = paths.drawn.shape
    columns = [
        np.repeat(np.arange(1, count + 1, dtype=np.int16), units),
        np.repeat(np.array(paths.days, dtype="datetime64[D]"), units),
        np.tile(paths.valid_time, count),
        paths.drawn.ravel(),
    ]
    arrays = [pa.array(column).cast(kind) for column, kind in zip(columns, PATH_COLUMNS.values(), strict=True)]
    schema = pa.schema(list(PATH_COLUMNS.items()), {"attribution": attribution} if attribution else None)
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()


def wide_of(content: bytes) -> pd.DataFrame:
    """The paths of a file: a row a valid time, a column a path [MW]; `.attrs["follows"]` has the day of each."""
    rows = pd.read_parquet(io.BytesIO(content))
    wide = rows.pivot(index="valid_time", columns="path", values="value_mw").sort_index()
    wide.attrs["follows"] = rows.drop_duplicates("path").set_index("path")["follows"].to_dict()
    return wide
