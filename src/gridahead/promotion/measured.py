"""Figures of versions on the days that all of them have forecast without having learnt them, beside the references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.runs import REFERENCES, Reference
from gridahead.evaluation.bootstrap import Interval, bootstrap_difference, bootstrap_mean
from gridahead.evaluation.scores import score, table
from gridahead.evaluation.significance import diebold_mariano
from gridahead.evaluation.slices import breakdown
from gridahead.promotion.evidence import Evidence, gather
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Measured:
    """Evidence of one version or several, and what is calculated from it."""

    evidence: Evidence
    figures: pd.DataFrame
    """A row a model, as `scores_of` gives them."""
    shares: pd.DataFrame
    """A row a model, slice and metric, as `breakdown` gives them."""


@dataclass(frozen=True)
class Saving:
    """How much smaller the loss of a model is than that of a reference."""

    reference: Reference
    crps: Interval
    """[MW]"""
    p: float
    """Of the Diebold–Mariano test, two-sided."""


def measure(workspace: Workspace, series: Series, versions: Sequence[Version]) -> Measured | None:
    """The figures of versions on the days that all of them have; None without such a day."""
    evidence = gather(workspace, series, versions)
    if evidence is None:
        return None
    zone = workspace.settings.zone(series.zone)
    shares = breakdown(evidence.forecasts, evidence.outturn, zone, temperature=evidence.temperature)
    return Measured(evidence, scores_of(evidence, workspace.clock()), shares)


def savings(evidence: Evidence, model: str) -> list[Saving]:
    """What a model saves against every reference that there is, on the days of both."""
    losses = evidence.losses.pivot_table(index="day", columns="model", values="crps")
    against_references = []
    for reference in REFERENCES:
        if reference in losses:
            both = losses[[reference, model]].dropna()  # a reference lacks days on which its publisher was silent
            crps = bootstrap_difference(both[reference], both[model])
            against_references.append(Saving(reference, crps, diebold_mariano(both[model], both[reference]).p))
    return against_references


def scores_of(evidence: Evidence, scored_at: pd.Timestamp) -> pd.DataFrame:
    """A row a model: the metrics over all days, and the CRPS with its 95 % interval."""
    scores = score(evidence.forecasts, evidence.outturn, scored_at=scored_at)
    wide = table(scores).drop(columns=["run", "series"])
    for metric in ("crps", "mae"):
        intervals = {
            model: bootstrap_mean(rows.sort_values("day")[metric]) for model, rows in evidence.losses.groupby("model")
        }
        if metric == "crps":
            wide["crps"] = [intervals[model].value for model in wide["model"]]
        wide[f"{metric}_low"] = [intervals[model].low for model in wide["model"]]
        wide[f"{metric}_high"] = [intervals[model].high for model in wide["model"]]
    return wide
