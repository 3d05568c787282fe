"""Which official forecasts of the authorities of the United States does the quality gate name, and which of the sane?

A user takes in all 54 authorities, July 2015 to June 2020, in one file, with their own day-ahead forecasts. Of eight
these are known to be broken, of PJM to be an hour late; of thirty they are sane (`eia930` says how these are chosen).
An official forecast counts as named if a rule on whole series names it, or the pair that it is of, or if more than a
hundredth of its rows is withheld. The words stand in `data/bench/eia930/gate/named.txt`. n counts authorities.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

from common import Bench, Row, measure, say
from eia930_data import BROKEN, QUICK_AUTHORITIES, folder, rows_of, sane, written

from gridahead.operate.ingest import ingest
from gridahead.quality.report import QualityReport, causes
from gridahead.quality.rules import WHOLE_SERIES_RULES

SINCE = dt.date(2015, 7, 1)

PAIR = ("hours_off", "unit_of_counterpart")
"""Rules that name the outturn where it and its official forecast do not fit, and say so of both."""
OFTEN = 0.01
"""Of the rows of an official forecast withheld: then the gate names it by its days, too."""


def run(bench: Bench) -> list[Row]:
    """Ingest, and what the gate has said; quick: three sane ones and the broken ones."""
    rows = rows_of(bench)
    names = sane(rows)[: QUICK_AUTHORITIES if bench.quick else None]
    zones = sorted({*names, *BROKEN} if bench.quick else map(str, rows["ba"].unique()))
    here, begun = folder(bench) / "gate", time.process_time()
    ingested = ingest(written(bench, zones, here, SINCE))
    assert ingested.report is not None and not ingested.failed
    found = gate_rows(ingested.report, zones, names, here / "named.txt")
    return [*found, Row("gate", "gridahead", "core_seconds", time.process_time() - begun, n=len(zones))]


def gate_rows(report: QualityReport, zones: Sequence[str], sane: Sequence[str], file: Path) -> list[Row]:
    """Rows on every official forecast that the gate names, and shares of the broken and of the sane ones.

    Args:
        report: on all of them.
        zones: all.
        sane: those whose forecast is sound.
        file: that gets the words.
    """
    findings, rows, words = report.findings, list[Row](), list[str]()
    through = [rule.name for rule in WHOLE_SERIES_RULES]
    share = {line["series"]: line["withheld"] / max(line["rows"], 1) for line in report.completeness.to_dict("records")}
    named: dict[str, float] = {}
    for zone in zones:
        outturn, official = f"{zone}/load", f"{zone}/load_official"
        of_it = findings[findings["rule"].isin(through)]
        told = of_it[(of_it["series"] == official) | ((of_it["series"] == outturn) & of_it["rule"].isin(PAIR))]
        rows += [Row(zone, "gate", line["rule"], float(line["rows"])) for line in told.to_dict("records")]
        rows.append(Row(zone, "gate", "official_withheld_share", share.get(official, 0.0)))
        named[zone] = float(bool(len(told)) or share.get(official, 0.0) > OFTEN)
        words += [f"{line['series']}: {line['words']}" for line in told.to_dict("records")]
        if zone in BROKEN and told.empty:
            words += [f"{official}: {severity}: {said}" for severity, said in causes(report, official)]
    file.write_text("\n".join(words) + "\n", encoding="utf-8")
    for kind, members in (("broken", sorted(BROKEN & set(zones))), ("sane", sane)):
        values = [named[zone] for zone in members]
        rows.append(Row("gate", kind, "named_share", sum(values) / len(values), n=len(values)))
        said = ", ".join(zone for zone, value in zip(members, values, strict=True) if value)
        say(f"the gate names of the {kind} ones: {said or 'none'}")
    return rows


if __name__ == "__main__":
    measure(run)
