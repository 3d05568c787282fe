"""An inspection of the quality gate in words, for the log of a run."""

from __future__ import annotations

from gridahead.quality.report import QualityReport, causes


def summary(report: QualityReport) -> str:
    """What a person wants to know, a line or two for each series."""
    lines = []
    for line in report.completeness.to_dict("records"):
        span = f"{line['first']:%Y-%m-%d %H:%M} to {line['last']:%Y-%m-%d %H:%M} UTC"
        days = f"{line['days_complete']:,} of {line['days_expected']:,} delivery days complete"
        missing = f", {line['missing_mtus']:,} market time units missing" if line["missing_mtus"] else ""
        withheld = f", {line['withheld']:,} rows withheld" if line["withheld"] else ""
        lines.append(f"{line['series']}: {line['rows']:,} rows, {span}, {days}{missing}{withheld}")
        lines += [f"  {severity}: {words}" for severity, words in causes(report, line["series"])]
    return "\n".join(lines) or "no rows to inspect"
