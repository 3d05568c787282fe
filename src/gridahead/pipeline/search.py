"""Search: the settings of one model that do best on the validation days of a series, and how to take them over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gridahead.errors import ModelError, SettingsError
from gridahead.grid import Series
from gridahead.pipeline.workspace import Workspace
from gridahead.training.search import Search, run_trials
from gridahead.training.search_record import SearchRecord
from gridahead.training.search_space import OF_TRAINING
from gridahead.training.search_trial import Trial, best_of, completed
from gridahead.training.split import split
from gridahead.units import PowerUnit, per, power, significant

log = logging.getLogger(__name__)

SHOWN = 5
"""Trials in the table."""


@dataclass(frozen=True)
class Found:
    """What a search has found so far, over all calls."""

    search: Search
    trials: list[Trial]
    unit: PowerUnit = "MW"
    """In which power is told; machines get MW."""

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

    def rows(self) -> list[dict[str, str]]:
        """One column a trial, the default first and then the best; one line a measure or setting."""
        shown = {"default": self.default} if self.default else {}
        shown |= {f"trial {trial.number}": trial for trial in completed(self.trials)[:SHOWN]}
        names = [*self.best.validation, *self.best.settings]
        values = {title: {**self._told(trial.validation), **trial.settings} for title, trial in shown.items()}
        return [{"": name, **{title: _text(one[name]) for title, one in values.items()}} for name in names]

    def _told(self, validation: Mapping[str, float]) -> dict[str, str]:
        return {name: significant(per(value, self.unit)) for name, value in validation.items()}

    def sentence(self) -> str:
        """How much better than the present settings."""
        best, default = self.best, self.default
        counts = [sum(trial.state == state for trial in self.trials) for state in ("complete", "pruned", "fail")]
        tried = "{} trials: {} complete, {} pruned, {} failed.".format(len(self.trials), *counts)
        if default is None:
            return f"{tried} The present settings could not be trained, so nothing is compared with them."
        if best.default:
            return f"{tried} Nothing was better than the present settings (trial {best.number})."
        gain = 1 - best.validation["validation_pinball"] / default.validation["validation_pinball"]
        return (
            f"{tried} Trial {best.number} has a pinball loss {gain:.1%} below that of the present settings, one "
            "network of each, on the validation days that chose it: back-test before you take it over."
        )

    def snippet(self) -> str:
        """The best settings as TOML, to be put into the settings file."""
        model = {**self.search.config.model_dump(mode="json", exclude_defaults=True)}
        found = self.best.settings
        model |= {name: value for name, value in found.items() if name not in OF_TRAINING}
        training = {name: found[name] for name in OF_TRAINING}
        name = self.search.model
        return "\n".join([f"[models.{name}]", *_lines(model), "", "[training] # of all models", *_lines(training)])

    def to_dict(self) -> dict[str, Any]:
        """Everything, for machines."""
        return {
            "study": self.search.name,
            "best": self.best.number,
            "default": self.default.number if self.default else None,
            "toml": self.snippet(),
            "trials": [asdict(trial) for trial in self.trials],
        }


def search(workspace: Workspace, series: Series, model: str, minutes: float, trials: int | None = None) -> Found:
    """Try settings of a model for so many minutes, going on where the last call stopped.

    Args:
        workspace: where the data are, and MLflow.
        series: whose days before the holdout.
        model: a network, by its name in the settings.
        minutes: of this call.
        trials: at most so many in this call.

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
    one = Search(file, model, split(observations, spec, training), settings.models[model], training)
    record, seen = SearchRecord(workspace.tracking, one), {trial.number for trial in one.trials()}

    def told(ended: list[Trial], seconds_left: float) -> None:
        record.follow(ended)
        for trial in ended:
            if trial.number not in seen:
                seen.add(trial.number)
                log.info("%s", line(one, trial, ended, seconds_left, settings.unit_of(series)))

    run_trials(one, minutes, trials, training.workers, told)
    record.close()
    found = Found(one, one.trials(), settings.unit_of(series))
    if best_of(found.trials) is None:
        reasons = dict.fromkeys(trial.reason for trial in found.trials if trial.reason)
        raise ModelError(one.label, f"no trial could be finished; {'; '.join(reasons) or 'give it more --minutes'}")
    return found


def line(search: Search, trial: Trial, ended: list[Trial], seconds_left: float, unit: PowerUnit = "MW") -> str:
    """One trial in one line: what came of it, the best so far, how much time is left."""
    shown = trial.pinball if trial.pinball is not None else min(trial.by_epoch.values(), default=None)
    said = "" if shown is None else f", pinball {power(shown, unit)} after {len(trial.by_epoch)} epochs"
    best = best_of(ended)
    so_far = "" if best is None or best.pinball is None else f"; best {power(best.pinball, unit)} (trial {best.number})"
    present = " (present settings)" if trial.default else ""
    reason = f" ({trial.reason})" if trial.reason else ""
    return (
        f"{search.label}: trial {trial.number}{present} {trial.state}{reason}{said}{so_far}; "
        f"{seconds_left / 60:.0f} min left"
    )


def _lines(section: Mapping[str, Any]) -> list[str]:
    """Keys and values of TOML, which has no word for nothing."""
    return [f"# without {name}" if value is None else f"{name} = {_toml(value)}" for name, value in section.items()]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
