"""Whether a challenger takes the champion's place: a pure decision on daily losses, with its reasons in words.

It does if it is better by a margin and by more than luck, calibrated, and nowhere worse than the official and the naive
forecast. All losses are of the same days, which neither model has learnt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from gridahead.config import PromotionSettings
from gridahead.errors import ContractError, ModelError
from gridahead.scoring.bootstrap import bootstrap_ratio
from gridahead.scoring.evaluate import NAIVE, OFFICIAL
from gridahead.scoring.significance import Comparison, diebold_mariano, steady_comparison

Floats = npt.NDArray[np.float64]
CHAMPION, CHALLENGER = "champion", "challenger"
Verdict = Literal["promote", "keep", "too_short"]
POWER = 0.8
"""Chance to see a true improvement, in what is said about the days that would be needed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, why, and the figures behind it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Sentences: all obstacles, or what speaks for it."""
    figures: Mapping[str, float]
    """days, improvement and the bounds of its 95 % interval, p (one-sided: compare it with `alpha`),
    p_diebold_mariano (two-sided), coverage_80; ratio/REFERENCE/SLICE for all that was compared. What cannot be said is
    missing."""


def gate_days(
    losses: pd.DataFrame, champion: str, challenger: str, *, learnt_until: Mapping[str, dt.date], loss: str = "crps"
) -> pd.DataFrame:
    """The days for `decide`, a row each, from what `daily.daily_losses` gives.

    Args:
        losses: a row a model and day.
        champion: its name there.
        challenger: its name there.
        learnt_until: the last day that each of the two has learnt.
        loss: which column of losses counts.

    Returns:
        By day: champion, challenger, official, naive [MW], the references NaN where they are not there; inside: of the
        challenger's interval; season; holiday.

    Raises:
        ContractError: one of the two has no losses.
        ModelError: one of the two has learnt a day.
    """
    names = {champion: CHAMPION, challenger: CHALLENGER, OFFICIAL: OFFICIAL, NAIVE: NAIVE}
    if absent := {champion, challenger} - set(losses["model"]):
        raise ContractError("losses", [f"model {name} has none" for name in sorted(absent)])
    days = losses.pivot_table(index="day", columns="model", values=loss).reindex(columns=list(names))
    for name in (champion, challenger):
        if (first := days.index.min().date()) <= learnt_until[name]:
            raise ModelError(
                name, f"has learnt until {learnt_until[name]}, so days from {first} cannot judge it; take later ones"
            )
    about = losses[losses["model"] == challenger].set_index("day")
    kinds = {"inside": about["inside"], "season": about["season"], "holiday": about["day_kind"] == "holiday"}
    return days.rename(columns=names).assign(**kinds)


def decide(days: pd.DataFrame, settings: PromotionSettings) -> Decision:
    """Whether the challenger is promoted, the champion kept, or the period too short to tell.

    The improvement is 1 − mean loss of the challenger / mean loss of the champion. It has to be significant twice, by
    `steady_comparison`: at `alpha` in relative differences (challenger − champion) / mean of the two, where all days
    count alike and one terrible day cannot decide, and at twice `alpha` in megawatts, so that a challenger that is
    slightly better on most days and terrible on some does not pass.

    Args:
        days: in the order of time, with `champion`, `challenger`, `official`, `naive` [MW] (a reference NaN where there
            is none), `inside`: share of the challenger's outturns in its 80 % interval, `season`, `holiday`; as
            `gate_days` gives them. Days that either model lacks are left out.
        settings: what has to be shown.
    """
    known = days.dropna(subset=[CHAMPION, CHALLENGER])
    figures: dict[str, float] = {"days": float(len(known))}
    if len(known) < settings.min_days:
        reason = f"period too short to tell: {len(known)} days, at least {settings.min_days} are needed"
        return Decision("too_short", (reason,), figures)
    obstacles = [*_uncalibrated(known, settings, figures), *_worse_than_references(known, settings, figures)]
    verdict, said = _improvement(known, settings, figures)
    if obstacles:
        return Decision("keep", (said, *obstacles), figures)
    return Decision(verdict, (said, *_in_favour(figures)), figures)


def relative_differences(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """First minus second over the mean of the two, day by day, (N,) between −2 and 2 [1]; 0 where both are 0."""
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    total = one + other
    differences: Floats = 2 * (one - other) / np.where(total == 0, 1.0, total)
    return differences


def _improvement(days: pd.DataFrame, settings: PromotionSettings, figures: dict[str, float]) -> tuple[Verdict, str]:
    """Whether the challenger is better than the champion, in words."""
    ratio = bootstrap_ratio(days[CHALLENGER], days[CHAMPION])
    tests = [
        _relative(days[CHALLENGER], days[CHAMPION]),
        steady_comparison(days[CHALLENGER], days[CHAMPION]),
    ]
    p = max(tests[0].p_better, tests[1].p_better / 2)
    improvement, low, high = 1 - ratio.value, 1 - ratio.high, 1 - ratio.low
    figures |= {"improvement": improvement, "improvement_low": low, "improvement_high": high}
    figures |= {"p": p, "p_diebold_mariano": diebold_mariano(days[CHALLENGER], days[CHAMPION]).p}
    _without_nan(figures)
    size, ends = ("larger", (-high, -low)) if improvement < 0 else ("smaller", (low, high))
    said = (
        f"{_percent(abs(improvement))} {size} loss than the champion over {len(days)} days "
        f"(95 % interval {_percent(ends[0])} to {_percent(ends[1])})"
    )
    if not improvement >= settings.margin:
        return "keep", f"not better by the margin of {_percent(settings.margin)}: {said}"
    if p < settings.alpha:
        return "promote", f"better: {said}; luck alone would look like this in {_percent(p)} of cases"
    needed = _days_needed(len(days), max(test.statistic for test in tests), settings.alpha)
    return "too_short", f"period too short to tell: {said}, which luck can explain{needed}"


def _relative(first: npt.ArrayLike, second: npt.ArrayLike) -> Comparison:
    difference = relative_differences(first, second)
    return steady_comparison(difference, np.zeros(len(difference)))


def _days_needed(days: int, statistic: float, alpha: float) -> str:
    """About how many days would tell, if the difference is as large as it seems."""
    if not statistic < 0:  # the mean of relative differences may point the other way, or there is no variance
        return ""
    wanted = stats.norm.ppf(1 - alpha) + stats.norm.ppf(POWER)
    return f"; about {max(days + 1, int(np.ceil(days * (wanted / statistic) ** 2))):,} days would tell"


def _uncalibrated(days: pd.DataFrame, settings: PromotionSettings, figures: dict[str, float]) -> Iterator[str]:
    """What is wrong with the challenger's interval, if anything is."""
    inside, (low, high) = days["inside"].dropna(), settings.coverage_band
    if len(inside) < settings.min_days:
        yield f"its calibration is not known: only {len(inside)} days have an 80 % interval"
        return
    share = figures["coverage_80"] = float(inside.mean())
    bound = low if share < low else high
    if low <= share <= high or not steady_comparison(inside, np.full(len(inside), bound)).p / 2 < settings.alpha:
        return
    yield (
        f"not calibrated: its 80 % interval covers {_percent(share)}, outside {_percent(low)} to {_percent(high)} by "
        "more than luck explains"
    )


