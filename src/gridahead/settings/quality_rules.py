"""The rules of the quality gate: what each expects, what follows when it fails, and when a measured figure is too much.

To add a rule, declare it here and write the function that measures it in `quality/measures` or `quality/whole_series`,
under the decorator that names the rule. Settings, limits, Great Expectations, verdicts and pages follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

Severity = Literal["pass", "flag", "quarantine", "block"]
"""What follows from a failed rule: nothing; a mark on the row; the row is withheld; the whole delivery is withheld."""

Grain = Literal["row", "day", "series"]
"""What fails: a value; a delivery day with all its values; a series, or all that a fault runs through."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the quality gate."""

    name: str
    grain: Grain
    severity: Severity
    """By default; the settings may say otherwise, by rule and by quantity."""
    words: str
    """What is expected; `{limit}` is the limit of the value or day, `{measured}` its figure, `{unit}` the unit."""
    floor: float = 1.0
    """The least limit of the statistic, however calm the history was."""
    learnt: bool = True
    """Whether the limit is learnt from the accepted history, or the floor is the limit."""
    additive: bool = False
    """Whether the statistic is a gain, which may be negative."""
    ahead: int | None = 0
    """How many values after one a rule on values has to see; None where that is the rest of the day."""
    covariates: Severity | None = None
    """For quantities that we know nothing about, such as a temperature, and for prices, if it is another one."""
    prices: Severity | None = None
    """For prices, if it is another than for covariates."""
    installed: Severity = "pass"
    """For installed capacities, which stand still for months and then change at once."""
    explains_all: bool = False
    """Whether everything else that fails in such a series follows from this fault, and is left out."""

    def said(self, unit: str = "", **figures: object) -> str:
        """What is expected and what was found, with the figures that the words ask for; without a unit, no gap."""
        return GAPS.sub("", self.words.format(unit=unit, **figures))

    @property
    def meaning(self) -> str:
        """What is expected of any value, with letters in place of the figures."""
        limit = "at least or at most X" if self.name == "value_physical" else "X"
        said = self.said(limit=limit, measured="Y", forecast="the band", note="some years")
        letters = {"{limit}": "X is its limit", "{measured}": "Y is what was measured"}
        legend = [meant for place, meant in letters.items() if place in self.words]
        return said + (f" ({', '.join(legend)})" if legend else "")


GAPS = re.compile(" +(?=[ ;,]|$)")
"""What a figure without a unit leaves behind it."""


