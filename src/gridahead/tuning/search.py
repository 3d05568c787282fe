"""Search: the settings of one model that do best on the validation days of a series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.units import Unit
from gridahead.training.split import split
from gridahead.tuning.record import SearchRecord
from gridahead.tuning.study import Search, run_trials
from gridahead.tuning.trial import Trial, best_of
from gridahead.workspace import Workspace

OnTrial = Callable[[Search, Trial, Sequence[Trial], float], None]
"""Called when a trial has ended: the search, the trial, all that have ended so far, and the seconds left."""


@dataclass(frozen=True)
class SearchResult:
    """The trials of a search so far, over all calls."""

    search: Search
    trials: list[Trial]
    unit: Unit = "MW"
    """In which people read power; machines get MW."""

    @property
    def best(self) -> Trial:
        """The trial with the smallest pinball loss."""
        best = best_of(self.trials)
        assert best is not None
        return best

    @property
    def default(self) -> Trial | None:
        """The present settings; None if none of their trials could be finished."""
        return best_of([trial for trial in self.trials if trial.default])


def search(
    workspace: Workspace,
    series: Series,
    model: str,
    minutes: float,
    trials: int | None = None,
    on_trial: OnTrial | None = None,
) -> SearchResult:
    """Try settings of a model for so many minutes, going on where the last call stopped.

    Args:
        workspace: where the data are, and MLflow.
        series: whose days before the holdout.
        model: a network, by its name in the settings.
        minutes: of this call.
        trials: at most so many in this call.
        on_trial: called for each trial of this call that has ended.

    Raises:
        SettingsError: the settings have no such network.
        LakeError: the lake does not have the series.
        ModelError: there are too few days, no trial could be finished, or the process of one died.
    """
    settings = workspace.settings
    if model not in settings.models:
        raise SettingsError(f"--model {model}: no network has this name; known are {', '.join(settings.models)}")
    spec, observations = workspace.inputs(series)
    file = settings.data_folder / "search" / f"{series.slug}.{model}.db"
    training = settings.training.model_copy(update={"refit": False})  # a trial learns once, and the days after judge it
    begun = Search(file, model, split(observations, spec, training), settings.models[model], training)
    record, numbers = SearchRecord(workspace.tracking, begun), {trial.number for trial in begun.trials()}

    def follow(ended: list[Trial], seconds_left: float) -> None:
        record.follow(ended)
        for trial in ended:
            if trial.number not in numbers:
                numbers.add(trial.number)
                if on_trial is not None:
                    on_trial(begun, trial, ended, seconds_left)

    run_trials(begun, minutes, trials, training.workers, follow)
    record.close()
    result = SearchResult(begun, begun.trials(), settings.unit_of(series))
    if best_of(result.trials) is None:
        reasons = dict.fromkeys(trial.reason for trial in result.trials if trial.reason)
        raise ModelError(begun.label, f"no trial could be finished; {'; '.join(reasons) or 'give it more --minutes'}")
    return result
