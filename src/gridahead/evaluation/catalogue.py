"""Every metric, declared once: what it is called, how it is calculated, which way is better, and where it is shown.

Scores, slices, tables of the command line, the report and the model card go through this list. A new metric is one
entry here and its pure function in `metrics` or `shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gridahead.core.runs import NAIVE, OFFICIAL, OFFICIAL_CORRECTED, Reference
from gridahead.evaluation import metrics, shape
from gridahead.evaluation.sample import LOWER, POINT, UPPER, Basis, Sample

Unit = Literal["MW", "h", "1"]
Better = Literal["low", "high", "near", "neither"]
"""Which of two values is better; `near`: the one that is nearer to the target."""
Place = Literal["page", "narrow", "slices", "narrow_slices", "card"]
"""The report's score table; the scores and the slices on the command line, `narrow`: on 80 columns; the list of further
figures of a model card. Whatever is stored is in the JSON of a command."""
EVERYWHERE: frozenset[Place] = frozenset({"page", "slices", "card"})
NARROW: frozenset[Place] = frozenset({"page", "narrow", "slices", "narrow_slices"})
PERCENTAGE_OF_EACH = frozenset({"load"})
"""Quantities that are never near zero, so that the mean of percentages means something; for others it explodes."""
NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What a figure means and how it is shown."""

    name: str
    title: str
    """In full, on a model card."""
    heading: str = ""
    """Above a column of the report; the title unless given."""
    short: str = ""
    """Above a column on 80 characters; the name unless given."""
    unit: Unit = "MW"
    percent: bool = False
    """Whether it is shown in percent; else a figure without a unit is a ratio."""
    digits: int = 1
    """Behind the decimal point of a percentage in the report."""
    better: Better = "low"
    target: float = 0.0
    """Of `near`."""
    shown: frozenset[Place] = EVERYWHERE

    def distance(self, values: Any) -> Any:
        """How far values are from the ideal, the smallest is best; None where neither way is better."""
        if self.better == "neither":
            return None
        return values if self.better == "low" else -values if self.better == "high" else abs(values - self.target)


@dataclass(frozen=True, kw_only=True)
class Metric(Figure):
    """A figure that measures the forecasts of one model."""

    of: Callable[[Sample], float]
    """NaN where it has no meaning."""
    basis: Basis = "units"
    needs: tuple[float, ...] = ()
    """Quantile levels without which there is none."""
    by_lead: bool = False
    """Whether it is stored for every hour of lead time too."""
    stored: bool = True
    """Whether it is a row of SCORES; else it is calculated for slices only."""


@dataclass(frozen=True, kw_only=True)
class Skill(Figure):
    """What share of a reference's MAE a model saves."""

    reference: Reference


def _percentage(sample: Sample, *, of_each: bool) -> float:
    if (sample.quantity in PERCENTAGE_OF_EACH) != of_each:
        return NAN
    return (metrics.mape if of_each else metrics.wape)(sample.point, sample.outturn)


def _known_mean(values: Any) -> float:
    """The mean of what is known; NaN where nothing is."""
    return float(np.nanmean(values)) if np.isfinite(values).any() else NAN


def _jump_share(units: Sample) -> float:
    error = metrics.mae(units.point, units.outturn)
    return metrics.jump(units.point, units.at(POINT, before=True)) / error if error > 0 else NAN


