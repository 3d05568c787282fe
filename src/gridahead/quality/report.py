"""What the quality gate found, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from gridahead.errors import QualityError
from gridahead.quality.validation import Validation
from gridahead.tables import Quarantine

COMPLETENESS_COLUMNS = [
    "series", "rows", "withheld", "first", "last", "days_expected", "days_complete", "missing_mtus",
]  # fmt: skip
FINDING_COLUMNS = ["series", "rule", "severity", "rows", "words", "example"]


@dataclass(frozen=True, eq=False)
class QualityReport:
    """The verdict on one inspection."""

    decided_at: pd.Timestamp
    completeness: pd.DataFrame
    """One row a series: rows inspected and withheld, first and last valid time, delivery days between them (without the
    first and the last day) and how many are whole, market time units missing in the others."""
    findings: pd.DataFrame
    """One row a series and failed rule: severity, rows (or days) that failed, the rule in words, an example."""
    quarantine: Quarantine
    """The rows to withhold, one line a rule that they fail."""
    validations: tuple[Validation, ...] = field(repr=False)
    """Every suite with its verdicts, for the Data Docs."""

    @property
    def success(self) -> bool:
        """Whether no row has to be withheld. A flag is for people and fails nothing."""
        return self.quarantine.empty

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
            causes = "; ".join(words for severity, words in self._causes(line["series"]) if severity == "quarantine")
            share = line["withheld"] / line["rows"]
            lines.append(f"{line['series']} would lose {share:.1%} of {line['rows']:,} rows ({causes})")
        raise QualityError(
            f"at most {max_share:.1%} of a series may be withheld: {'; '.join(lines)}. Mend the source or its settings "
            "(unit, time zone, column) and ingest again, or, if the data are right, raise quality.max_quarantined_share"
        )

    def summary(self) -> str:
        """What a person wants to know, a line or two for each series."""
        lines = []
        for line in self.completeness.to_dict("records"):
            span = f"{line['first']:%Y-%m-%d %H:%M} to {line['last']:%Y-%m-%d %H:%M} UTC"
            days = f"{line['days_complete']:,} of {line['days_expected']:,} delivery days complete"
            missing = f", {line['missing_mtus']:,} market time units missing" if line["missing_mtus"] else ""
            withheld = f", {line['withheld']:,} rows withheld" if line["withheld"] else ""
            lines.append(f"{line['series']}: {line['rows']:,} rows, {span}, {days}{missing}{withheld}")
            lines += [f"  {severity}: {words}" for severity, words in self._causes(line["series"])]
        return "\n".join(lines) or "no rows to inspect"

    def _causes(self, series: str) -> list[tuple[str, str]]:
        """Severity and words of every finding on a series."""
        return [
            (
                finding["severity"],
                f"{finding['words']} [{finding['rule']}]; failed by {finding['rows']:,}, such as {finding['example']}",
            )
            for finding in self.findings[self.findings["series"] == series].to_dict("records")
        ]
