"""The energy rules of the gate: what is measured, when it is too much, what follows, and how to say it.

To add a rule, write a measure (`measures/`), add a `Rule` here and its name to `config.RuleName`. Whatever it finds
then travels through the limits, Great Expectations, the verdicts and the pages without another line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gridahead.config import QualitySettings, RuleName, Severity
from gridahead.grid import QUANTITIES
from gridahead.quality.measures import agreement, arrangement, bounds, order, repeats, steps, sums
from gridahead.quality.measures.base import Measure
from gridahead.quality.throughout.dates import dates_exchanged
from gridahead.quality.throughout.found import Look
from gridahead.quality.throughout.hours import hours_off
from gridahead.quality.throughout.sizes import unit_of_counterpart, unit_of_years
from gridahead.quality.throughout.weeks import weeks_repeated

CERTAIN = 2.0
"""Times a learnt limit, from which on a value is withheld: the strangest hours of a year pass it by less, faults by
far. A false quarantine costs a model its peaks, a false flag a few hours of training."""

Grain = Literal["row", "day", "series"]
"""What fails: a value; a delivery day with all its values; a series, or all that a fault runs through."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    name: RuleName
    grain: Grain
    severity: Severity
    words: str
    """What is expected; `{limit}` is the limit of the unit or day, `{measured}` what was found, `{unit}` its unit."""
    measure: Measure | None = None
    """None for what is not measured on a curve: see `evidence`."""
    floor: float = 1.0
    """The least limit of the statistic, however calm the history was."""
    learnt: bool = True
    """Whether the limit is learnt, or the floor is the limit."""
    additive: bool = False
    """Whether the statistic is a gain, which may be negative."""
    ahead: int | None = 0
    """How many values after one a rule on values has to see; None where that is the rest of the day."""
    covariates: Severity | None = None
    """For quantities that we know nothing about, such as a price, if it is another one."""
    look: Look | None = None
    """What finds a fault that runs through a whole series; None for other rules."""
    explains_all: bool = False
    """Whether all else that is found of such a series follows from this fault, and is not told."""

    def severity_for(self, quantity: str, settings: QualitySettings, evidence: float = np.inf) -> Severity:
        """What follows for a quantity: by quantity, else by rule, else the default.

        Args:
            quantity: its code.
            settings: severities.
            evidence: how many times the limit was measured. By default only what is certain is withheld.
        """
        by_quantity = settings.quantities.get(quantity, {})
        default = self.covariates if self.covariates and quantity not in QUANTITIES else self.severity
        if self.learnt and default == "quarantine" and evidence < CERTAIN:
            default = "flag"
        return by_quantity.get(self.name, settings.severity.get(self.name, default))


