"""The result of an inspection by the quality gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from gridahead.core.errors import QualityError
from gridahead.core.tables import QUALITY, VERDICTS, Quality, Verdicts
from gridahead.quality.completeness import COMPLETENESS_COLUMNS
from gridahead.quality.findings import FINDING_COLUMNS
from gridahead.quality.gx.validator import SuiteResult, merged

ALL = "*"
"""Zone and quantity of a figure that is of the whole inspection."""
SHOWN = 3
"""Stretches of one rule on one series that are given as examples."""


@dataclass(frozen=True, eq=False)
class QualityReport:
    """What one inspection found, and the verdicts that follow."""

    decided_at: pd.Timestamp
    completeness: pd.DataFrame
    """One row a series: rows inspected, withheld and flagged, first and last valid time, delivery days between them
    (without the first and the last day) and how many are whole, market time units missing in the others."""
    findings: pd.DataFrame
    """One row a series, failed rule and contiguous stretch: severity, rows that failed (of incomplete days: days),
    first and last valid time, the rule in words with what was measured and the limit, an example."""
    verdicts: Verdicts
    """The rows to flag or to withhold, one line a rule that they fail."""
    metrics: Quality
    """Figures of this inspection, to be followed over time."""
    blocked: tuple[str, ...]
    """Series whose new rows are all withheld, because a rule of severity block failed on one of them."""
    suite_results: tuple[SuiteResult, ...] = field(repr=False)
    """Every suite of expectations with what came of it."""

    @property
    def success(self) -> bool:
        """Whether no row has to be withheld. A flag is for people and fails nothing."""
        return bool((self.verdicts["severity"] != "quarantine").all())

    def require(self, max_share: float) -> None:
        """Let the report pass only if no series loses too much.

        Args:
            max_share: the largest share of the rows of a series that may be withheld.

        Raises:
            QualityError: more is withheld; names every such series, the share, the rules and the way out.
        """
        lost = self.completeness[self.completeness["withheld"] > max_share * self.completeness["rows"]]
        if lost.empty:
            return
        lines = []
        for line in lost.to_dict("records"):
            reasons = "; ".join(words for severity, words in causes(self, line["series"]) if severity in _WITHHOLD)
            share = line["withheld"] / line["rows"]
            lines.append(f"{line['series']} would lose {share:.1%} of {line['rows']:,} rows ({reasons})")
        raise QualityError(
            f"at most {max_share:.1%} of a series may be withheld: {'; '.join(lines)}. Mend the source or its settings "
            "(unit, time zone, column) and ingest again. `gridahead quarantine list` shows what is withheld, `release` "
            "lets in what is right; if that is usual, raise quality.max_quarantined_share"
        )


def causes(report: QualityReport, series: str) -> list[tuple[str, str]]:
    """Severity and words of every rule that failed on a series, with its longest stretches."""
    of_series = report.findings[report.findings["series"] == series]
    reasons = []
    for (rule, severity), stretches in of_series.groupby(["rule", "severity"], sort=False):
        longest = stretches.sort_values("rows", ascending=False, kind="stable").head(SHOWN)
        more = f", and {len(stretches) - SHOWN:,} more stretches" if len(stretches) > SHOWN else ""
        examples = "; ".join(longest["example"])
        words = f"{longest['words'].iloc[0]} [{rule}]; failed by {stretches['rows'].sum():,}, such as {examples}{more}"
        reasons.append((str(severity), words))
    return reasons


_WITHHOLD = ("quarantine", "block")


def empty_report(decided_at: pd.Timestamp) -> QualityReport:
    """The report of an inspection without rows."""
    return QualityReport(
        decided_at=decided_at,
        completeness=pd.DataFrame(columns=COMPLETENESS_COLUMNS),
        findings=pd.DataFrame(columns=FINDING_COLUMNS),
        verdicts=Verdicts(VERDICTS.empty()),
        metrics=Quality(QUALITY.empty()),
        blocked=(),
        suite_results=(),
    )


def joined(reports: Sequence[QualityReport]) -> QualityReport:
    """One report of inspections of different series at one instant; at least one of them."""
    if len(reports) == 1:
        return reports[0]
    figures = pd.concat([report.metrics for report in reports], ignore_index=True)
    whole = figures[figures["zone"] == ALL]
    sums = whole.assign(value=whole.groupby("metric")["value"].transform("sum")).drop_duplicates("metric")
    return QualityReport(
        decided_at=reports[0].decided_at,
        completeness=pd.concat([report.completeness for report in reports], ignore_index=True),
        findings=pd.concat([report.findings for report in reports], ignore_index=True),
        verdicts=Verdicts(pd.concat([report.verdicts for report in reports], ignore_index=True)),
        metrics=Quality(pd.concat([figures[figures["zone"] != ALL], sums], ignore_index=True)),
        blocked=tuple(sorted({name for report in reports for name in report.blocked})),
        suite_results=merged([result for report in reports for result in report.suite_results]),
    )


def metrics(table: pd.DataFrame, decided_at: pd.Timestamp, seconds: float, expectations_seconds: float) -> Quality:
    """Figures of an inspection in long form: of each series, and the time it took."""
    lines: list[tuple[str, str, str, float | None, str]] = [
        (ALL, ALL, "seconds", seconds, "s"),
        (ALL, ALL, "great_expectations_seconds", expectations_seconds, "s"),
    ]
    for line in table.to_dict("records"):
        zone, _, quantity = line["series"].partition("/")
        days = line["days_expected"]
        measured_and_limits = (
            ("rows", line["rows"], "1"),
            ("quarantined", line["withheld"], "1"),
            ("flagged", line["flagged"], "1"),
            ("completeness", line["days_complete"] / days if days else None, "1"),
            ("missing_mtus", line["missing_mtus"], "1"),
            ("staleness_hours", (decided_at - line["newest"]) / pd.Timedelta(hours=1), "h"),
        )
        lines += [(zone, quantity, name, value, unit) for name, value, unit in measured_and_limits]
    frame = pd.DataFrame(lines, columns=["zone", "quantity", "metric", "value", "unit"]).assign(inspected_at=decided_at)
    return Quality(QUALITY.check(frame))
