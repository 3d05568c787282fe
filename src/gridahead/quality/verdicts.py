"""From failed rules to verdicts on rows: what follows, and the reason in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.grid import OFFICIAL_SUFFIX
from gridahead.core.tables import VERDICTS, Verdicts
from gridahead.core.time import lasting
from gridahead.core.vintages import IDENTITY
from gridahead.quality.gx.validator import SuiteResult
from gridahead.quality.limit_ratios import GroupRatios, LimitRatios, figures_in_words
from gridahead.quality.measures.served import served_words
from gridahead.quality.rules import severity_for
from gridahead.settings.gates import QualitySettings
from gridahead.settings.quality_rules import RULE_BY_NAME, Rule, Severity

COLUMNS = ["place", "line", "rule", "severity", "reason"]
"""Of a failed row: its place; the line of its frame (a row, or a day) that failed; rule, severity, reason."""

NET_LOAD = ' (load less what is generated is negative at times: its quantity is "residual_load")'


@dataclass(frozen=True, slots=True)
class FailedLine:
    """One line that failed one rule."""

    line: int
    rule: str
    severity: Severity
    reason: str


def failed_lines(
    suite_results: Sequence[SuiteResult], ratios: LimitRatios | None, lines: pd.DataFrame, settings: QualitySettings
) -> Iterator[FailedLine]:
    """Every failed line, with the measured value and the limit where there are any.

    Args:
        suite_results: of the lines.
        ratios: the figures that were checked; None where the expectation has no figures.
        lines: zone and quantity of every line, and its unit if there is one.
        settings: severities.
    """
    for result in (result for suite_result in suite_results for result in suite_result.results):
        name = result.expectation.name
        rule = RULE_BY_NAME.get(name) if ratios is not None else None
        for line in result.rows:
            if rule is None or ratios is None:
                severity = result.expectation.on_failure
                assert severity != "stop"
                yield FailedLine(line, name, severity, f"expected that {result.expectation.words}")
            else:
                quantity = str(lines.loc[line, "quantity"])
                severity = severity_for(rule, quantity, settings, float(ratios.columns[name].ratios[line]))
                yield FailedLine(line, name, severity, _reason(rule, ratios, line, lines))


def _reason(rule: Rule, ratios: LimitRatios, line: int, lines: pd.DataFrame) -> str:
    column = ratios.columns[rule.name]
    unit = lines.loc[line, "unit"] if "unit" in lines.columns else "MW"
    figures = dict(figures_in_words(column, line))
    if "note" in lines.columns:
        figures["note"] = str(lines.loc[line, "note"])
    if rule.name == "value_physical":
        side = "at least" if column.measured[line] < column.limit[line] else "at most"
        figures["limit"] = f"{side} {figures['limit']}"
    if rule.name == "in_the_future":
        figures["measured"] = lasting(pd.Timedelta(hours=column.measured[line]))
    if rule.name == "outside_served_band" and ratios.served is not None:
        figures["forecast"] = served_words(ratios.served, ratios.lines.iloc[line])
    words = rule.said(**figures, unit=unit if isinstance(unit, str) else "")
    negative = rule.name == "value_physical" and column.measured[line] < 0
    hint = NET_LOAD if negative and str(lines.loc[line, "quantity"]).removesuffix(OFFICIAL_SUFFIX) == "load" else ""
    return f"expected that {words}{hint}"


def failed_rows(
    of_rows: Sequence[FailedLine], of_groups: Sequence[tuple[Sequence[FailedLine], GroupRatios]]
) -> pd.DataFrame:
    """One line a row and failed rule; a failed day, or fault of a series, is a failure of all rows that it holds."""
    lines = [(failed.line, failed.line, failed.rule, failed.severity, failed.reason) for failed in of_rows]
    lines += [
        (int(place), failed.line, failed.rule, failed.severity, failed.reason)
        for failed_groups, groups in of_groups
        for failed in failed_groups
        for place in groups.rows[failed.line]
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def verdicts(rows: pd.DataFrame, failed: pd.DataFrame, decided_at: pd.Timestamp) -> Verdicts:
    """The verdicts to keep: flags and quarantines, one line a row and rule."""
    failures = failed[failed["severity"] != "pass"]
    if failures.empty:
        return Verdicts(VERDICTS.empty())
    with_verdict = rows.loc[failures["place"], [*IDENTITY, "value", "mtu", "batch"]].reset_index(drop=True)
    follows = failures["severity"].replace({"block": "quarantine"}).to_numpy()
    lines = with_verdict.assign(
        rule=failures["rule"].to_numpy(),
        severity=follows,
        reason=failures["reason"].to_numpy(),
        known_at=pd.DatetimeIndex(failures["known_at"]),
        decided_at=decided_at,
    )
    # A row without its batch fails for that; its verdict still has to name one.
    lines["batch"] = lines["batch"].fillna("unknown")
    first = lines.sort_values("known_at", kind="stable").drop_duplicates(list(VERDICTS.key)).sort_index()
    return Verdicts(VERDICTS.check(first))


def blocked(rows: pd.DataFrame, new: np.ndarray, failed: pd.DataFrame) -> pd.DataFrame:
    """Failures of all new rows of the series in which a rule of severity block failed, known once it first did."""
    stops = failed[failed["severity"] == "block"]
    if stops.empty:
        return stops
    key = ["zone", "quantity"]
    named = (
        rows.loc[stops["place"], key]
        .reset_index(drop=True)
        .assign(
            rule=stops["rule"].to_numpy(),
            reason=stops["reason"].to_numpy(),
            known_at=pd.DatetimeIndex(stops["known_at"]),
        )
        .sort_values("known_at", kind="stable")
        .drop_duplicates(key)
    )
    whole = rows.loc[new, [*key, "available_at"]].reset_index(names="place").merge(named, on=key)
    later = whole[["known_at", "available_at"]].max(axis=1)
    return whole.assign(line=whole["place"], severity="block", known_at=later)[[*COLUMNS, "known_at"]]
