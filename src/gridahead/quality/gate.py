"""The quality gate: which rows may be believed, and what a person should know about the rest.

Measures write evidence, Great Expectations judges it, and what fails becomes verdicts on rows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.config import Settings
from gridahead.grid import QUANTITIES, REFERENCE_SUFFIX, SUMS, Series
from gridahead.quality.completeness import completeness_table, days_of
from gridahead.quality.curves import Curves, lay
from gridahead.quality.dating import BACK, History, known_at
from gridahead.quality.evidence import (
    Evidence,
    HeldEvidence,
    day_evidence,
    off_the_grid,
    row_evidence,
    throughout_evidence,
)
from gridahead.quality.findings import FINDING_COLUMNS, incomplete, stale, stretches
from gridahead.quality.limits import learn, recall, teach
from gridahead.quality.report import QualityReport, empty_report, metrics
from gridahead.quality.rules import THROUGHOUT_RULES
from gridahead.quality.suites import completeness_suite, rules_suite, table_suite, unit_suite
from gridahead.quality.validation import Validation, Validator
from gridahead.quality.verdicts import Failure, blocked, failures, judgements, verdicts
from gridahead.tables import OBSERVATIONS, Observations
from gridahead.timeline import Mtu

__all__ = ["CONTEXT_DAYS", "inspect", "learn", "related"]

CONTEXT_DAYS = BACK
"""How many days before and after new rows the rules want to see: four weeks for what is usual, of deviations that are
usual for four weeks, from days three weeks away. With less, the verdicts rest on fewer days."""

Mask = npt.NDArray[np.bool_]


def related(series: Series) -> tuple[Series, ...]:
    """The other series that the rules look at beside one: its counterpart, and those it forms sums with."""
    suffix = REFERENCE_SUFFIX if series.quantity.endswith(REFERENCE_SUFFIX) else ""
    name = series.quantity.removesuffix(REFERENCE_SUFFIX)
    kin = {name + (REFERENCE_SUFFIX if not suffix else "")}
    for total, parts in SUMS.items():
        members = {total, *dict(parts)}
        if name in members:
            kin |= {member + suffix for member in members - {name}}
    return tuple(Series(series.zone, one) for one in sorted(kin))


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
    """Judge new rows in the light of those around them.

    A failed day condemns all its rows, also those of it that are known already.

    Args:
        new: the rows to judge; may be the whole lake.
        known: accepted rows around them, `CONTEXT_DAYS` before and after, of their series and the `related` ones.
        settings: zones, and what follows from each rule.
        decided_at: the instant of the inspection, UTC; from when on a verdict counts, `dating` says.
        limits: what the accepted history taught; a series that is not in it is judged by the rows at hand.
        served: zone, quantity, valid_time, mtu, low, high, forecast: the outer quantiles that were served then.
        later: zone, quantity, valid_time of rows after all of these, which say how old the newest value is.

    Raises:
        ContractError: the frame is not what the table declares.
        SettingsError: a zone is neither known nor declared.
    """
    began = time.perf_counter()
    if new.empty:
        return empty_report(decided_at)
    judge = Validator()
    structure = judge.validate(table_suite(OBSERVATIONS), new.reset_index(drop=True))
    case = _Case.of(new, known, settings, limits)
    units = judge.validate(unit_suite(), _with_expected_unit(case.rows)[case.new])
    rows = row_evidence(case.rows, case.curves, served, settings, decided_at)
    days = day_evidence(case.curves, case.new)
    of_rows, by_row = _judge(judge, "rows", rows, case.touched, case.rows, settings)
    of_days, by_day = _judge(judge, "days", days.evidence, _all(days.evidence), days.evidence.lines, settings)
    run_through = case.throughout.evidence
    of_series, by_series = _judge(judge, "series", run_through, _all(run_through), run_through.lines, settings)
    # The first frame holds the new rows alone, which come first among the rows of the case.
    of_table = failures([structure, units], None, case.rows, settings.quality)
    held = ((of_days, days), (of_series, case.throughout))
    judged = judgements([*of_table, *of_rows], held)
    judged["known_at"] = known_at(judged, History(case.rows, case.sound, case.curves, settings), decided_at)
    judged = pd.concat([judged, blocked(case.rows, case.new, judged)], ignore_index=True)
    kept = verdicts(case.rows, judged, decided_at)
    rest = _sum_up(case, judged, settings, judge, decided_at, later)
    return QualityReport(
        decided_at=decided_at,
        completeness=rest.completeness,
        findings=pd.concat([stretches(case.rows, judged), rest.findings], ignore_index=True)[FINDING_COLUMNS],
        verdicts=kept,
        metrics=metrics(rest.completeness, decided_at, time.perf_counter() - began, judge.seconds),
        blocked=tuple(sorted(_names(case.rows, judged[judged["severity"] == "block"]))),
        validations=(structure, units, *by_row, *by_day, *by_series, *rest.validations),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """All rows at hand, which are new, and which lie on a day with a new one."""

    rows: pd.DataFrame
    new: Mask
    touched: Mask
    sound: Mask
    """Which rows curves are laid from."""
    curves: Curves
    throughout: HeldEvidence
    """What runs through whole series."""
    explained: Mask
    """Which rows are of series that this explains: those have no curve, nothing else is told of them."""

    @classmethod
    def of(cls, new: Observations, known: Observations, settings: Settings, limits: pd.DataFrame) -> _Case:
        rows = pd.concat([new, known], ignore_index=True)
        is_new = np.arange(len(rows)) < len(new)
        sound = np.isfinite(rows["value"].to_numpy(dtype=float)) & rows["mtu"].isin(list(Mtu)).to_numpy()
        sound[sound] = off_the_grid(rows[sound], settings) == 0
        taught = dict(recall(limits))
        curves = lay(rows[sound], settings, taught)
        throughout = throughout_evidence(curves, is_new)
        explained = np.zeros(len(rows), dtype=bool)
        for series in _explained(throughout, settings):
            explained |= ((rows["zone"] == series.zone) & (rows["quantity"] == series.quantity)).to_numpy()
        if explained.any():
            sound &= ~explained
            curves = lay(rows[sound], settings, taught)
        untaught = {key: curve for key, curve in curves.items() if key[0] not in taught}
        for series, lessons in teach(untaught).items():
            for (one, _), curve in untaught.items():
                if one == series:
                    curve.taught = lessons
        touched = is_new.copy()
        for curve in curves.values():
            there = curve.row >= 0
            days = np.zeros(len(curve.clock.days), dtype=bool)
            days[curve.clock.day[there][is_new[curve.row[there]]]] = True
            touched[curve.row[there & days[curve.clock.day]]] = True
        return cls(rows, is_new, touched, sound, curves, throughout, explained)


def _explained(throughout: HeldEvidence, settings: Settings) -> set[Series]:
    """The series in which a fault was found that all else would follow from."""
    found = set()
    for rule in THROUGHOUT_RULES:
        column = throughout.evidence.columns.get(rule.name)
        if column is None or not rule.explains_all:
            continue
        for line in np.flatnonzero(column.evidence > 1.0):
            series = Series(*throughout.evidence.lines.loc[line, ["zone", "quantity"]])
            if rule.severity_for(series.quantity, settings.quality) != "pass":
                found.add(series)
    return found


def _judge(
    judge: Validator, name: str, evidence: Evidence, lines_judged: Mask, lines: pd.DataFrame, settings: Settings
) -> tuple[list[Failure], list[Validation]]:
    """What failed on the lines of one grain; no validation where no rule had anything to say."""
    frame = evidence.frame(lines_judged)
    suite = rules_suite(name, frame)
    if not suite.expectations:
        return [], []
    validation = judge.validate(suite, frame)
    return list(failures([validation], evidence, lines, settings.quality)), [validation]


@dataclass(frozen=True, slots=True)
class _Rest:
    completeness: pd.DataFrame
    findings: pd.DataFrame
    validations: tuple[Validation, ...]


def _sum_up(
    case: _Case,
    judged: pd.DataFrame,
    settings: Settings,
    judge: Validator,
    decided_at: pd.Timestamp,
    later: pd.DataFrame | None,
) -> _Rest:
    """Completeness of the days without what is withheld, and how old the newest values are."""
    out, marked = (
        np.isin(np.arange(len(case.rows)), judged["place"][judged["severity"].isin(severities)])
        for severities in (("quarantine", "block"), ("flag",))
    )
    rows = case.rows.assign(withheld=out, flagged=marked & ~out)
    # Days that stand in each other's place are there, and a gap for each would hide the one thing to know.
    days = days_of(rows[~out | case.explained], rows[case.new], settings)
    there = pd.concat([rows[["zone", "quantity", "valid_time"]], later])
    newest = there.groupby(["zone", "quantity"])["valid_time"].max()
    table = completeness_table(rows[case.new], days, newest)
    validations: list[Validation] = []
    findings: list[dict[str, object]] = []
    if not days.empty:
        validations.append(judge.validate(completeness_suite(), days))
        findings += incomplete(days, validations[-1], settings.quality)
    findings += stale(table, decided_at, settings.quality)
    return _Rest(table, pd.DataFrame(findings, columns=FINDING_COLUMNS), tuple(validations))


def _with_expected_unit(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the unit that is expected of their quantity: megawatts, or of a covariate its most frequent unit."""
    most = rows.groupby(["zone", "quantity"])["unit"].agg(lambda units: next(iter(units.mode()), ""))
    of_row = most.loc[pd.MultiIndex.from_frame(rows[["zone", "quantity"]])].to_numpy()
    known = rows["quantity"].map({code: quantity.unit for code, quantity in QUANTITIES.items()})
    return rows.assign(expected_unit=known.where(known.notna(), pd.Series(of_row, index=rows.index)))


def _names(rows: pd.DataFrame, judged: pd.DataFrame) -> set[str]:
    named = rows.loc[judged["place"], ["zone", "quantity"]].drop_duplicates()
    return {f"{zone}/{quantity}" for zone, quantity in named.itertuples(index=False)}


def _all(evidence: Evidence) -> Mask:
    return np.ones(len(evidence.lines), dtype=bool)
