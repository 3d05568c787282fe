"""The quality gate: which rows may be believed, and what a person should know about the rest.

Rules measure, Great Expectations checks every measured figure against its limit, and what fails becomes verdicts on
rows.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX, PRICE, QUANTITIES, SUMS, Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.quality.apply_rules import day_ratios, row_ratios
from gridahead.quality.completeness import completeness_table, days_of
from gridahead.quality.dating import DAYS_BACK, History, known_at
from gridahead.quality.findings import FINDING_COLUMNS, incomplete, stale, stretches
from gridahead.quality.gx.suites import completeness_suite, rules_suite, table_suite, unit_suite
from gridahead.quality.gx.validator import SuiteResult, Validator
from gridahead.quality.inspected_rows import InspectedRows, Mask
from gridahead.quality.limit_ratios import LimitRatios
from gridahead.quality.report import QualityReport, empty_report, metrics
from gridahead.quality.verdicts import FailedLine, blocked, failed_lines, failed_rows, verdicts
from gridahead.settings.model import Settings

CONTEXT_DAYS = DAYS_BACK
"""How many days before and after new rows the rules want to see: four weeks for what is usual, of deviations that are
usual for four weeks, from days three weeks away. With less, the verdicts rest on fewer days."""


def related(series: Series) -> tuple[Series, ...]:
    """The other series that the rules look at beside one: its counterpart, and those it forms sums with."""
    suffix = OFFICIAL_SUFFIX if series.quantity.endswith(OFFICIAL_SUFFIX) else ""
    name = series.quantity.removesuffix(OFFICIAL_SUFFIX)
    partners = {name + (OFFICIAL_SUFFIX if not suffix else "")}
    for total, parts in SUMS.items():
        members = {total, *dict(parts)}
        if name in members:
            partners |= {member + suffix for member in members - {name}}
    return tuple(Series(series.zone, partner) for partner in sorted(partners))


def inspect(
    new: Observations,
    known: Observations,
    settings: Settings,
    *,
    decided_at: pd.Timestamp,
    limits: pd.DataFrame,
    served: pd.DataFrame | None = None,
    later: pd.DataFrame | None = None,
) -> QualityReport:
    """Inspect new rows in the light of those around them.

    A failed day is a failure of all its rows, also of those that are known already.

    Args:
        new: the rows to inspect; may be the whole lake.
        known: accepted rows around them, `CONTEXT_DAYS` before and after, of their series and the `related` ones.
        settings: zones, and what follows from each rule.
        decided_at: the instant of the inspection, UTC; from when on a verdict counts, `dating` works out.
        limits: learnt from the accepted history; those of a series that has none are learnt from the rows at hand.
        served: zone, quantity, valid_time, mtu, low, high, forecast: the outer quantiles that were served then.
        later: zone, quantity, valid_time of rows after all of these, from which the age of the newest value follows.

    Raises:
        ContractError: the frame is not what the table declares.
        SettingsError: a zone is neither known nor declared.
    """
    began = time.perf_counter()
    if new.empty:
        return empty_report(decided_at)
    with closing(Validator()) as validator:
        structure = validator.validate(table_suite(OBSERVATIONS), new.reset_index(drop=True))
        inspected = InspectedRows.of(new, known, settings, limits)
        units = validator.validate(unit_suite(), _with_expected_unit(inspected.rows)[inspected.new])
        rows = row_ratios(inspected.rows, inspected.curves, served, settings, decided_at)
        days = day_ratios(inspected.curves, inspected.new)
        faults = inspected.series_faults
        of_rows, by_row = _failures(validator, "rows", rows, inspected.touched, inspected.rows, settings)
        of_days, by_day = _failures(validator, "days", days.ratios, _all(days.ratios), days.ratios.lines, settings)
        of_series, by_series = _failures(
            validator, "series", faults.ratios, _all(faults.ratios), faults.ratios.lines, settings
        )
        # The first frame holds the new rows alone, which come first among the inspected ones.
        of_table = failed_lines([structure, units], None, inspected.rows, settings.quality)
        failed = failed_rows([*of_table, *of_rows], ((of_days, days), (of_series, faults)))
        history = History(inspected.rows, inspected.sound, inspected.curves, settings)
        failed["known_at"] = known_at(failed, history, decided_at)
        failed = pd.concat([failed, blocked(inspected.rows, inspected.new, failed)], ignore_index=True)
        verdict_rows = verdicts(inspected.rows, failed, decided_at)
        coverage = _coverage(inspected, failed, settings, validator, decided_at, later)
        findings = pd.concat([stretches(inspected.rows, failed), coverage.findings], ignore_index=True)
        return QualityReport(
            decided_at=decided_at,
            completeness=coverage.completeness,
            findings=findings[FINDING_COLUMNS],
            verdicts=verdict_rows,
            metrics=metrics(coverage.completeness, decided_at, time.perf_counter() - began, validator.seconds),
            blocked=tuple(sorted(_names(inspected.rows, failed[failed["severity"] == "block"]))),
            suite_results=(structure, units, *by_row, *by_day, *by_series, *coverage.suite_results),
        )


def _failures(
    validator: Validator, name: str, ratios: LimitRatios, checked: Mask, lines: pd.DataFrame, settings: Settings
) -> tuple[list[FailedLine], list[SuiteResult]]:
    """What failed on the checked lines of one grain; no result where no rule applies."""
    frame = ratios.frame(checked)
    suite = rules_suite(name, frame)
    if not suite.expectations:
        return [], []
    suite_result = validator.validate(suite, frame)
    return list(failed_lines([suite_result], ratios, lines, settings.quality)), [suite_result]


@dataclass(frozen=True, slots=True)
class _Coverage:
    """Which delivery days are whole, how old the newest values are, and the findings on both."""

    completeness: pd.DataFrame
    findings: pd.DataFrame
    suite_results: tuple[SuiteResult, ...]


def _coverage(
    inspected: InspectedRows,
    failed: pd.DataFrame,
    settings: Settings,
    validator: Validator,
    decided_at: pd.Timestamp,
    later: pd.DataFrame | None,
) -> _Coverage:
    """Completeness of the days without what is withheld, and how old the newest values are."""
    withheld, marked = (
        np.isin(np.arange(len(inspected.rows)), failed["place"][failed["severity"].isin(severities)])
        for severities in (("quarantine", "block"), ("flag",))
    )
    rows = inspected.rows.assign(withheld=withheld, flagged=marked & ~withheld)
    # Days that stand in each other's place are there, and a gap for each would hide the one thing to know.
    days = days_of(rows[~withheld | inspected.explained], rows[inspected.new], settings)
    valid_times = pd.concat([rows[["zone", "quantity", "valid_time"]], later])
    newest = valid_times.groupby(["zone", "quantity"])["valid_time"].max()
    table = completeness_table(rows[inspected.new], days, newest)
    suite_results: list[SuiteResult] = []
    findings: list[dict[str, object]] = []
    if not days.empty:
        suite_results.append(validator.validate(completeness_suite(), days))
        findings += incomplete(days, suite_results[-1], settings.quality)
    findings += stale(table, decided_at, settings.quality)
    return _Coverage(table, pd.DataFrame(findings, columns=FINDING_COLUMNS), tuple(suite_results))


def _with_expected_unit(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the unit that is expected of their quantity: MW, or of a price or covariate its most frequent."""
    most = rows.groupby(["zone", "quantity"])["unit"].agg(lambda units: next(iter(units.mode()), ""))
    of_row = most.loc[pd.MultiIndex.from_frame(rows[["zone", "quantity"]])].to_numpy()
    known = rows["quantity"].map({code: quantity.unit for code, quantity in QUANTITIES.items() if code != PRICE})
    return rows.assign(expected_unit=known.where(known.notna(), pd.Series(of_row, index=rows.index)))


def _names(rows: pd.DataFrame, failed: pd.DataFrame) -> set[str]:
    named = rows.loc[failed["place"], ["zone", "quantity"]].drop_duplicates()
    return {f"{zone}/{quantity}" for zone, quantity in named.itertuples(index=False)}


def _all(ratios: LimitRatios) -> Mask:
    return np.ones(len(ratios.lines), dtype=bool)
