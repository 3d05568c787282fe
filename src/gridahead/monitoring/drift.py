"""Drift: whether the inputs of a series or the errors of its champion have left what the season was before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION
from gridahead.core.units import Unit
from gridahead.core.vintages import as_of, of_series
from gridahead.features.windows import WindowSpec
from gridahead.monitoring.error_drift import error_drift, interval_drift, require_unlearnt
from gridahead.monitoring.findings import DriftFinding
from gridahead.monitoring.input_drift import input_drift, same_season
from gridahead.monitoring.published import DAYS, newest_day, published_drift_since
from gridahead.promotion.evidence import gather
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class Drift:
    """The findings of drift of one series over its newest days."""

    series: Series
    first: dt.date
    last: dt.date
    findings: tuple[DriftFinding, ...]
    champion: str | None
    """Whose errors they are."""
    unit: Unit
    """In which people read the losses."""

    @property
    def alarm(self) -> bool:
        """Whether something has changed that a person should know."""
        return any(finding.level == "alarm" for finding in self.findings)

    @property
    def retrain(self) -> bool:
        """Whether it should be trained again."""
        return any(finding.retrain for finding in self.findings)


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
    findings = [*_inputs(as_of(observations, workspace.clock()), spec, start, newest)]
    if champion is not None:
        findings += _errors(workspace, champion, pd.Timestamp(first))
    findings += published_drift_since(workspace, series, spec, observations, pd.Timestamp(first))
    return Drift(
        series=series,
        first=first,
        last=last.date(),
        findings=tuple(findings),
        champion=None if champion is None else str(champion),
        unit=workspace.settings.unit_of(series),
    )


def _inputs(available: pd.DataFrame, spec: WindowSpec, start: pd.Timestamp, end: pd.Timestamp) -> list[DriftFinding]:
    """Every input against the same season of former years."""
    findings = []
    for series in spec.inputs:
        values = of_series(available, series).set_index("valid_time")["value"].sort_index()
        recent = values[(values.index >= start) & (values.index < end)]
        findings.append(input_drift(str(series), recent, same_season(values, start, end), spec.steps_per_day))
    return findings


def _errors(workspace: Workspace, champion: Version, first: pd.Timestamp) -> list[DriftFinding]:
    """The newest daily losses and coverages of a version against the earlier ones that it had not learnt either."""
    evidence = gather(workspace, champion.series, [champion])
    if evidence is None:
        return []
    losses = evidence.losses[evidence.losses["model"] == str(champion)].set_index("day").sort_index()
    losses = losses.rename(columns={"crps": "loss"})
    recent, past = losses[losses.index >= first], losses[losses.index < first]
    # Validation days were forecast by weights that had not learnt them; the recent ones by those that serve.
    require_unlearnt(str(champion), pd.DatetimeIndex(recent.index), champion.last_day_learnt)
    name, learnt = f"{champion.series} {champion}", champion.judged_learnt
    return [
        error_drift(name, recent, past, learnt_until=learnt),
        interval_drift(name, recent, past, learnt_until=learnt),
    ]
