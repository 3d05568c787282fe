"""The trial of a challenger: whether it takes the champion's place, from daily losses alone, and what decides that.

It does if it is better by a margin and by more than luck, calibrated, and nowhere worse than the
references. A champion that was merely trained again has less to show, `sane`, if training again was tested once as a
procedure, `not_inferior`. All losses are of the same days, which neither model has learnt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import ContractError
from gridahead.core.runs import CHALLENGER, CHAMPION, REFERENCES
from gridahead.evaluation.bootstrap import bootstrap_ratio
from gridahead.evaluation.significance import Comparison, steady_comparison
from gridahead.promotion.sequential import block_means, days_to_see, e_process
from gridahead.promotion.trial_findings import (
    Calibrated,
    Improvement,
    Luck,
    NotCompared,
    NotWorseThanReference,
    ProcedureRatio,
    RefreshRatio,
    ShortProcedure,
    TooFewDays,
    TrialFinding,
    TrialOutcome,
    Uncalibrated,
    UnknownCalibration,
    WorseThanReference,
)
from gridahead.settings.gates import PromotionSettings

Floats = npt.NDArray[np.float64]
GAINS = (0.02, 0.05, 0.1)
"""True improvements for which the number of days is given after which they would show."""
PROCEDURE_MONTHS = 18
"""A back-test of training again is of one winter at least, and of a summer and a half."""
KNOWN_SHARE = 0.9
"""Of the days of that back-test; one with more gaps is of the days that happened to be there."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The outcome of a trial, what decided it, and the figures behind it."""

    outcome: TrialOutcome
    findings: tuple[TrialFinding, ...]
    """All obstacles, or what speaks for it; what decided comes first."""
    figures: Mapping[str, float]
    """days, improvement and the bounds of its 95 % interval, candidates, e_value and e_needed, p_megawatts (one-sided),
    days_to_see_2, _5 and _10, coverage_80; ratio/REFERENCE/SLICE for all that was compared. What cannot be said is
    missing."""


def trial_days(losses: pd.DataFrame, champion: str, challenger: str, *, loss: str = "crps") -> pd.DataFrame:
    """The days for `decide` and `sane`, a row each, from what `daily.daily_losses` gives.

    Args:
        losses: a row a model and day.
        champion: its name there.
        challenger: its name there.
        loss: which column of losses counts.

    Returns:
        By day: champion, challenger and every reference [MW], NaN where one is not there; inside: of the challenger's
        interval; season; holiday.

    Raises:
        ContractError: one of the two has no losses.
    """
    names: dict[str, str] = {champion: CHAMPION, challenger: CHALLENGER} | {name: name for name in REFERENCES}
    if absent := {champion, challenger} - set(losses["model"]):
        raise ContractError("losses", [f"model {name} has none" for name in sorted(absent)])
    days = losses.pivot_table(index="day", columns="model", values=loss).reindex(columns=list(names))
    about = losses[losses["model"] == challenger].set_index("day")
    kinds = {"inside": about["inside"], "season": about["season"], "holiday": about["day_kind"] == "holiday"}
    return days.rename(columns=names).assign(**kinds)


def decide(days: pd.DataFrame, settings: PromotionSettings, candidates: int = 1) -> TrialResult:
    """Whether the challenger is promoted, the champion kept, or the period too short to tell.

    It may be asked again every day. The improvement is 1 − mean loss of the challenger / mean loss of the champion. It
    has to be at least the margin, and more than luck twice: by the e-value of `sequential.e_process` in relative
    differences (champion − challenger) / mean of the two, where all days count alike and one terrible day cannot
    decide; and at twice `alpha` in megawatts, by `steady_comparison`, so that a challenger that is slightly better on
    most days and terrible on some does not pass.

    Args:
        days: by day, in the order of time, with `champion`, `challenger` and every reference that there is [MW] (NaN on
            days without it), `inside`: share of the challenger's outturns in its 80 % interval, `season`, `holiday`; as
            `gate_days` gives them. Days that either model lacks are left out.
        settings: what has to be shown.
        candidates: how many the challenger was the best of; the best of many looks better than it is, so the e-value
            has to be as many times larger.
    """
    common = days.dropna(subset=[CHAMPION, CHALLENGER])
    figures: dict[str, float] = {"days": float(len(common)), "candidates": float(candidates)}
    if len(common) < settings.min_days:
        return TrialResult("too_short", (TooFewDays(len(common), settings.min_days),), figures)
    obstacles = [
        *_uncalibrated(common, settings, figures, settings.min_days),
        *_worse_than_references(common, settings, figures),
    ]
    improvement = _improvement(common, settings, candidates, figures)
    if obstacles:
        return TrialResult("keep", (improvement, *obstacles), figures)
    return TrialResult(improvement.outcome, (improvement, *_in_favour(figures)), figures)


