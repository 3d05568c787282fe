"""Compare two versions on the days that both have forecast without having learnt them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gridahead.errors import ModelError
from gridahead.grid import Series
from gridahead.pipeline.evidence import Evidence, gather
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.bootstrap import Interval, bootstrap_difference, bootstrap_mean
from gridahead.scoring.evaluate import ALL_LEADS, REFERENCES, score, table
from gridahead.scoring.significance import diebold_mariano, p_words
from gridahead.serving.compare_picture import compare_picture
from gridahead.timeline import now
from gridahead.training.versions import Version
from gridahead.units import PowerUnit, per, power, significant
from gridahead.whole_files import write_whole


@dataclass(frozen=True, eq=False)
class Compared:
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
    picture: Path
    unit: PowerUnit
    """In which the difference is told."""

    def sentence(self) -> str:
        """Which is better, and whether that can be luck."""
        first, second = map(str, self.versions)
        better, worse = (first, second) if self.difference.value < 0 else (second, first)
        days, (low, high) = self.evidence.days, self.difference[1:]
        if self.difference.value < 0:
            low, high = -high, -low
        luck = "luck alone can explain that" if not self.p < 0.05 else "more than luck explains"
        return (
            f"{better} has a CRPS that is {power(abs(self.difference.value), self.unit)} smaller than that of {worse} "
            f"over {len(days)} days from {days[0]} to {days[-1]} (95 % interval {significant(per(low, self.unit))} to "
            f"{significant(per(high, self.unit))}; "
            f"Diebold–Mariano {p_words(self.p)}): {luck}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        return {
            "versions": [one.number for one in self.versions],
            "days": len(self.evidence.days),
            "first": str(self.evidence.days[0]),
            "last": str(self.evidence.days[-1]),
            "difference_crps_mw": self.difference._asdict(),
            "p_diebold_mariano": self.p,
            "scores": self.scores.to_dict("records"),
            "seasons": self.seasons.to_dict("records"),
            "sentence": self.sentence(),
            "picture": str(self.picture),
        }


def compare(workspace: Workspace, series: Series, first: str, second: str) -> Compared:
    """Two versions of a series on their common days, beside the references.

    Raises:
        ModelError: there is no such version, both are the same, or they have no day in common.
    """
    registry = workspace.registry
    one, other = registry.version(series, first), registry.version(series, second)
    if one.number == other.number:
        raise ModelError(str(series), f"{first} and {second} are both {one}; name two versions")
    found = gather(workspace, series, [one, other])
    if found is None:
        raise ModelError(
            str(series),
            f"{one} and {other} have no day in common that neither had learnt; let one forecast along as challenger, "
            "or back-test both",
        )
    losses = found.losses.pivot_table(index="day", columns="model", values="crps")
    ours, theirs = losses[str(one)], losses[str(other)]
    picture = workspace.settings.published_folder / "cards" / f"{series.slug}-v{one.number}-v{other.number}.png"
    unit = workspace.settings.unit_of(series)
    order = [str(one), str(other), *(name for name in REFERENCES if name in losses)]
    compared = Compared(
        versions=(one, other),
        evidence=found,
        scores=scores_of(found),
        seasons=_seasons(found.losses)[["season", "days", *order]],
        difference=bootstrap_difference(ours, theirs),
        p=diebold_mariano(ours, theirs).p,
        picture=picture,
        unit=unit,
    )
    by_season = compared.seasons.assign(**{name: per(compared.seasons[name], unit) for name in order})
    write_whole(picture, compare_picture(per(losses[order], unit), by_season, compared.sentence(), unit))
    return compared


def scores_of(found: Evidence) -> pd.DataFrame:
    """A row a model: the metrics over all days, and the CRPS with its 95 % interval."""
    scores = score(found.forecasts, found.outturn, scored_at=now())
    wide = table(scores[scores["lead"] == ALL_LEADS]).drop(columns=["run", "series"])
    for metric in ("crps", "mae"):
        intervals = {
            model: bootstrap_mean(rows.sort_values("day")[metric]) for model, rows in found.losses.groupby("model")
        }
        if metric == "crps":
            wide["crps"] = [intervals[model].value for model in wide["model"]]
        wide[f"{metric}_low"] = [intervals[model].low for model in wide["model"]]
        wide[f"{metric}_high"] = [intervals[model].high for model in wide["model"]]
    return wide


def _seasons(losses: pd.DataFrame) -> pd.DataFrame:
    means = losses.pivot_table(index="season", columns="model", values="crps", sort=False).reset_index()
    days = losses.groupby("season")["day"].nunique()
    means.insert(1, "days", means["season"].map(days))
    return means.rename_axis(columns=None)
