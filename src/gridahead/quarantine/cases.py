"""Cases: what the quality gate has flagged or withheld, as a person rules on it: a stretch of a series without a gap.

Several rules often fail on one stretch, and where payloads come every hour a bad day is in many of them. A ruling is
on rows, not on a rule or a payload: so a case has all rules and all batches of its stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.tables import Rulings, Verdicts
from gridahead.core.time import Mtu
from gridahead.core.vintages import IDENTITY, among
from gridahead.settings.quality_rules import RULE_BY_NAME

State = Literal["open", "released", "rejected"]

LONGEST_STEP = pd.Timedelta(hours=1)
"""Rows further apart than the longest market time unit belong to two cases."""

_STATES: dict[str, State] = {"release": "released", "reject": "rejected"}


@dataclass(frozen=True, eq=False)
class Case:
    """One stretch of one series that failed rules of one severity, and on which a person has ruled the same."""

    id: str
    """Eight digits of a hash over series, severity and the first row: the same in every listing, ruled on or not."""
    series: Series
    severity: str
    state: State
    rows: pd.DataFrame
    """Identity, batch, value, mtu, and of what is ruled on: ruling, decided_by, why."""
    verdicts: pd.DataFrame
    """One line a row and rule."""

    @property
    def start(self) -> pd.Timestamp:
        """The first valid time of the case."""
        return pd.Timestamp(self.rows["valid_time"].min())

    @property
    def end(self) -> pd.Timestamp:
        """The end of the last market time unit of the case."""
        last = self.rows.iloc[int(self.rows["valid_time"].argmax())]
        return pd.Timestamp(last["valid_time"] + Mtu(last["mtu"]).delta)

    @property
    def batches(self) -> list[str]:
        """The batches that brought it."""
        return sorted(self.rows["batch"].unique())

    @property
    def why(self) -> str | None:
        """Who decided, and why; None while it is open."""
        if self.state == "open":
            return None
        return "; ".join((self.rows["decided_by"] + ": " + self.rows["why"]).unique())

    @property
    def decided_at(self) -> pd.Timestamp:
        """When the gate first gave a verdict on it."""
        return pd.Timestamp(self.verdicts["decided_at"].min())

    @property
    def rules(self) -> dict[str, int]:
        """How many rows failed each rule: the most first, of equals those on whole days, which explain more."""
        counts = self.verdicts["rule"].value_counts()
        return {
            rule: int(counts[rule]) for rule in sorted(counts.index, key=lambda rule: (-counts[rule], _order(rule)))
        }

    @property
    def reasons(self) -> list[str]:
        """The first reason of each rule, in words, in the order of the rules."""
        first = self.verdicts.drop_duplicates("rule").set_index("rule")["reason"]
        return [str(first[rule]) for rule in self.rules]


def cases_of(verdicts: Verdicts, rulings: Rulings) -> list[Case]:
    """Every case: the newest verdicts first, and of those quarantine before flags, and the newest hours."""
    if verdicts.empty:
        return []
    verdicts = Verdicts(_worst(verdicts))
    rows = rows_of_cases(verdicts, rulings).drop(columns="decided_at")
    failed = verdicts.merge(rows[[*IDENTITY, "severity", "stretch"]], on=[*IDENTITY, "severity"])
    by_stretch = dict(list(failed.groupby("stretch")))
    cases = [_case(of_it.drop(columns="stretch"), by_stretch[stretch]) for stretch, of_it in rows.groupby("stretch")]
    return sorted(
        cases, key=lambda case: (-case.decided_at.value, case.severity == "flag", -case.end.value, case.series)
    )


def rows_of_cases(verdicts: pd.DataFrame, rulings: Rulings) -> pd.DataFrame:
    """Every row with a verdict once, whichever rules it failed, with the ruling on it and its `state`.

    Args:
        verdicts: at least identity, severity, batch, value, mtu and decided_at, in any order.
        rulings: on these rows.

    Returns:
        These columns, `ruling`, `decided_by`, `why`, `state`, and the number of the case, `stretch`, in the order of
        the cases' series; rows of one case are neighbours.
    """
    verdicts = _worst(verdicts)
    newest = rulings.sort_values("decided_at", kind="stable").drop_duplicates(IDENTITY, keep="last")
    about = ["severity", "batch", "value", "mtu", "decided_at"]
    rows = verdicts.drop_duplicates([*IDENTITY, "severity"])[[*IDENTITY, *about]]
    newest = newest.rename(columns={"reason": "why"})[[*IDENTITY, "ruling", "decided_by", "why"]]
    rows = rows.merge(newest, on=IDENTITY, how="left")
    rows["state"] = rows["ruling"].map(_STATES).fillna("open").astype("str")
    owner = ["zone", "quantity", "severity", "state"]
    rows = rows.sort_values([*owner, "valid_time", "available_at"], ignore_index=True)
    apart = rows.groupby(owner)["valid_time"].diff().gt(LONGEST_STEP)
    return rows.assign(stretch=(apart | ~rows.duplicated(owner)).cumsum())


def _worst(verdicts: pd.DataFrame) -> pd.DataFrame:
    """The verdicts without the flags on what is in quarantine: it is not flagged besides."""
    withheld = verdicts["severity"] == "quarantine"
    return verdicts[withheld | ~among(verdicts, verdicts[withheld], IDENTITY)]


def _case(rows: pd.DataFrame, verdicts: pd.DataFrame) -> Case:
    first = rows.iloc[0]
    return Case(
        id=identity_of(first),
        series=Series(first["zone"], first["quantity"]),
        severity=str(first["severity"]),
        state=first["state"],
        rows=rows.reset_index(drop=True),
        verdicts=verdicts.drop(columns="stretch").sort_values(["valid_time", "rule"], ignore_index=True),
    )


def identity_of(first: pd.Series) -> str:
    """The identity of the case that begins with a row."""
    series = Series(first["zone"], first["quantity"])
    row = f"{first['valid_time'].isoformat()} {first['available_at'].isoformat()}"
    return digest(f"{series} {first['severity']} {row}")


def end_of(rows: pd.DataFrame) -> pd.Series:
    """When the market time unit of each row ends."""
    return rows["valid_time"] + rows["mtu"].map({str(mtu): mtu.delta for mtu in Mtu})


def find_case(cases: Sequence[Case], identity: str) -> Case | None:
    """The case whose id begins with that text, if exactly one does."""
    like = [case for case in cases if case.id.startswith(identity)] if identity else []
    return like[0] if len(like) == 1 else None


def _order(rule: str) -> tuple[bool, str]:
    return (rule not in RULE_BY_NAME or RULE_BY_NAME[rule].grain != "day", rule)
