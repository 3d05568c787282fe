"""From arrays to forecasts: every row tells its own story."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles
from gridahead.tables import FORECASTS, Forecasts
from gridahead.timeline import lasting

FULL = "full"
STALE_HOURS = 6
"""Actual values come about an hour late; six hours late, the forecast begins to suffer."""
GAP_SHARE = 0.05
"""A context with more gaps than this has lost most of a day out of two weeks."""


MISSED_SHARE = 0.1
"""A covariate of which a tenth less than usual is known is worth a word: two hours of a day."""


def degradations(windows: Windows, row: int, usual: Mapping[str, float] | None = None) -> list[str]:
    """What a model misses at one issue time, in words; empty if the inputs are complete.

    Args:
        windows: N issue times.
        row: which of them.
        usual: share of each input that was known in training, as `Windows.known_shares` gives it: a covariate that is
            never there at the issue time is not missed.
    """
    spec, found = windows.spec, []
    seen = ~np.isnan(windows.past[row, :, 0])
    if not seen.any():
        return [f"no value of {spec.series} in the {spec.context_days} days before"]
    hours_old = (len(seen) - 1 - int(np.flatnonzero(seen)[-1])) / spec.mtu.per_hour
    if hours_old > STALE_HOURS:
        found.append(f"newest value of {spec.series} is {lasting(pd.Timedelta(hours=hours_old))} old")
    elif (missing := 1 - seen.mean()) > GAP_SHARE:
        found.append(f"{missing:.0%} of the last {spec.context_days} days of {spec.series} missing")
    if spec.use_reference:
        unknown = np.isnan(windows.future[row, :, 0]) & windows.delivery[row]
        if unknown.any():
            found.append(f"official forecast missing for {unknown.sum()} of {windows.delivery[row].sum()} units")
    if usual:
        told = {str(spec.series), f"{spec.series.reference} ahead"}
        known = windows.where(np.arange(len(windows)) == row).known_shares()
        found += [
            f"{name}: {share:.0%} known, usually {usual[name]:.0%}"
            for name, share in known.items()
            if name not in told and share < usual[name] - MISSED_SHARE
        ]
    return found


def issue(
    windows: Windows,
    quantiles: Quantiles,
    levels: tuple[float, ...],
    *,
    run: str,
    model: str,
    version: str,
    made_at: pd.Timestamp,
    usual: Mapping[str, float] | None = None,
) -> Forecasts:
    """The delivery days of the windows as forecast rows.

    Args:
        windows: N issue times.
        quantiles: (N, H, Q) [MW].
        levels: Q levels.
        run: live, or backtest/<name>.
        model: name of the model.
        version: which one of that name.
        made_at: when it was computed.
        usual: share of each input that was known in training, for what is said about missing ones.
    """
    row, step = np.nonzero(windows.delivery)
    rung = np.array(["; ".join(degradations(windows, n, usual)) or FULL for n in range(len(windows))], dtype=object)
    data_hash = np.array([windows.data_hash(n) for n in range(len(windows))], dtype=object)
    count, spec = len(levels), windows.spec
    frame = pd.DataFrame(
        {
            "run": run,
            "zone": spec.series.zone,
            "quantity": spec.series.quantity,
            "model": model,
            "issue_time": _instants(windows.issue_time[row], count),
            "valid_time": _instants(windows.valid_time[row, step], count),
            "quantile": np.tile(levels, len(row)),
            "value_mw": quantiles[row, step].astype(np.float64).ravel(),
            "mtu": str(spec.mtu),
            "model_version": version,
            "rung": rung[row].repeat(count),
            "data_hash": data_hash[row].repeat(count),
            "made_at": made_at,
        }
    )
    return Forecasts(FORECASTS.check(frame))


def _instants(micros: np.ndarray, count: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(micros.repeat(count), unit="us", utc=True))
