"""Drift: whether the inputs of a series or the errors of its champion have left what the season was before."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridahead.features.windows import WindowSpec
from gridahead.grid import Series
from gridahead.pipeline.evidence import gather
from gridahead.pipeline.served_drift import DAYS, newest_day, served_drift
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.drift import error_drift, interval_drift, require_unlearnt
from gridahead.scoring.findings import Finding
from gridahead.scoring.input_drift import input_drift, same_season
from gridahead.tables import Observations
from gridahead.timeline import now
from gridahead.training.versions import CHAMPION, Version
from gridahead.vintages import as_of, of_series


@dataclass(frozen=True)
class Drift:
    """What was looked at of one series, and what follows."""

    series: Series
    first: dt.date
    last: dt.date
    findings: tuple[Finding, ...]
    champion: str | None
    """Whose errors they are."""

    @property
    def alarm(self) -> bool:
        """Whether something has changed that a person should know."""
        return any(one.severity == "alarm" for one in self.findings)

    @property
    def retrain(self) -> bool:
        """Whether it should be trained again."""
        return any(one.retrain for one in self.findings)

    def words(self) -> str:
        """The outcome in a sentence, with the way out."""
        return f"{self._found()}{self._unsaid()}"

    def _found(self) -> str:
        to_train = dict.fromkeys(one.subject for one in self.findings if one.retrain)
        changed = dict.fromkeys(one.subject for one in self.findings if one.severity == "alarm" and not one.retrain)
        watched = dict.fromkeys(one.subject for one in self.findings if one.severity == "watch")
        span = f"from {self.first} to {self.last}"
        told = []
        if to_train:
            told.append(f"drift {span} of {', '.join(to_train)}: train it again")
        if changed:
            told.append(f"the official forecast {', '.join(changed)} has changed {span}: it errs more than it did")
        if watched and not told:
            told.append(f"{', '.join(watched)} unusual {span}, not yet drift: look again in some days")
        return "; ".join(told) or f"no drift {span}"

    def _unsaid(self) -> str:
        """What could not be looked at, so that silence is not taken for good news."""
        if self.champion is None:
            return "; errors: there is no champion yet that could make any"
        if any(one.kind == "error" and not np.isnan(one.value) for one in self.findings):
            return ""
        return f"; errors: too few forecasts of {self.champion} of these days have an outturn to say anything"

    def rows(self) -> list[dict[str, object]]:
        """One line a finding."""
        return [{"kind": one.kind, "severity": one.severity, "finding": one.words} for one in self.findings]

    def to_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        findings = [
            {
                name: None if isinstance(value, float) and np.isnan(value) else value
                for name, value in asdict(one).items()
            }
            for one in self.findings
        ]
        return {
            "series": str(self.series), "first": str(self.first), "last": str(self.last), "champion": self.champion,
            "alarm": self.alarm, "words": self.words(), "findings": findings,
        }  # fmt: skip


def drift(workspace: Workspace, series: Series, days: int = DAYS) -> Drift:
    """Look at the newest days: the inputs, the errors of the champion on days that it had not learnt, what was served.

    Args:
        workspace: where the data and the models are.
        series: which.
        days: how many of the newest days are looked at.

    Raises:
        ModelError: a day to be judged by has been learnt.
        LakeError: the lake does not have the series.
    """
    spec, observations = workspace.inputs(series)
    newest = of_series(observations, series)["valid_time"].max() + spec.mtu.delta
    start = newest - pd.Timedelta(days=days)
    last = newest_day(observations, spec)
    first = start.tz_convert(spec.zone.timezone).date()
    champion = workspace.registry.holder(series, CHAMPION)
    findings = [*_inputs(observations, spec, start, newest)]
    if champion is not None:
        findings += _errors(workspace, champion, pd.Timestamp(first))
    findings += served_drift(workspace, series, spec, observations, pd.Timestamp(first))
    return Drift(series, first, last.date(), tuple(findings), None if champion is None else str(champion))


def _inputs(observations: Observations, spec: WindowSpec, start: pd.Timestamp, end: pd.Timestamp) -> list[Finding]:
    """Every input against the same season of former years."""
    known, found = as_of(observations, now()), []
    for one in spec.inputs:
        values = of_series(known, one).set_index("valid_time")["value"].sort_index()
        recent = values[(values.index >= start) & (values.index < end)]
        found.append(input_drift(str(one), recent, same_season(values, start, end), spec.steps_per_day))
    return found


def _errors(workspace: Workspace, champion: Version, first: pd.Timestamp) -> list[Finding]:
    """The newest daily losses and coverages of a version against the earlier ones that it had not learnt either."""
    evidence = gather(workspace, champion.series, [champion])
    if evidence is None:
        return []
    losses = evidence.losses[evidence.losses["model"] == str(champion)].set_index("day").sort_index()
    losses = losses.rename(columns={"crps": "loss"})
    recent, past = losses[losses.index >= first], losses[losses.index < first]
    # Validation days were judged by weights that had not learnt them; what is recent was said by those that serve.
    require_unlearnt(str(champion), pd.DatetimeIndex(recent.index), champion.last_day_learnt)
    name, learnt = f"{champion.series} {champion}", champion.judged_learnt
    return [
        error_drift(name, recent, past, learnt_until=learnt, unit=workspace.settings.unit_of(champion.series)),
        interval_drift(name, recent, past, learnt_until=learnt),
    ]
