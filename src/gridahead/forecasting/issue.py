"""From arrays to forecasts: every row names its model, issue time and rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gridahead.core.runs import DEGRADED, FULL, Rung
from gridahead.core.tables import FORECASTS, Forecasts
from gridahead.core.time import lasting
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles
from gridahead.settings.gates import QualitySettings

LATE_AFTER_HOURS = QualitySettings().late_after_hours
"""Where no settings decide otherwise."""
GAP_SHARE = 0.05
"""A context with more gaps than this has lost most of a day out of two weeks."""
MISSED_SHARE = 0.1
"""A covariate of which a tenth less than usual is known is worth a word: two hours of a day."""


def degradations(
    windows: Windows,
    row: int,
    known_share: Mapping[str, float] | None = None,
    late_after_hours: float = LATE_AFTER_HOURS,
) -> list[str]:
    """What a model misses at one issue time, in words; empty if the inputs are complete.

    Args:
        windows: N issue times.
        row: which of them.
        known_share: that of each input in training, as `Windows.known_share` gives it: a covariate that is
            never there at the issue time is not missed.
        late_after_hours: the age of the newest value of the target that is late [h].
    """
    spec, missing = windows.spec, outturn_missing(windows, row, late_after_hours)
    if np.isinf(hours_old(windows, row)):
        return missing
    if spec.use_official:
        unknown = np.isnan(windows.official_ahead[row]) & windows.delivery[row]
        is_late = (known_share or {}).get(f"{spec.series.official} ahead", 1.0) < MISSED_SHARE
        if unknown.any() and not is_late:
            missing.append(f"official forecast missing for {unknown.sum()} of {windows.delivery[row].sum()} units")
    if known_share:
        reported = {str(spec.series), f"{spec.series.official} ahead"}
        missing += [
            f"{name}: {share:.0%} known, usually {known_share[name]:.0%}"
            for name, share in windows.take(slice(row, row + 1)).known_share().items()
            if name not in reported and share < known_share[name] - MISSED_SHARE
        ]
    return missing


def hours_old(windows: Windows, row: int) -> float:
    """How old the newest value of the target is at one issue time [h]; infinite where the context has none.

    What the context of a price has of the rest of the day is not old where it has not come, but not due yet.
    """
    has_value = np.flatnonzero(~np.isnan(windows.target_past[row]))
    age = _until_issued(windows, row) - 1 - int(has_value[-1]) if len(has_value) else np.inf
    return max(0, age) / windows.spec.mtu.per_hour


def _until_issued(windows: Windows, row: int) -> int:
    """How many units of the context had begun at an issue time: all, but for a price."""
    to_come = (windows.valid_time[row, 0] - windows.issue_time[row]) // windows.spec.mtu.microseconds
    return int(windows.past.shape[1] - max(0, to_come))


def outturn_missing(windows: Windows, row: int, late_after_hours: float = LATE_AFTER_HOURS) -> list[str]:
    """What is missing of the target itself at one issue time, in words; empty if nothing."""
    spec, age = windows.spec, hours_old(windows, row)
    if np.isinf(age):
        return [f"no value of {spec.series} in the {spec.context_days} days before"]
    if age > late_after_hours:
        return [f"newest value of {spec.series} is {lasting(pd.Timedelta(hours=age))} old"]
    begun = windows.target_past[row, : _until_issued(windows, row)]
    if (gaps := float(np.isnan(begun).mean())) > GAP_SHARE:
        return [f"{gaps:.0%} of the last {spec.context_days} days of {spec.series} missing"]
    return []


def issue(
    windows: Windows,
    quantiles: Quantiles,
    levels: tuple[float, ...],
    *,
    run: str,
    model: str,
    version: str,
    made_at: pd.Timestamp,
    known_share: Mapping[str, float] | None = None,
    late_after_hours: float = LATE_AFTER_HOURS,
    rung: Rung | None = None,
    lost: str = "",
    missing: Sequence[str] | None = None,
    data_hash: str | None = None,
    unadapted: Quantiles | None = None,
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
        known_share: that of each input in training, for what is reported as missing.
        late_after_hours: the age of the newest value of the target that is reported as late [h].
        rung: the step of the fallback ladder; full or degraded, by whether something is missing, unless given.
        lost: why a step higher up did not answer, which is reported as missing as well.
        missing: what is missing, in words; what the windows do not hold unless given.
        data_hash: fingerprint of what was read; that of each window unless given.
        unadapted: (N, H, Q) [MW] as the model answered, before adaptation; the same as `quantiles` unless given.
    """
    row, step = np.nonzero(windows.delivery)
    found = range(len(windows))
    words = [degradations(windows, n, known_share, late_after_hours) if missing is None else missing for n in found]
    said = np.array(["; ".join([lost] * bool(lost) + [*of_one]) for of_one in words], dtype=object)
    rungs = np.array([rung or (DEGRADED if of_one else FULL) for of_one in said], dtype=object)
    hashes = np.array([data_hash or windows.data_hash(n) for n in found], dtype=object)
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
            "unadapted_mw": (quantiles if unadapted is None else unadapted)[row, step].astype(np.float64).ravel(),
            "mtu": str(spec.mtu),
            "model_version": version,
            "rung": rungs[row].repeat(count),
            "missing": said[row].repeat(count),
            "data_hash": hashes[row].repeat(count),
            "made_at": made_at,
        }
    )
    return Forecasts(FORECASTS.check(frame))


def _instants(micros: np.ndarray, count: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(micros.repeat(count), unit="us", utc=True))
