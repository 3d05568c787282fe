"""Compare two versions on the days that both have forecast without having learnt them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import REFERENCES
from gridahead.core.units import Unit
from gridahead.evaluation.bootstrap import Interval, bootstrap_difference
from gridahead.evaluation.significance import diebold_mariano
from gridahead.promotion.evidence import Evidence, gather
from gridahead.promotion.measured import scores_of
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class VersionComparison:
    """Two versions side by side, and the references."""

    versions: tuple[Version, Version]
    evidence: Evidence
    scores: pd.DataFrame
    """A row a model: n, mae, pinball, coverage_80, skill and so on, with crps and its 95 % interval."""
    seasons: pd.DataFrame
    """Mean CRPS [MW]: a row a season, a column a model, and the number of days."""
    difference: Interval
    """CRPS of the first less that of the second [MW]."""
    p: float
    """Of the Diebold–Mariano test, two-sided."""
    unit: Unit
    """In which people read the difference."""

    @property
    def losses(self) -> pd.DataFrame:
        """CRPS [MW]: a row a day, a column a model, the two versions first."""
        by_day = self.evidence.losses.pivot_table(index="day", columns="model", values="crps")
        return by_day[_shown_models(self.versions, by_day)]


def compare(workspace: Workspace, series: Series, first: str, second: str) -> VersionComparison:
    """Two versions of a series on their common days, beside the references.

    Raises:
        ModelError: there is no such version, both are the same, or they have no day in common.
    """
    registry = workspace.registry
    versions = registry.version(series, first), registry.version(series, second)
    first_version, second_version = versions
    if first_version.number == second_version.number:
        raise ModelError(str(series), f"{first} and {second} are both {first_version}; name two versions")
    evidence = gather(workspace, series, versions)
    if evidence is None:
        raise ModelError(
            str(series),
            f"{first_version} and {second_version} have no day in common that neither had learnt; "
            "let one forecast along as challenger, or back-test both",
        )
    losses = evidence.losses.pivot_table(index="day", columns="model", values="crps")
    first_losses, second_losses = losses[str(first_version)], losses[str(second_version)]
    return VersionComparison(
        versions=versions,
        evidence=evidence,
        scores=scores_of(evidence, workspace.clock()),
        seasons=_seasons(evidence.losses)[["season", "days", *_shown_models(versions, losses)]],
        difference=bootstrap_difference(first_losses, second_losses),
        p=diebold_mariano(first_losses, second_losses).p,
        unit=workspace.settings.unit_of(series),
    )


def _shown_models(versions: tuple[Version, Version], losses: pd.DataFrame) -> list[str]:
    """The columns of losses in the order in which they are shown: the versions, then the references that there are."""
    return [*map(str, versions), *(name for name in REFERENCES if name in losses)]


def _seasons(losses: pd.DataFrame) -> pd.DataFrame:
    means = losses.pivot_table(index="season", columns="model", values="crps", sort=False).reset_index()
    days = losses.groupby("season")["day"].nunique()
    means.insert(1, "days", means["season"].map(days))
    return means.rename_axis(columns=None)