INTERVAL = (LOWER, UPPER)
METRICS = (
    Metric(
        name="mae", title="MAE", of=lambda sample: metrics.mae(sample.point, sample.outturn), by_lead=True, shown=NARROW
    ),
    Metric(name="rmse", title="RMSE", of=lambda sample: metrics.rmse(sample.point, sample.outturn)),
    Metric(
        name="mape",
        title="MAPE",
        of=lambda sample: _percentage(sample, of_each=True),
        unit="1",
        percent=True,
        shown=NARROW | {"card"},
    ),
    Metric(
        name="wape",
        title="WAPE",
        of=lambda sample: _percentage(sample, of_each=False),
        unit="1",
        percent=True,
        shown=NARROW | {"card"},
    ),
    Metric(
        name="mase",
        title="MASE (1 is last week's same hour before these days)",
        of=lambda sample: metrics.mase(sample.point, sample.outturn, sample.scale),
        unit="1",
        stored=False,
        shown=frozenset({"slices", "card"}),
    ),
    Metric(
        name="bias",
        title="Bias",
        of=lambda sample: metrics.bias(sample.point, sample.outturn),
        better="near",
        shown=frozenset({"page", "slices"}),
    ),
    Metric(
        name="pinball",
        title="Pinball loss",
        heading="Pinball",
        of=lambda sample: metrics.pinball(sample.quantiles, sample.levels, sample.outturn),
        basis="quantiles",
        by_lead=True,
        shown=frozenset({"page", "narrow", "card"}),
    ),
    Metric(
        name="crps",
        title="CRPS",
        of=lambda sample: metrics.crps(sample.quantiles, sample.levels, sample.outturn),
        basis="quantiles",
        stored=False,
        shown=frozenset({"slices", "narrow_slices"}),
    ),
    Metric(
        name="coverage_80",
        title="Outturns in the 80 % band",
        heading="In 80\N{NARROW NO-BREAK SPACE}% band",
        short="in 80 %",
        of=lambda sample: metrics.coverage(sample.at(LOWER), sample.at(UPPER), sample.outturn),
        basis="quantiles",
        needs=INTERVAL,
        unit="1",
        percent=True,
        digits=0,
        better="near",
        target=0.8,
        by_lead=True,
        shown=NARROW,
    ),
    Metric(
        name="below_median",
        title="Outturns below the median",
        of=lambda sample: sample.below[sample.levels.index(0.5)],
        basis="quantiles",
        needs=INTERVAL,
        unit="1",
        percent=True,
        better="near",
        target=0.5,
        shown=frozenset(),
    ),
    Metric(
        name="furthest_level",
        title="Distance of the share below a level from the level, for the worst of them",
        of=lambda sample: np.abs(sample.below - np.array(sample.levels)).max(),
        basis="quantiles",
        needs=INTERVAL,
        unit="1",
        percent=True,
        shown=frozenset(),
    ),
    Metric(
        name="width_80",
        title="Width of the 80 % band",
        heading="Band width",
        of=lambda sample: metrics.width(sample.at(LOWER), sample.at(UPPER)),
        basis="quantiles",
        needs=INTERVAL,
        better="neither",  # a narrow band is no merit in itself
        shown=frozenset({"page", "card"}),
    ),
    Metric(
        name="interval_score_80",
        title="Interval score of that band",
        of=lambda sample: metrics.interval_score(sample.at(LOWER), sample.at(UPPER), sample.outturn, UPPER - LOWER),
        basis="quantiles",
        needs=INTERVAL,
        stored=False,
        shown=frozenset({"card"}),
    ),
    Metric(
        name="peak_hour_error",
        title="Error at the hour of the day's peak",
        of=lambda days: shape.peak_hour_error(days.point, days.outturn),
        basis="days",
        stored=False,
        shown=frozenset({"card"}),
    ),
    Metric(
        name="daily_peak_error",
        title="Error of the day's highest value",
        of=lambda days: shape.daily_peak_error(days.point, days.outturn),
        basis="days",
        stored=False,
        shown=frozenset({"card"}),
    ),
    Metric(
        name="daily_peak_delay",
        title="Distance of the day's peak",
        of=lambda days: shape.daily_peak_delay(days.point, days.outturn) / days.mtu.per_hour,
        basis="days",
        unit="h",
        stored=False,
        shown=frozenset({"card"}),
    ),
    Metric(
        name="ramp_error",
        title="Error of the change from hour to hour",
        of=lambda days: shape.ramp_error(days.point, days.outturn, days.mtu.per_hour),
        basis="days",
        stored=False,
        shown=frozenset({"card"}),
    ),
    Metric(
        name="energy_score",
        title="Energy score of the paths of a day",
        of=lambda days: _known_mean(days.energy_score),
        basis="days",
        stored=False,
        shown=frozenset({"slices"}),
    ),
    Metric(
        name="variogram_score",
        title="Variogram score of the paths of a day",
        of=lambda days: _known_mean(days.variogram_score),
        basis="days",
        stored=False,
        shown=frozenset({"slices"}),
    ),
    Metric(
        name="jump",
        title="Change of the median from one issue to the next",
        of=lambda units: metrics.jump(units.point, units.at(POINT, before=True)),
        basis="revised",
        needs=(POINT,),
        stored=False,
        shown=frozenset({"slices"}),
    ),
    Metric(
        name="jump_80",
        title="Change of the bounds of the 80 % band from one issue to the next",
        of=lambda units: _known_mean(
            np.array([metrics.jump(units.at(bound), units.at(bound, before=True)) for bound in INTERVAL])
        ),
        basis="revised",
        needs=INTERVAL,
        stored=False,
        shown=frozenset(),
    ),
    Metric(
        name="jump_share",
        title="Change of the median from one issue to the next, over the MAE of the later one",
        of=lambda units: _jump_share(units),
        basis="revised",
        needs=(POINT,),
        unit="1",
        stored=False,
        shown=frozenset({"slices"}),
    ),
)


def _skill(reference: Reference, title: str, heading: str, short: str, shown: frozenset[Place]) -> Skill:
    return Skill(
        name=f"skill_{reference}",
        title=title,
        heading=heading,
        short=short,
        unit="1",
        percent=True,
        digits=0,
        better="high",
        shown=shown | {"slices", "card"},
        reference=reference,
    )


SKILLS = (
    _skill(OFFICIAL, "Skill against official", "Skill", "skill", NARROW),
    _skill(
        OFFICIAL_CORRECTED,
        "Skill against official, corrected",
        "Skill, corrected",
        "skill corr.",
        frozenset({"page", "narrow"}),
    ),
    _skill(NAIVE, "Skill against naive", "Skill, naive", "skill naive", frozenset()),
)
"""Those on the page are columns of every table of scores."""
FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in (*METRICS, *SKILLS)}
"""All of them by name, in the order in which tables have them."""
STORED = tuple(metric for metric in METRICS if metric.stored)
POWERS = frozenset(name for name, figure in FIGURES.items() if figure.unit == "MW")
"""What is shown in the unit of the series."""


def shown_in(place: Place) -> Mapping[str, Figure]:
    """What a place shows, by name and in order."""
    return {name: figure for name, figure in FIGURES.items() if place in figure.shown}


def values_of(chosen: Iterable[Metric], samples: Mapping[Basis, Sample]) -> Iterator[tuple[Metric, float, Sample]]:
    """Of each of these metrics that has a meaning there: its value, and what it was calculated from."""
    for metric in chosen:
        sample = samples.get(metric.basis)
        if sample is None or not len(sample) or not set(metric.needs) <= set(sample.levels):
            continue
        value = float(metric.of(sample))
        if not np.isnan(value):  # where no interval has any width, as in a unit that is always night, is no coverage
            yield metric, value, sample