def promotable(days: pd.DataFrame, settings: PromotionSettings, candidates: int = 1) -> bool:
    """Whether `decide` promotes, without its findings and intervals: for those who ask about thousands of periods.

    Args:
        days: as for `decide`.
        settings: as for `decide`.
        candidates: as for `decide`.
    """
    common, figures = days.dropna(subset=[CHAMPION, CHALLENGER]), dict[str, float]()
    return (
        len(common) >= settings.min_days
        and 1 - common[CHALLENGER].mean() / common[CHAMPION].mean() >= settings.margin
        and _luck(common, settings, candidates, figures).excluded
        and not any(_uncalibrated(common, settings, figures, settings.min_days))
        and not any(_worse_than_references(common, settings, figures))
    )


def sane(days: pd.DataFrame, settings: PromotionSettings) -> TrialResult:
    """Whether a champion that was trained again on newer data may take over: nothing must have gone wrong.

    On the newest `refresh_days` its loss is at most `refresh_ratio` times the champion's, and its interval is as
    calibrated as `decide` asks for. That it is better need not be shown.

    Args:
        days: as for `decide`.
        settings: what has to be shown.
    """
    common = days.dropna(subset=[CHAMPION, CHALLENGER]).tail(settings.refresh_days)
    figures: dict[str, float] = {"days": float(len(common))}
    if len(common) < settings.refresh_days:
        return TrialResult("too_short", (TooFewDays(len(common), settings.refresh_days),), figures)
    ratio = figures["ratio/champion"] = float(common[CHALLENGER].mean() / common[CHAMPION].mean())
    obstacles = list(_uncalibrated(common, settings, figures, settings.refresh_days))
    compared = RefreshRatio(ratio, settings.refresh_ratio, len(common))
    if obstacles or not compared.allowed:
        return TrialResult("keep", (compared, *obstacles), figures)
    return TrialResult("promote", (compared, Calibrated(figures["coverage_80"])), figures)


def not_inferior(retrained: pd.Series, kept: pd.Series, settings: PromotionSettings) -> TrialResult:
    """Whether training again is a procedure that can be trusted: at most the margin worse, by more than luck.

    Args:
        retrained: by day, the loss of models that were trained again and again [MW].
        kept: of a model that was not, on days that it had not learnt [MW].
        settings: `margin` and `alpha`.

    Returns:
        `promote` if it is shown, `keep` if it is not, `too_short` where the days in common are of less than 18 months.
    """
    days = pd.DataFrame({"retrained": retrained, "kept": kept}).dropna().sort_index()
    figures: dict[str, float] = {"days": float(len(days))}
    if days.empty or not _long_enough(pd.DatetimeIndex(days.index)):
        first, last = (days.index[0].date(), days.index[-1].date()) if len(days) else (None, None)
        return TrialResult("too_short", (ShortProcedure(len(days), first, last, PROCEDURE_MONTHS),), figures)
    ratio = bootstrap_ratio(days["retrained"], days["kept"])
    figures |= {"ratio": ratio.value, "ratio_low": ratio.low, "ratio_high": ratio.high}
    p = figures["p"] = steady_comparison(days["retrained"], days["kept"] * (1 + settings.margin)).p_better
    surely = ratio.value <= 1 + settings.margin if np.isnan(p) else p < settings.alpha
    compared = ProcedureRatio(
        ratio=ratio.value,
        low=ratio.low,
        high=ratio.high,
        days=len(days),
        limit=1 + settings.margin,
        shown=surely,
        p=p,
        alpha=settings.alpha,
    )
    return TrialResult("promote" if surely else "keep", (compared,), figures)


def _long_enough(days: pd.DatetimeIndex) -> bool:
    begin, end = days[0], days[-1] + pd.Timedelta(days=1)
    return bool(end >= begin + pd.DateOffset(months=PROCEDURE_MONTHS) and len(days) >= KNOWN_SHARE * (end - begin).days)