RULES: tuple[Rule, ...] = (
    Rule(
        "value_physical",
        "row",
        "quarantine",
        "a value is {limit} {unit}; it is {measured} {unit}",
        learnt=False,
        installed="quarantine",
    ),
    Rule(
        "off_the_grid",
        "row",
        "quarantine",
        "a value starts where a market time unit does; it is {measured} minutes off",
        learnt=False,
        installed="quarantine",
    ),
    Rule(
        "in_the_future",
        "row",
        "quarantine",
        "a measured value begins before it is looked at; it begins {measured} after",
        learnt=False,
        installed="quarantine",
    ),
    Rule(
        "value_near_history",
        "row",
        "quarantine",
        "a value lies at most {limit} {unit} outside the bulk of its history; it lies {measured} {unit} outside",
        learnt=False,
        covariates="flag",
    ),
    Rule(
        "above_capacity",
        "row",
        "quarantine",
        "output is at most {limit} {unit}, which leaves room for new plant; it is {measured} {unit}",
        learnt=False,
    ),
    Rule(
        "sun_at_night",
        "row",
        "quarantine",
        "at night solar power is at most {limit} {unit}; it is {measured} {unit}",
    ),
    Rule(
        "false_zero",
        "row",
        "quarantine",
        "zeros at this time of the day last {limit} h at most; they last {measured} h",
        floor=4.5,
        ahead=None,
    ),
    Rule(
        "flat",
        "row",
        "quarantine",
        "a value stands still for {limit} h at most at this time of the day; it does for {measured} h",
        floor=10.0,
        ahead=None,
        covariates="flag",
    ),
    Rule(
        "interpolated",
        "row",
        "flag",
        "values lie on a straight line for {limit} h at most; they do for {measured} h",
        floor=10.0,
        ahead=None,
    ),
    Rule(
        "spike",
        "row",
        "quarantine",
        "a few values stand out from those before and after by at most {limit} {unit}; they do by {measured} {unit}",
        floor=8.0,
        covariates="flag",
        ahead=4,
    ),
    Rule(
        "ramp",
        "row",
        "flag",
        "a value differs from the one before by at most {limit} {unit} beyond the usual course of the day; it "
        "does by {measured} {unit}",
        floor=6.0,
    ),
    Rule(
        "sum",
        "row",
        "flag",
        "a sum and its parts differ by at most {limit} {unit}; they do by {measured} {unit}",
    ),
    Rule(
        "outside_served_band",
        "row",
        "flag",
        "an outturn lies outside the band that was served for {limit} h at most; it does for {measured} h, here "
        "outside {forecast}",
        learnt=False,
    ),
    Rule(
        "delivery_day_complete",
        "day",
        "flag",
        "a delivery day has every market time unit of its 23, 24 or 25 hours; {measured} of {limit} are there",
        learnt=False,
    ),
    Rule(
        "still_day",
        "day",
        "quarantine",
        "the value stands still for {limit} whole days at most; it does for {measured}",
        floor=0.5,
        covariates="flag",
    ),
    Rule(
        "rough_day",
        "day",
        "flag",
        "a day is at most {limit} times as restless as those around; it is {measured} times",
        floor=2.0,
    ),
    Rule(
        "day_misfit",
        "day",
        "flag",
        "a day differs from those around by {limit} {unit} at most on average; it does by {measured} {unit}",
        floor=3.0,
    ),
    Rule(
        "official_misfit",
        "day",
        "flag",
        "outturn and official forecast of a day differ by {limit} {unit} at most on average; they do by "
        "{measured} {unit}",
        floor=3.0,
    ),
    Rule(
        "level_shift",
        "day",
        "flag",
        "the level changes from one week to the next by {limit} {unit} at most; it does by {measured} {unit}",
    ),
    Rule(
        "day_out_of_place",
        "day",
        "flag",
        "a day fits where it stands, with a misfit of {limit} at most; it has {measured}",
        floor=3.0,
    ),
    Rule(
        "day_and_month_swapped",
        "day",
        "quarantine",
        "a day fits its date better than the one with day and month exchanged; there it gains {measured}, more "
        "than {limit}",
        floor=4.0,
        additive=True,
    ),
    Rule(
        "days_exchanged",
        "day",
        "quarantine",
        "two days in a row fit better as they are than exchanged; exchanged they gain {measured}, more than {limit}",
        floor=8.0,
        covariates="flag",
        additive=True,
    ),
    Rule(
        "shifted_hour",
        "day",
        "quarantine",
        "a day fits better as it is than an hour earlier or later; moved it gains {measured}, more than {limit}",
        floor=2.0,
        covariates="flag",
        additive=True,
    ),
    Rule(
        "day_reversed",
        "day",
        "quarantine",
        "a day fits better as it is than backwards; turned it gains {measured}, more than {limit}",
        floor=8.0,
        covariates="flag",
        additive=True,
    ),
    Rule(
        "halves_exchanged",
        "day",
        "quarantine",
        "a day fits better as it is than with morning and afternoon exchanged; exchanged it gains {measured}, "
        "more than {limit}",
        floor=8.0,
        covariates="flag",
        additive=True,
    ),
    Rule(
        "sign_flipped",
        "day",
        "quarantine",
        "a day fits better as it is than with the other sign; turned it gains {measured}, more than {limit}",
        floor=6.0,
        additive=True,
        prices="flag",
    ),
    Rule(
        "scaled",
        "day",
        "quarantine",
        "a day fits better in its unit than multiplied or divided by 2, 4, 10, 100 or 1000; scaled it gains "
        "{measured}, more than {limit}",
        floor=9.0,
        covariates="flag",
        additive=True,
    ),
    Rule(
        "out_of_proportion",
        "day",
        "quarantine",
        "the mean of a day differs from that of its official forecast, or of the days around, by at most {limit} "
        "doublings; it does by {measured}",
        floor=0.3,
    ),
    Rule(
        "repeated_day",
        "day",
        "quarantine",
        "a day repeats at most a share of {limit} of an earlier one; it repeats {measured}",
        floor=40.0,
        prices="flag",
    ),
    Rule(
        "forecast_is_outturn",
        "day",
        "quarantine",
        "an official forecast is at most {limit} times as close to the outturn as usual; it is {measured} times",
        floor=20.0,
    ),
    Rule(
        "outturn_is_forecast",
        "day",
        "flag",
        "an outturn is at most {limit} times as close to its official forecast as usual; it is {measured} times",
        floor=20.0,
    ),
    Rule(
        "dates_exchanged",
        "series",
        "quarantine",
        "of the dates of {note} with a day of 12 or less at most {limit} fit better with day and month exchanged; "
        "{measured} do: set day_month_exchanged = true for its file (for some years or columns a list such as "
        '[2021, "Load"]) and read it again',
        learnt=False,
        explains_all=True,
    ),
    Rule(
        "hours_off",
        "series",
        "flag",
        "a series stands at its hours; in {note}. As it stands its misfit is {measured} times what it is there, more "
        "than {limit}. A column that is wrong beside right ones has to be corrected in the file",
        learnt=False,
    ),
    Rule(
        "weeks_repeated",
        "series",
        "quarantine",
        "at most {limit} days in a row have the values of other days; up to {measured} have: the days from {note}. "
        "Correct them in the file, or leave them out, and read it again",
        learnt=False,
        covariates="flag",
    ),
    Rule(
        "unit_of_years",
        "series",
        "quarantine",
        "values have one unit in all years; those of {note} as in the others. Set `unit` for the file of those years, "
        "or correct them in a file that holds other years as well",
        learnt=False,
        covariates="flag",
    ),
    Rule(
        "unit_of_counterpart",
        "series",
        "flag",
        "an outturn has the unit of its official forecast; its values of {note} as there. Set `unit` for its file, or "
        "`official_unit` for an official forecast in the same file",
        learnt=False,
    ),
    Rule(
        "forecast_far_off",
        "series",
        "flag",
        "an official forecast is nearer to its outturn than the same hour of two days or of a week before; it is not "
        "in {note}, where its error is up to {measured} times theirs, more than {limit}. Look whether its column, its "
        "unit and its zone are right; if they are, models learn what it is worth, and `official_corrected` is without "
        "what lasts of its error",
        learnt=False,
    ),
    Rule(
        "forecast_is_old_outturn",
        "series",
        "flag",
        "an official forecast says more than the outturn of days before; in {note} a share of up to {measured} of its "
        "values is that outturn, more than {limit}. Look whether its column is right; if it is, it says nothing that "
        "models do not know, and `official_column` can be left out",
        learnt=False,
    ),
    Rule("stale", "series", "flag", "the newest value is at most {limit} old; it is {measured} old", learnt=False),
)

RULE_BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}

if TYPE_CHECKING:
    RuleName = str
else:
    # The settings check the names that a file gives, and the reference page lists them.
    RuleName = Literal[tuple(RULE_BY_NAME)]
