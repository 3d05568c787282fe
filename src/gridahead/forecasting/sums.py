"""Forecasts that add up: a total and its parts, reconciled by how their forecasts have erred together of late.

Each series is forecast by itself, and the total is then not the sum of its parts. What is too much or too little is
shared out so that the medians add up and the trace of the covariance of their errors is as small as it can be (MinT): a
series that has erred little moves little, and where the errors of two go together, so do they. The other quantiles of a
series move with its median: each distribution keeps its shape. Quantiles of a sum are no sums of quantiles; medians, as
they are taken for means here, are.

The covariance is that of errors which were known at the issue time, and made by forecasts that had been issued before.
Its correlations are shrunk towards none by as much as they vary from day to day (Schäfer and Strimmer): hours of one
day are not independent of each other, so that whole days count. Where fewer than two weeks of errors are known, what is
too much is shared out by size instead, half of it to a total and half to its parts.

What a forecast is certain of, as of solar power by night, does not move, nor does anything go below what is physically
possible; the others then share what is left.

Own code, for it is forty lines of arrays: of the libraries that know MinT, hierarchicalforecast brings numba, polars,
statsmodels and scikit-learn, FoReco's Python port JAX, sktime a second framework, and all of them reconcile tables of
their own forecasters. The shrinkage of scikit-learn goes towards equal variances of all series, and takes hours as
independent.

Source: Wickramasuriya, Athanasopoulos and Hyndman, Optimal forecast reconciliation for hierarchical and grouped time
    series through trace minimization, JASA 114 (2019), in the form of a projection onto what adds up; Schäfer and
    Strimmer, A shrinkage approach to large-scale covariance matrix estimation, Statistical Applications in Genetics and
    Molecular Biology 4 (2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import GridaheadError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series, quantity_of
from gridahead.core.tables import FORECASTS, Forecasts, Observations
from gridahead.core.time import Mtu, TimeRange, delivery_days
from gridahead.core.vintages import Floats, Vintages, micros, newest_forecasts, of_series, series_names
from gridahead.forecasting.identity import forecast_id

WINDOW_DAYS = 56
"""How far back errors count: eight weeks have a season's weather, and ten days for each of a dozen series."""
FEWEST_DAYS = 14
"""Two of each weekday."""
EXACT = 1e-9
"""Of the largest total: what adds up to so much adds up."""
MARK = "+"
"""In the fingerprint of the data of a reconciled forecast: before it stands that of the forecast itself, behind it that
of what it was reconciled with."""

SUMS = "sums"
"""The line of a manifest that says with what a forecast adds up, or why it does not."""

Parts = Mapping[Series, Sequence[Series]]
"""The parts of each total; a total may be a part of another one."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of the forecasts of some series on the same units, known at one issue time."""

    off: Floats
    """(T, M) median less outturn [MW]"""
    day: npt.NDArray[np.int64]
    """(T,) of which delivery day each unit is, as a number."""

    @property
    def days(self) -> int:
        """How many delivery days they are of."""
        return len(np.unique(self.day))

    @property
    def enough(self) -> bool:
        """Whether they say how the series err together."""
        return self.days >= FEWEST_DAYS


@dataclass(frozen=True)
class Reconciled:
    """The forecasts of one delivery day of all series of some sums, made to add up."""

    forecasts: Mapping[Series, Forecasts]
    moved_mw: Mapping[Series, float]
    """By how much the mean of each median was moved [MW]."""
    days: int
    """Of whose errors it is known who errs how much; 0 where these were too few, and size decided."""


class UnreconciledError(GridaheadError):
    """Forecasts cannot be made to add up; says why, in words."""


@dataclass(frozen=True)
class InSums:
    """What the manifest of a forecast says of the sums that it is in."""

    totals: tuple[str, ...]
    """Of these sums."""
    why: str = ""
    """Why it does not add up with the others, in words; empty if it does."""
    made_of: str | None = None
    """The id of the forecast that it was before it was reconciled; None where it never was."""
    moved_mw: float = 0.0
    """By how much the mean of its median was moved [MW]."""
    days: int = 0
    """Of whose errors it was known who errs how much; 0 where size decided."""

    def as_line(self) -> dict[str, object]:
        """The same as a line of a manifest."""
        return {SUMS: {**asdict(self), "totals": [*self.totals]}}


def in_sums(manifest: Mapping[str, Any]) -> InSums | None:
    """What a manifest says of the sums that its forecast is in; None where it is in none."""
    said = manifest.get(SUMS)
    return None if not isinstance(said, Mapping) else InSums(**{**said, "totals": tuple(said["totals"])})


def members_of(parts: Parts) -> list[Series]:
    """Every series of some sums, in their order."""
    return list(dict.fromkeys(member for total, of_total in parts.items() for member in (total, *of_total)))


def is_reconciled(forecasts: pd.DataFrame) -> pd.Series:
    """Which rows of forecasts have been made to add up with others."""
    return forecasts["data_hash"].str.contains(MARK, regex=False)