RULES: tuple[Rule, ...] = (
    Rule("value_physical", "row", "quarantine",
         "a value is {limit} {unit}; it is {measured} {unit}", learnt=False),
    Rule("off_the_grid", "row", "quarantine",
         "a value starts where a market time unit does; it is {measured} minutes off", learnt=False),
    Rule("in_the_future", "row", "quarantine",
         "a measured value begins before it is looked at; it begins {measured} after", learnt=False),
    Rule("value_near_history", "row", "quarantine",
         "a value lies at most {limit} {unit} outside the bulk of its history; it lies {measured} {unit} outside",
         bounds.near_history, learnt=False, covariates="flag"),
    Rule("above_capacity", "row", "quarantine",
         "output is at most {limit} {unit}, which leaves room for new plant; it is {measured} {unit}",
         bounds.above_capacity, learnt=False),
    Rule("sun_at_night", "row", "quarantine",
         "at night solar power is at most {limit} {unit}; it is {measured} {unit}", bounds.sun_at_night),
    Rule("false_zero", "row", "quarantine",
         "zeros at this time of the day last {limit} h at most; they last {measured} h", repeats.false_zero, floor=4.5,
         ahead=None),
    Rule("flat", "row", "quarantine",
         "a value stands still for {limit} h at most at this time of the day; it does for {measured} h",
         repeats.flat, floor=10.0, ahead=None, covariates="flag"),
    Rule("interpolated", "row", "flag",
         "values lie on a straight line for {limit} h at most; they do for {measured} h",
         repeats.interpolated, floor=10.0, ahead=None),
    Rule("spike", "row", "quarantine",
         "a few values stand out from those before and after by at most {limit} {unit}; they do by {measured} {unit}",
         steps.spike, floor=steps.SPIKE_FLOOR, covariates="flag", ahead=max(steps.WIDTHS)),
    Rule("ramp", "row", "flag",
         "a value differs from the one before by at most {limit} {unit} beyond the usual course of the day; it "
         "does by {measured} {unit}", steps.ramp, floor=6.0),
    Rule("sum", "row", "flag",
         "a sum and its parts differ by at most {limit} {unit}; they do by {measured} {unit}", sums.sums),
    Rule("outside_served_band", "row", "flag",
         "an outturn lies outside the band that was served for {limit} h at most; it does for {measured} h, here "
         "outside {forecast}", learnt=False),
    Rule("delivery_day_complete", "day", "flag",
         "a delivery day has every market time unit of its 23, 24 or 25 hours; {measured} of {limit} are there",
         learnt=False),
    Rule("still_day", "day", "quarantine",
         "the value stands still for {limit} whole days at most; it does for {measured}", repeats.still_day, floor=0.5,
         covariates="flag"),
    Rule("rough_day", "day", "flag",
         "a day is at most {limit} times as restless as those around; it is {measured} times",
         agreement.rough_day, floor=2.0),
    Rule("day_misfit", "day", "flag",
         "a day differs from those around by {limit} {unit} at most on average; it does by {measured} {unit}",
         agreement.day_misfit, floor=3.0),
    Rule("reference_misfit", "day", "flag",
         "outturn and official forecast of a day differ by {limit} {unit} at most on average; they do by "
         "{measured} {unit}", agreement.reference_misfit, floor=3.0),
    Rule("level_shift", "day", "flag",
         "the level changes from one week to the next by {limit} {unit} at most; it does by {measured} {unit}",
         agreement.level_shift),
    Rule("day_out_of_place", "day", "flag",
         "a day fits where it stands, with a misfit of {limit} at most; it has {measured}",
         order.day_out_of_place, floor=3.0),
    Rule("day_and_month_swapped", "day", "quarantine",
         "a day fits its date better than the one with day and month exchanged; there it gains {measured}, more "
         "than {limit}", order.day_and_month_swapped, floor=4.0, additive=True),
    Rule("days_exchanged", "day", "quarantine",
         "two days in a row fit better as they are than exchanged; exchanged they gain {measured}, more than "
         "{limit}", order.days_exchanged, floor=8.0, covariates="flag", additive=True),
    Rule("shifted_hour", "day", "quarantine",
         "a day fits better as it is than an hour earlier or later; moved it gains {measured}, more than {limit}",
         arrangement.shifted_hour, floor=2.0, covariates="flag", additive=True),
    Rule("day_reversed", "day", "quarantine",
         "a day fits better as it is than backwards; turned it gains {measured}, more than {limit}",
         arrangement.day_reversed, floor=8.0, covariates="flag", additive=True),
    Rule("halves_exchanged", "day", "quarantine",
         "a day fits better as it is than with morning and afternoon exchanged; exchanged it gains {measured}, "
         "more than {limit}", arrangement.halves_exchanged, floor=8.0, covariates="flag", additive=True),
    Rule("sign_flipped", "day", "quarantine",
         "a day fits better as it is than with the other sign; turned it gains {measured}, more than {limit}",
         arrangement.sign_flipped, floor=6.0, additive=True),
    Rule("scaled", "day", "quarantine",
         "a day fits better in its unit than multiplied or divided by 2, 4, 10, 100 or 1000; scaled it gains "
         "{measured}, more than {limit}", arrangement.scaled, floor=9.0, covariates="flag", additive=True),
    Rule("out_of_proportion", "day", "quarantine",
         "the mean of a day differs from that of its official forecast, or of the days around, by at most {limit} "
         "doublings; it does by {measured}", agreement.out_of_proportion, floor=0.3),
    Rule("repeated_day", "day", "quarantine",
         "a day repeats at most a share of {limit} of an earlier one; it repeats {measured}",
         repeats.repeated_day, floor=40.0),
    Rule("forecast_is_outturn", "day", "quarantine",
         "an official forecast is at most {limit} times as close to the outturn as usual; it is {measured} times",
         agreement.forecast_is_outturn, floor=20.0),
    Rule("outturn_is_forecast", "day", "flag",
         "an outturn is at most {limit} times as close to its official forecast as usual; it is {measured} times",
         agreement.outturn_is_forecast, floor=20.0),
    Rule("dates_exchanged", "series", "quarantine",
         "of the dates of {note} with a day of 12 or less at most {limit} fit better with day and month exchanged; "
         "{measured} do: set day_month_exchanged = true for its file (for some years or columns a list such as "
         "[2021, \"Load\"]) and read it again", learnt=False, look=dates_exchanged, explains_all=True),
    Rule("hours_off", "series", "flag",
         "a series stands at its hours; in {note}. As it stands its misfit is {measured} times what it is there, more "
         "than {limit}. A column that is wrong beside right ones has to be corrected in the file", learnt=False,
         look=hours_off),
    Rule("weeks_repeated", "series", "quarantine",
         "at most {limit} days in a row have the values of other days; up to {measured} have: the days from {note}. "
         "Correct them in the file, or leave them out, and read it again", learnt=False, look=weeks_repeated,
         covariates="flag"),
    Rule("unit_of_years", "series", "quarantine",
         "values have one unit in all years; those of {note} as in the others. Set `unit` for the file of those years, "
         "or correct them in a file that holds other years as well", learnt=False, look=unit_of_years,
         covariates="flag"),
    Rule("unit_of_counterpart", "series", "flag",
         "an outturn has the unit of its official forecast; its values of {note} as there. Set `unit` for its file, or "
         "`reference_unit` for an official forecast in the same file", learnt=False, look=unit_of_counterpart),
    Rule("stale", "series", "flag",
         "the newest value is at most {limit} old; it is {measured} old", learnt=False),
)  # fmt: skip

BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
MEASURED_RULES = tuple(rule for rule in RULES if rule.measure is not None)
THROUGHOUT_RULES = tuple(rule for rule in RULES if rule.look is not None)
