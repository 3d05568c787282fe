"""From failed rules to verdicts on rows: what follows, and the reason in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.config import QualitySettings, Severity
from gridahead.grid import REFERENCE_SUFFIX
from gridahead.quality.evidence import Evidence, HeldEvidence, said
from gridahead.quality.measures.served import served_words
from gridahead.quality.rules import BY_NAME, Rule
from gridahead.quality.validation import Validation
from gridahead.tables import VERDICTS, Verdicts
from gridahead.timeline import lasting
from gridahead.vintages import IDENTITY

COLUMNS = ["place", "line", "rule", "severity", "reason"]
"""A judgement: the place of the row; the line of its frame (a row, or a day) that failed; rule, severity, reason."""


NET_LOAD = ' (load less what is generated is negative at times: its quantity is "residual_load")'


@dataclass(frozen=True, slots=True)
class Failure:
    """One line that failed one rule."""

    line: int
    rule: str
    severity: Severity
    reason: str


def failures(
    validations: Sequence[Validation], evidence: Evidence | None, lines: pd.DataFrame, settings: QualitySettings
) -> Iterator[Failure]:
    """Every failed line, with the measured value and the limit where there are any.

    Args:
        validations: of the lines.
        evidence: the figures behind them; None where the expectation says it all.
        lines: zone and quantity of every line, and its unit if there is one.
        settings: severities.
    """
    for verdict in (one for validation in validations for one in validation.verdicts):
        name = verdict.expectation.name
        rule = BY_NAME.get(name) if evidence is not None else None
        for line in verdict.rows:
            if rule is None or evidence is None:
                severity = verdict.expectation.severity
                assert severity != "stop"
                yield Failure(line, name, severity, f"expected that {verdict.expectation.words}")
            else:
                quantity = str(lines.loc[line, "quantity"])
                yield Failure(
                    line,
                    name,
                    rule.severity_for(quantity, settings, float(evidence.columns[name].evidence[line])),
                    _reason(rule, evidence, line, lines),
                )


def _reason(rule: Rule, evidence: Evidence, line: int, lines: pd.DataFrame) -> str:
    column = evidence.columns[rule.name]
    unit = lines.loc[line, "unit"] if "unit" in lines.columns else "MW"
    figures = dict(said(column, line))
    if "note" in lines.columns:
        figures["note"] = str(lines.loc[line, "note"])
    if rule.name == "value_physical":
        side = "at least" if column.measured[line] < column.limit[line] else "at most"
        figures["limit"] = f"{side} {figures['limit']}"
    if rule.name == "in_the_future":
        figures["measured"] = lasting(pd.Timedelta(hours=column.measured[line]))
    if rule.name == "outside_served_band" and evidence.served is not None:
        figures["forecast"] = served_words(evidence.served, evidence.lines.iloc[line])
    words = rule.words.format(**figures, unit=unit if isinstance(unit, str) else "").replace("  ", " ")
    negative = rule.name == "value_physical" and column.measured[line] < 0
    hint = NET_LOAD if negative and str(lines.loc[line, "quantity"]).removesuffix(REFERENCE_SUFFIX) == "load" else ""
    return f"expected that {words}{hint}"


def judgements(of_rows: Sequence[Failure], held: Sequence[tuple[Sequence[Failure], HeldEvidence]]) -> pd.DataFrame:
    """One line a row and failed rule; a failed day or stretch condemns all rows that it holds."""
    lines = [(one.line, one.line, one.rule, one.severity, one.reason) for one in of_rows]
    lines += [
        (int(place), one.line, one.rule, one.severity, one.reason)
        for failed, evidence in held
        for one in failed
        for place in evidence.rows[one.line]
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def verdicts(rows: pd.DataFrame, judged: pd.DataFrame, decided_at: pd.Timestamp) -> Verdicts:
    """The verdicts to keep: flags and quarantines, one line a row and rule."""
    kept = judged[judged["severity"] != "pass"]
    if kept.empty:
        return Verdicts(VERDICTS.empty())
    condemned = rows.loc[kept["place"], [*IDENTITY, "value", "mtu", "batch"]].reset_index(drop=True)
    follows = kept["severity"].replace({"block": "quarantine"}).to_numpy()
    lines = condemned.assign(
        rule=kept["rule"].to_numpy(), severity=follows, reason=kept["reason"].to_numpy(),
        known_at=pd.DatetimeIndex(kept["known_at"]), decided_at=decided_at,
    )  # fmt: skip
    # A row without its batch is condemned for that; its verdict still has to say something.
    lines["batch"] = lines["batch"].fillna("unknown")
    first = lines.sort_values("known_at", kind="stable").drop_duplicates(list(VERDICTS.key)).sort_index()
    return Verdicts(VERDICTS.check(first))


def blocked(rows: pd.DataFrame, new: np.ndarray, judged: pd.DataFrame) -> pd.DataFrame:
    """Judgements on all new rows of the series in which a rule of severity block failed, known once it first did."""
    stops = judged[judged["severity"] == "block"]
    if stops.empty:
        return stops
    key = ["zone", "quantity"]
    named = rows.loc[stops["place"], key].reset_index(drop=True).assign(
        rule=stops["rule"].to_numpy(), reason=stops["reason"].to_numpy(), known_at=pd.DatetimeIndex(stops["known_at"])
    ).sort_values("known_at", kind="stable").drop_duplicates(key)  # fmt: skip
    whole = rows.loc[new, [*key, "available_at"]].reset_index(names="place").merge(named, on=key)
    later = whole[["known_at", "available_at"]].max(axis=1)
    return whole.assign(line=whole["place"], severity="block", known_at=later)[[*COLUMNS, "known_at"]]
