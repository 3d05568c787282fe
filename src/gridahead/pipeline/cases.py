"""Cases: what the gate has condemned, as a person decides on it: a stretch of a series without a gap.

Several rules often fail on one stretch, and where payloads come every hour a bad day is in many of them. A decision is
on rows, not on a rule or a payload: so a case has all rules and all batches of its stretch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gridahead.grid import Series
from gridahead.quality.rules import BY_NAME
from gridahead.tables import Decisions, Verdicts
from gridahead.timeline import Mtu
from gridahead.vintages import IDENTITY, among

State = Literal["open", "released", "rejected"]

LONGEST_STEP = pd.Timedelta(hours=1)
"""Rows further apart than the longest market time unit belong to two cases."""

_STATES: dict[str, State] = {"release": "released", "reject": "rejected"}


@dataclass(frozen=True, eq=False)
class Case:
    """One stretch of one series that failed rules of one severity, and on which the same has been decided."""

    id: str
    """Eight digits of a hash over series, severity and the first row: the same in every listing, decided on or not."""
    series: Series
    severity: str
    state: State
    rows: pd.DataFrame
    """Identity, batch, value, mtu, and where it is decided on: decision, decided_by, why."""
    verdicts: pd.DataFrame
    """One line a row and rule."""

    @property
    def start(self) -> pd.Timestamp:
        """First valid time."""
        return pd.Timestamp(self.rows["valid_time"].min())

    @property
    def end(self) -> pd.Timestamp:
        """The end of the last row."""
        last = self.rows.iloc[int(self.rows["valid_time"].argmax())]
        return pd.Timestamp(last["valid_time"] + Mtu(last["mtu"]).delta)

    @property
    def batches(self) -> list[str]:
        """What brought it."""
        return sorted(self.rows["batch"].unique())

    @property
    def why(self) -> str | None:
        """Who decided, and why; None while it is open."""
        if self.state == "open":
            return None
        return "; ".join((self.rows["decided_by"] + ": " + self.rows["why"]).unique())

    @property
    def decided_at(self) -> pd.Timestamp:
        """When the gate first condemned it."""
        return pd.Timestamp(self.verdicts["decided_at"].min())

    @property
    def rules(self) -> dict[str, int]:
        """How many rows failed each rule: the most first, of equals what is said of whole days, for it tells more."""
        counts = self.verdicts["rule"].value_counts()
        return {
            rule: int(counts[rule]) for rule in sorted(counts.index, key=lambda rule: (-counts[rule], _order(rule)))
        }

    @property
    def reasons(self) -> list[str]:
        """The first reason of each rule, in words, in the order of the rules."""
        first = self.verdicts.drop_duplicates("rule").set_index("rule")["reason"]
        return [str(first[rule]) for rule in self.rules]


def cases_of(verdicts: Verdicts, decisions: Decisions) -> list[Case]:
    """Every case: what the gate decided last comes first, and of that quarantine before flags, and the newest hours."""
    if verdicts.empty:
        return []
    # What is in quarantine is not flagged besides.
    withheld = verdicts["severity"] == "quarantine"
    verdicts = Verdicts(verdicts[withheld | ~among(verdicts, verdicts[withheld], IDENTITY)])
    newest = decisions.sort_values("decided_at", kind="stable").drop_duplicates(IDENTITY, keep="last")
    rows = verdicts.drop_duplicates([*IDENTITY, "severity"])[[*IDENTITY, "severity", "batch", "value", "mtu"]]
    told = newest.rename(columns={"reason": "why"})[[*IDENTITY, "decision", "decided_by", "why"]]
    rows = rows.merge(told, on=IDENTITY, how="left")
    rows["state"] = rows["decision"].map(_STATES).fillna("open").astype("str")
    owner = ["zone", "quantity", "severity", "state"]
    rows = rows.sort_values([*owner, "valid_time", "available_at"], ignore_index=True)
    apart = rows.groupby(owner)["valid_time"].diff().gt(LONGEST_STEP)
    rows["stretch"] = (apart | ~rows.duplicated(owner)).cumsum()
    failed = verdicts.merge(rows[[*IDENTITY, "severity", "stretch"]], on=[*IDENTITY, "severity"])
    by_stretch = dict(list(failed.groupby("stretch")))
    cases = [_case(of_it.drop(columns="stretch"), by_stretch[stretch]) for stretch, of_it in rows.groupby("stretch")]
    return sorted(cases, key=lambda one: (-one.decided_at.value, one.severity == "flag", -one.end.value, one.series))


def _case(rows: pd.DataFrame, verdicts: pd.DataFrame) -> Case:
    first = rows.iloc[0]
    series = Series(first["zone"], first["quantity"])
    row = f"{first['valid_time'].isoformat()} {first['available_at'].isoformat()}"
    identity = f"{series} {first['severity']} {row}"
    return Case(
        id=hashlib.sha256(identity.encode()).hexdigest()[:8],
        series=series,
        severity=str(first["severity"]),
        state=first["state"],
        rows=rows.reset_index(drop=True),
        verdicts=verdicts.drop(columns="stretch").sort_values(["valid_time", "rule"], ignore_index=True),
    )


def find_case(cases: Sequence[Case], identity: str) -> Case | None:
    """The case whose id begins with that text, if exactly one does."""
    found = [one for one in cases if one.id.startswith(identity)] if identity else []
    return found[0] if len(found) == 1 else None


def _order(rule: str) -> tuple[bool, str]:
    return (rule not in BY_NAME or BY_NAME[rule].grain != "day", rule)
