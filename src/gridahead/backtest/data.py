"""The data of one series for a back-test: its windows, built once, and what may be learnt and forecast in each fold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from gridahead.backtest.plan import Fold, Plan
from gridahead.backtest.store import BacktestStore
from gridahead.core.errors import ModelError
from gridahead.core.fingerprint import code_hash, digest
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.core.time import days_between
from gridahead.features.windows import Windows, WindowSpec, build_windows, outturn_of
from gridahead.models.tabular import TABULAR, TabularName
from gridahead.training.drawn import Drawn, drawn_windows
from gridahead.training.split import Split, cut, days_to_learn
from gridahead.workspace import Workspace


@dataclass(frozen=True)
class SeriesData:
    """One series prepared for all folds."""

    workspace: Workspace
    plan: Plan
    spec: WindowSpec
    observations: Observations
    days: Sequence[dt.date]
    windows: Windows
    """Of each of the days, to learn or to forecast, as of its issue time."""
    folds: tuple[Fold, ...]
    """Those that have a day with an outturn."""
    drawn: Drawn = field(default_factory=dict)
    """Windows of the same days as of drawn issue times, to learn and to judge."""

    @property
    def series(self) -> Series:
        """The series that is back-tested."""
        return self.spec.series

    @property
    def store(self) -> BacktestStore:
        """What this back-test has kept."""
        return BacktestStore(self.workspace.settings.data_folder, self.plan.run)

    @property
    def networks(self) -> list[str]:
        """The models and ensembles of the settings that are asked for."""
        return [name for name in self.plan.models if name in self.workspace.settings.names]

    @property
    def tabular(self) -> list[TabularName]:
        """The regressions that are asked for."""
        return [name for name in TABULAR if name in self.plan.models]

    def to_learn(self, fold: Fold) -> Split:
        """What may be learnt for a fold: the days before it, with the outturn as it was known at its first deadline.

        Raises:
            ModelError: that is too little, or an input knows the outturn.
        """
        training = self.workspace.settings.training.model_copy(update={"holdout_start": fold.first})
        days = [day for day in self.days if day < fold.first]
        windows = self.windows.where(np.array([day < fold.first for day in self.days]))
        if not days:
            return cut(windows, days, training)
        drawn = {
            issued: replace(kept, complete=self._as_known(kept.complete, fold))
            for issued, copies in self.drawn.items()
            if (kept := copies.of_days(days)).days
        }
        return cut(self._as_known(windows, fold), days, training, drawn)

    def _as_known(self, windows: Windows, fold: Fold) -> Windows:
        """The windows with the outturn as it was known at the first deadline of a fold."""
        known_at = self.spec.deadline.for_delivery(fold.first)
        target = outturn_of(self.observations, self.spec, windows.valid_time, known_at)
        return replace(windows, target=np.where(windows.within, target, np.float32(np.nan)))

    def to_forecast(self, fold: Fold) -> Windows:
        """The windows of a fold's days that have an outturn to be scored against."""
        windows = self.windows.where(np.array([fold.first <= day <= fold.last for day in self.days]))
        return with_outturn(windows, self.observations)

    def fingerprint(self, fold: Fold, windows: Windows, made_from: Any) -> str:
        """Of all that decides what a model forecasts: what it reads, the code, and what it is made from."""
        reads = [windows.data_hash(row) for row in range(len(windows))]
        return digest([str(fold.first), repr(self.spec), reads, code_hash(), torch.__version__, made_from])


def prepare(workspace: Workspace, series: Series, plan: Plan) -> SeriesData:
    """Everything that the folds of a series need.

    Raises:
        ModelError: there is no outturn in the period, or no context before its first day.
        LakeError: the lake does not have the series.
    """
    spec, observations = workspace.inputs(series)
    first, with_context = plan.first, days_to_learn(observations, spec)
    _require_context(series, plan, with_context)
    if set(plan.models) & {*workspace.settings.names, *TABULAR}:
        first = min(first, with_context[0])
    days = days_between(first, plan.last)
    windows = build_windows(observations, spec, days)
    measured = _has_outturn(windows, observations)
    scored = {day for day, has in zip(days, measured, strict=True) if has and day >= plan.first}
    if not scored:
        raise ModelError(
            str(series), f"has no outturn from {plan.first} to {plan.last}; `gridahead status` shows what the lake has"
        )
    chosen = tuple(fold for fold in plan.folds if scored.intersection(fold.days))
    learns = {*plan.models} & {*workspace.settings.names, *TABULAR}
    drawn = drawn_windows(observations, spec, days, judged_from=days[0]) if learns else {}
    return SeriesData(workspace, plan, spec, observations, days, windows, chosen, drawn)


def _require_context(series: Series, plan: Plan, with_context: Sequence[dt.date]) -> None:
    """A day of which no context is known cannot be forecast by anything, not even naively.

    Raises:
        ModelError: the first day of the plan is one.
    """
    if not with_context:
        raise ModelError(str(series), "has no delivery day with a whole context before it; ingest a longer history")
    if plan.first < with_context[0]:
        raise ModelError(
            str(series),
            f"is not known long enough before {plan.first} to forecast it: the first day with a whole context is "
            f"{with_context[0]}. Begin there with --start {with_context[0]}, or ingest what came before",
        )


def with_outturn(windows: Windows, observations: Observations) -> Windows:
    """Those of which any unit of the delivery day has been measured.

    Nothing is learnt from what carries a flag, but a day that is wholly flagged is forecast and scored like any other.
    """
    measured = windows.where(_has_outturn(windows, observations))
    return measured.trimmed() if len(measured) else measured


def _has_outturn(windows: Windows, observations: Observations) -> npt.NDArray[np.bool_]:
    if not len(windows):
        return np.zeros(0, bool)
    flagged_too = Observations(observations.drop(columns="flags", errors="ignore"))
    measured = outturn_of(flagged_too, windows.spec, windows.valid_time)
    has: npt.NDArray[np.bool_] = np.any(windows.delivery & ~np.isnan(measured), axis=1)
    return has