def constraints(parts: Parts) -> Floats:
    """(K, M) what is zero where medians add up: each total less its parts, by the order of `members_of`."""
    place = {member: at for at, member in enumerate(members_of(parts))}
    matrix = np.zeros((len(parts), len(place)))
    for row, (total, of_total) in enumerate(parts.items()):
        matrix[row, place[total]] = 1.0
        matrix[row, [place[part] for part in of_total]] = -1.0
    return matrix


def covariance(errors: Errors) -> Floats:
    """(M, M) how the errors of the series go together [MW²], their correlations shrunk.

    Args:
        errors: of two days at least.
    """
    scale = np.sqrt((errors.off**2).mean(axis=0))
    scores = errors.off / np.where(scale > 0, scale, 1.0)
    days, of_day = np.unique(errors.day, return_inverse=True)
    products = np.zeros((len(days), scores.shape[1], scores.shape[1]))
    np.add.at(products, of_day, scores[:, :, None] * scores[:, None, :])
    products *= len(days) / len(scores)
    together = products.mean(axis=0)
    apart = ~np.eye(len(scale), dtype=bool)
    varying = ((products - together) ** 2).sum(axis=0) / (len(days) * (len(days) - 1))
    strength = (together[apart] ** 2).sum()
    believed = 1.0 - min(1.0, varying[apart].sum() / strength) if strength > 0 else 0.0
    shrunk: Floats = np.where(apart, believed * together, together) * np.outer(scale, scale)
    return shrunk


def coherent(medians: Floats, weights: Floats, matrix: Floats, low: Floats, certain: npt.NDArray[np.bool_]) -> Floats:
    """Medians (H, M) [MW] that add up, as near to those that are given as the weights ask for.

    Args:
        medians: (H, M), none below `low`.
        weights: (M, M) the covariance of their errors, or what stands for it.
        matrix: (K, M) of `constraints`.
        low: (M,) the physical lower bound, -inf where there is none.
        certain: (H, M) what does not move.
    """
    found = medians.copy()
    for row in range(len(found)):
        fixed = certain[row].copy()
        while True:
            free = np.where(fixed[:, None] | fixed[None, :], 0.0, weights)
            start = np.where(fixed & ~certain[row], low, medians[row])
            among = free @ matrix.T
            found[row] = start - among @ (np.linalg.pinv(matrix @ among, hermitian=True) @ (matrix @ start))
            below = (found[row] < low) & ~fixed
            if not below.any():
                break
            fixed |= below
    return found


def known_errors(
    former: pd.DataFrame, outturns: Mapping[Series, Vintages], parts: Parts, issued: pd.Timestamp, timezone: str
) -> Errors:
    """The errors of former forecasts as they were known at an issue time, on the units that all series have.

    Args:
        former: forecasts of all the series, each before it was reconciled; of each unit the newest one counts.
        outturns: every vintage of each series.
        parts: of the sums.
        issued: forecasts that were issued later, and values that were known later, do not count.
        timezone: of the delivery days.
    """
    members = members_of(parts)
    wanted = (former["quantile"] == 0.5) & (former["issue_time"] < issued) & ~is_reconciled(former)
    rows = former[wanted].assign(series=lambda found: series_names(found))
    rows = newest_forecasts(rows, ("series", "valid_time"))
    wide = rows.pivot(index="valid_time", columns="series", values="value_mw").reindex(columns=list(map(str, members)))
    times = pd.DatetimeIndex(wide.dropna().index)
    now, units = micros(pd.DatetimeIndex([issued])), micros(times)[None]
    came = np.column_stack([outturns[member].as_of(now, units)[0] for member in members])
    values = wide.loc[times].to_numpy(float) - came
    whole = ~np.isnan(values).any(axis=1)
    day = delivery_days(pd.Series(times), timezone).to_numpy().astype("datetime64[D]").astype(np.int64)
    return Errors(values[whole], day[whole])


def vintages_of(observations: Observations, parts: Parts, time_range: TimeRange, mtu: Mtu) -> dict[Series, Vintages]:
    """Every vintage of the outturn of each series, to be asked as of an issue time.

    Args:
        observations: of all of them, in one market time unit.
        parts: of the sums.
        time_range: of valid times.
        mtu: that unit.
    """
    return {one: Vintages.of(of_series(observations, one), time_range, mtu) for one in members_of(parts)}