def relative_differences(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """First minus second over the mean of the two, day by day, (N,) between −2 and 2 [1]; 0 where both are 0."""
    ours, theirs = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    total = ours + theirs
    differences: Floats = 2 * (ours - theirs) / np.where(total == 0, 1.0, total)
    return differences


def _improvement(
    days: pd.DataFrame, settings: PromotionSettings, candidates: int, figures: dict[str, float]
) -> Improvement:
    """How much better the challenger is than the champion, and whether that is enough."""
    ratio = bootstrap_ratio(days[CHALLENGER], days[CHAMPION])
    improvement, low, high = 1 - ratio.value, 1 - ratio.high, 1 - ratio.low
    figures |= {"improvement": improvement, "improvement_low": low, "improvement_high": high}
    luck = _luck(days, settings, candidates, figures)
    _without_nan(figures)
    outcome: TrialOutcome = "too_short"
    if not improvement >= settings.margin:
        outcome = "keep"
    elif luck.excluded:
        outcome = "promote"
    seen = {gain: figures.get(f"days_to_see_{100 * gain:g}", np.inf) for gain in GAINS}
    days_to_see = tuple((gain, needed) for gain, needed in seen.items() if np.isfinite(needed))
    return Improvement(outcome, improvement, low, high, len(days), settings.margin, luck, days_to_see)


def _luck(days: pd.DataFrame, settings: PromotionSettings, candidates: int, figures: dict[str, float]) -> Luck:
    """How surely the improvement is more than luck explains, in relative differences and in megawatts."""
    relative = relative_differences(days[CHAMPION], days[CHALLENGER])
    blocks = block_means(pd.Series(relative, index=days.index))
    value, needed = float(e_process(blocks)[-1]) if len(blocks) else 1.0, candidates / settings.alpha_ever
    p = steady_comparison(days[CHALLENGER], days[CHAMPION]).p_better
    figures |= {"e_value": value, "e_needed": needed, "p_megawatts": p}
    figures |= {f"days_to_see_{100 * gain:g}": days_to_see(blocks, gain, needed) for gain in GAINS}
    return Luck(value, needed, candidates, p, 2 * settings.alpha)


def _relative(first: npt.ArrayLike, second: npt.ArrayLike) -> Comparison:
    difference = relative_differences(first, second)
    return steady_comparison(difference, np.zeros(len(difference)))


def _uncalibrated(
    days: pd.DataFrame, settings: PromotionSettings, figures: dict[str, float], at_least: int
) -> Iterator[Uncalibrated | UnknownCalibration]:
    """What is wrong with the challenger's interval, if anything is."""
    inside, (low, high) = days["inside"].dropna(), settings.coverage_band
    if len(inside) < at_least:
        yield UnknownCalibration(len(inside))
        return
    share = figures["coverage_80"] = float(inside.mean())
    bound = low if share < low else high
    if low <= share <= high or not steady_comparison(inside, np.full(len(inside), bound)).p / 2 < settings.alpha:
        return
    yield Uncalibrated(share, low, high)


def _worse_than_references(
    days: pd.DataFrame, settings: PromotionSettings, figures: dict[str, float]
) -> Iterator[WorseThanReference]:
    """Where the challenger is worse than a reference."""
    for reference in REFERENCES:
        if reference not in days:
            continue
        compared = days[days[reference].notna()]
        own_losses, reference_losses = (compared[name].to_numpy(dtype=float) for name in (CHALLENGER, reference))
        for name, part in _slices(compared, settings):
            ratio = float(own_losses[part].mean() / reference_losses[part].mean())
            figures[f"ratio/{reference}/{name}"] = ratio
            beyond_luck = bool(_relative(reference_losses[part], own_losses[part]).p_better < settings.alpha)
            if ratio > 1 + settings.tolerance or (ratio > 1 and beyond_luck):
                yield WorseThanReference(reference, name, ratio - 1, int(part.sum()), beyond_luck)


def _slices(days: pd.DataFrame, settings: PromotionSettings) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """All days, every season and the holidays, where there are enough days to speak of; by name, (N,) which days."""
    seasons, holidays = days["season"].to_numpy(dtype=str), days["holiday"].to_numpy(dtype=bool)
    if len(days) >= settings.min_days:
        yield "all", np.ones(len(days), bool)
    for name in dict.fromkeys(seasons):
        if (seasons == name).sum() >= settings.min_season_days:
            yield str(name), seasons == name
    if holidays.sum() >= settings.min_holidays:
        yield "holidays", holidays


def _in_favour(figures: Mapping[str, float]) -> Iterator[Calibrated | NotWorseThanReference | NotCompared]:
    """What was looked at besides, and found in order."""
    yield Calibrated(figures["coverage_80"])
    for reference in REFERENCES:
        prefix = f"ratio/{reference}/"
        compared = {name.removeprefix(prefix): ratio for name, ratio in figures.items() if name.startswith(prefix)}
        if compared:
            worst = max(compared, key=lambda name: compared[name])
            yield NotWorseThanReference(reference, tuple(compared), worst, compared[worst])
        else:
            yield NotCompared(reference)


def _without_nan(figures: dict[str, float]) -> None:
    for name in [name for name, value in figures.items() if not np.isfinite(value)]:
        del figures[name]