def _worse_than_references(days: pd.DataFrame, settings: PromotionSettings, figures: dict[str, float]) -> Iterator[str]:
    """Where the challenger is worse than the official or the naive forecast."""
    for reference in (OFFICIAL, NAIVE):
        known = days[days[reference].notna()]
        ours, theirs = known[CHALLENGER].to_numpy(dtype=float), known[reference].to_numpy(dtype=float)
        for name, part in _slices(known, settings):
            ratio = float(ours[part].mean() / theirs[part].mean())
            figures[f"ratio/{reference}/{name}"] = ratio
            luck = _relative(theirs[part], ours[part]).p_better
            if ratio > 1 + settings.tolerance or (ratio > 1 and luck < settings.alpha):
                by = "more than luck explains" if luck < settings.alpha else "more than is tolerated"
                where = {"all": "altogether", "holidays": "on holidays"}.get(name, f"in {name}")
                yield (
                    f"worse than the {reference} forecast {where}: {_percent(ratio - 1)} larger loss over "
                    f"{int(part.sum())} days, {by}"
                )


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


def _in_favour(figures: Mapping[str, float]) -> Iterator[str]:
    """What was looked at besides, and found in order."""
    yield f"calibrated: its 80 % interval covers {_percent(figures['coverage_80'])}"
    for reference in (OFFICIAL, NAIVE):
        prefix = f"ratio/{reference}/"
        compared = {name.removeprefix(prefix): ratio for name, ratio in figures.items() if name.startswith(prefix)}
        if compared:
            worst = max(compared, key=lambda name: compared[name])
            yield (
                f"not worse than the {reference} forecast in {', '.join(compared)}: at most {compared[worst]:.2f} "
                f"times its loss ({worst})"
            )
        else:
            yield f"not compared with the {reference} forecast: there are too few days of it"


def _without_nan(figures: dict[str, float]) -> None:
    for name in [name for name, value in figures.items() if np.isnan(value)]:
        del figures[name]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