def reconcile(forecasts: Mapping[Series, Forecasts], errors: Errors, parts: Parts) -> Reconciled:
    """The forecasts of one delivery day and one issue time, made to add up.

    Args:
        forecasts: of every series of the sums, one each.
        errors: known at that issue time.
        parts: of the sums.

    Raises:
        UnreconciledError: they are of other units or issue times, lack a median, or physics forbids that they add up.
    """
    members, matrix = members_of(parts), constraints(parts)
    wide = [_wide(forecasts[member]) for member in members]
    _require_alike(members, wide, forecasts)
    medians = np.column_stack([one[0.5].to_numpy(float) for one in wide])
    low = np.array([_low(member) for member in members])
    certain = np.column_stack([_certain(one) for one in wide])
    weights = covariance(errors) if errors.enough else np.diag(np.abs(medians).mean(axis=0))
    found = coherent(medians, weights, matrix, low, certain)
    left = np.abs(found @ matrix.T).max(initial=0.0)
    if not left <= EXACT * max(1.0, float(np.abs(found).max(initial=0.0))):
        raise UnreconciledError(f"they stay {left:,.0f} apart: what may be moved of them is too little")
    stamp = _stamp(forecasts, errors, parts)
    moved = dict(zip(members, (found - medians).T, strict=True))
    made = {one: _moved(forecasts[one], moved[one], _low(one), stamp) for one in members}
    by = {one: float(change.mean()) for one, change in moved.items()}
    return Reconciled(made, by, errors.days if errors.enough else 0)


def reconcile_each(
    forecasts: pd.DataFrame, outturns: Mapping[Series, Vintages], parts: Parts, timezone: str
) -> Forecasts:
    """The forecasts of many delivery days, each reconciled by what was known at its own issue time.

    What operation publishes of each day; a day that cannot be reconciled is left out.

    Args:
        forecasts: of all the series, of one model each, one issue time a delivery day.
        outturns: every vintage of each series.
        parts: of the sums.
        timezone: of the delivery days.
    """
    forecasts = forecasts.assign(day=delivery_days(forecasts["valid_time"], timezone).to_numpy())
    forecasts = forecasts.sort_values("day", kind="stable")
    medians, window = forecasts[forecasts["quantile"] == 0.5], pd.Timedelta(days=WINDOW_DAYS)
    made = list[Forecasts]()
    for day in pd.DatetimeIndex(forecasts["day"].unique()):
        today = forecasts.iloc[slice(*forecasts["day"].searchsorted([day, day + pd.Timedelta(days=1)]))]
        named = dict(iter(today.drop(columns="day").groupby(["zone", "quantity"])))
        if not all((one.zone, one.quantity) in named for one in members_of(parts)):
            continue
        by_series = {one: Forecasts(named[one.zone, one.quantity]) for one in members_of(parts)}
        first, end = medians["day"].searchsorted([day - window, day])
        issued = pd.Timestamp(today["issue_time"].iloc[0])
        errors = known_errors(medians.iloc[first:end], outturns, parts, issued, timezone)
        try:
            made += reconcile(by_series, errors, parts).forecasts.values()
        except UnreconciledError:
            continue
    return Forecasts(pd.concat(made, ignore_index=True) if made else FORECASTS.empty())


def _wide(forecasts: Forecasts) -> pd.DataFrame:
    """A column a level, a row a valid time [MW]."""
    return forecasts.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()


def _require_alike(
    members: Sequence[Series], wide: Sequence[pd.DataFrame], forecasts: Mapping[Series, Forecasts]
) -> None:
    """The forecasts are of the same units and the same issue time, and each has a median.

    Raises:
        UnreconciledError: they are not.
    """
    first = forecasts[members[0]].iloc[0]
    for member, one in zip(members, wide, strict=True):
        row = forecasts[member].iloc[0]
        if 0.5 not in one:
            raise UnreconciledError(f"the forecast of {member} has no median")
        if row["mtu"] != first["mtu"]:
            raise UnreconciledError(f"{member} is forecast in units of {row['mtu']}, {members[0]} in {first['mtu']}")
        if row["issue_time"] != first["issue_time"] or not one.index.equals(wide[0].index):
            raise UnreconciledError(
                f"{member} and {members[0]} are not forecast for the same hours as of the same time"
            )


def _low(series: Series) -> float:
    low = quantity_of(series.quantity).low
    return -np.inf if low is None else low


def _certain(wide: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """(H,) where all levels are one value, if there are several."""
    values = wide.to_numpy(float)
    return np.asarray((values == values[:, :1]).all(axis=1) & (values.shape[1] > 1))


def _stamp(forecasts: Mapping[Series, Forecasts], errors: Errors, parts: Parts) -> str:
    """Fingerprint of all that decides what each forecast becomes."""
    ids = [f"{member} {forecast_id(forecasts[member].iloc[0])}" for member in members_of(parts)]
    known = np.ascontiguousarray(errors.off).data if errors.enough else b""
    return digest("\n".join(ids), constraints(parts).data, known)


def _moved(forecasts: Forecasts, moved: Floats, low: float, stamp: str) -> Forecasts:
    """A forecast whose distributions are moved by so much (H,) [MW], by valid time."""
    times = pd.DatetimeIndex(np.sort(forecasts["valid_time"].unique()))
    by = pd.Series(moved, index=times).reindex(forecasts["valid_time"]).to_numpy()
    values = np.where(by == 0.0, forecasts["value_mw"], np.maximum(forecasts["value_mw"] + by, low))
    return Forecasts(forecasts.assign(value_mw=values, data_hash=forecasts["data_hash"] + MARK + stamp))
