"""The quality gate: which rows may be believed, and what a person should know about the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from gridahead.config import Settings
from gridahead.grid import Series
from gridahead.quality.completeness import daily_completeness
from gridahead.quality.report import COMPLETENESS_COLUMNS, FINDING_COLUMNS, QualityReport
from gridahead.quality.suites import completeness_suite, series_suite, table_suite
from gridahead.quality.validation import Validation, Validator
from gridahead.tables import OBSERVATIONS, QUARANTINE, Observations, Quarantine


def inspect(rows: Observations, settings: Settings, *, decided_at: pd.Timestamp) -> QualityReport:
    """Judge every vintage of every series, and the completeness of what is left.

    A row that fails a rule of severity quarantine is withheld. Delivery days are counted without it, so that the same
    days are whole when the caller leaves out what is in quarantine by then.

    Args:
        rows: observations that are not in quarantine yet.
        settings: where zones have their local time.
        decided_at: the instant written on every verdict, UTC.

    Raises:
        ContractError: the frame is not what the table declares.
        SettingsError: a zone is neither known nor declared.
    """
    frame = rows.reset_index(drop=True)
    if frame.empty:
        return _empty_report(decided_at)
    judge = Validator()
    validations = [judge.validate(table_suite(OBSERVATIONS), frame)]
    validations += [judge.validate(series_suite(series, of_it), of_it) for series, of_it in _by_series(frame)]
    quarantine = _withheld(frame, validations, decided_at)
    findings = [finding for one in validations for finding in _findings(one, frame, _row_example)]
    kept = frame.drop(index=sorted(_failing(validations)))
    days = _days(kept, settings)
    if not days.empty:
        validations.append(judge.validate(completeness_suite(), days))
        findings += _findings(validations[-1], days, _day_example)
    return QualityReport(
        decided_at=decided_at,
        completeness=_completeness(frame, kept, days),
        findings=pd.DataFrame(findings, columns=FINDING_COLUMNS),
        quarantine=quarantine,
        validations=tuple(validations),
    )


def _empty_report(decided_at: pd.Timestamp) -> QualityReport:
    return QualityReport(
        decided_at=decided_at,
        completeness=pd.DataFrame(columns=COMPLETENESS_COLUMNS),
        findings=pd.DataFrame(columns=FINDING_COLUMNS),
        quarantine=Quarantine(QUARANTINE.empty()),
        validations=(),
    )


def _by_series(frame: pd.DataFrame) -> Iterator[tuple[Series, pd.DataFrame]]:
    """The rows of each series, with their places in the frame as index."""
    for (zone, quantity), rows in frame.groupby(["zone", "quantity"], sort=True):
        yield Series(str(zone), str(quantity)), rows


def _failing(validations: list[Validation]) -> set[int]:
    """The places of the rows that a rule of severity quarantine condemns."""
    return {
        row
        for validation in validations
        for verdict in validation.verdicts
        if verdict.rule.severity == "quarantine"
        for row in verdict.rows
    }


def _withheld(frame: pd.DataFrame, validations: list[Validation], decided_at: pd.Timestamp) -> Quarantine:
    """The condemned rows, one line a rule that they fail, with identity, batch and reason."""
    parts = [
        frame.loc[list(verdict.rows)].assign(
            rule=verdict.rule.name, reason=f"expected that {verdict.rule.words}", decided_at=decided_at
        )
        for validation in validations
        for verdict in validation.verdicts
        if verdict.rows and verdict.rule.severity == "quarantine"
    ]
    if not parts:
        return Quarantine(QUARANTINE.empty())
    # A row without its batch is condemned for that; its verdict still has to say something.
    together = pd.concat(parts, ignore_index=True).fillna({"batch": "unknown"})
    return Quarantine(QUARANTINE.check(together.drop_duplicates(list(QUARANTINE.key))))


def _findings(
    validation: Validation, frame: pd.DataFrame, example: Callable[[pd.Series], str]
) -> Iterator[dict[str, object]]:
    """One finding a series and failed rule."""
    for verdict in validation.verdicts:
        for series, failing in _by_series(frame.loc[list(verdict.rows)]):
            yield {
                "series": str(series),
                "rule": verdict.rule.name,
                "severity": verdict.rule.severity,
                "rows": len(failing),
                "words": f"expected that {verdict.rule.words}",
                "example": example(failing.iloc[0]),
            }


def _row_example(row: pd.Series) -> str:
    unit = "" if pd.isna(row["unit"]) else row["unit"]
    return f"{row['valid_time']:%Y-%m-%dT%H:%MZ}: {row['value']:,.2f} {unit}".rstrip()


def _day_example(day: pd.Series) -> str:
    return f"{day['delivery_day']:%Y-%m-%d}: {day['found_mtus']} of {day['expected_mtus']}"


def _days(kept: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The delivery days of all series."""
    parts = [daily_completeness(rows, settings.zone(series.zone).timezone) for series, rows in _by_series(kept)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _completeness(frame: pd.DataFrame, kept: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """One line a series: rows, how many are withheld, delivery days, how many are whole, what is missing."""
    key = ["zone", "quantity"]
    lines = frame.groupby(key).agg(rows=("value", "size"), first=("valid_time", "min"), last=("valid_time", "max"))
    lines["withheld"] = lines["rows"] - kept.groupby(key).size().reindex(lines.index, fill_value=0)
    lines["days_expected"] = lines["days_complete"] = lines["missing_mtus"] = 0
    if not days.empty:
        missing = (days["expected_mtus"] - days["found_mtus"]).clip(lower=0)
        daily = days.assign(missing=missing, complete=days["expected_mtus"] == days["found_mtus"]).groupby(key)
        lines["days_expected"] = daily.size().reindex(lines.index, fill_value=0)
        lines["days_complete"] = daily["complete"].sum().reindex(lines.index, fill_value=0)
        lines["missing_mtus"] = daily["missing"].sum().reindex(lines.index, fill_value=0)
    lines = lines.reset_index()
    lines["series"] = lines["zone"] + "/" + lines["quantity"]
    return lines[COMPLETENESS_COLUMNS]
