"""A search in words and figures: a table, a sentence, the best settings as TOML, and a line a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import tomlkit

from gridahead.core.units import Unit, per, power, significant
from gridahead.reports.wording import NOTHING
from gridahead.tuning.space import OF_TRAINING
from gridahead.tuning.trial import Trial, best_of, completed

if TYPE_CHECKING:  # they import torch and Optuna, and what tells of a search does without
    from gridahead.tuning.search import SearchResult
    from gridahead.tuning.study import Search

SHOWN = 5
"""Trials in the table."""


def search_rows(result: SearchResult) -> list[dict[str, str]]:
    """One column a trial, the default first and then the best; one line a measure or setting."""
    shown = {"default": result.default} if result.default else {}
    shown |= {f"trial {trial.number}": trial for trial in completed(result.trials)[:SHOWN]}
    names = [*result.best.validation, *result.best.settings]
    values = {title: {**_in_unit(trial.validation, result.unit), **trial.settings} for title, trial in shown.items()}
    return [{"": name, **{title: _text(column[name]) for title, column in values.items()}} for name in names]


def search_sentence(result: SearchResult) -> str:
    """How much better than the present settings."""
    best, default = result.best, result.default
    counts = [sum(trial.state == state for trial in result.trials) for state in ("complete", "pruned", "fail")]
    tried = "{} trials: {} complete, {} pruned, {} failed.".format(len(result.trials), *counts)
    if default is None:
        return f"{tried} The present settings could not be trained, so nothing is compared with them."
    if best.default:
        return f"{tried} Nothing was better than the present settings (trial {best.number})."
    gain = 1 - best.validation["validation_pinball"] / default.validation["validation_pinball"]
    return (
        f"{tried} Trial {best.number} has a pinball loss {gain:.1%} below that of the present settings, one "
        "network of each, on the validation days that chose it: back-test before you take it over."
    )


def best_settings_toml(result: SearchResult) -> str:
    """The best settings as TOML, to be put into the settings file."""
    best, name = result.best.settings, result.search.model
    model = result.search.config.model_dump(mode="json", exclude_defaults=True)
    model |= {setting: value for setting, value in best.items() if setting not in OF_TRAINING}
    models = tomlkit.table(is_super_table=True)
    models.add(name, _table(model))
    training = _table({setting: best[setting] for setting in OF_TRAINING})
    training.comment("of all models")
    document = tomlkit.document()
    document.add("models", models)
    document.add("training", training)
    return tomlkit.dumps(document).rstrip()


def search_json(result: SearchResult) -> dict[str, Any]:
    """The result of a search as plain values, for JSON."""
    return {
        "study": result.search.name,
        "best": result.best.number,
        "default": result.default.number if result.default else None,
        "toml": best_settings_toml(result),
        "trials": [asdict(trial) for trial in result.trials],
    }


def trial_line(search: Search, trial: Trial, ended: Sequence[Trial], seconds_left: float, unit: Unit = "MW") -> str:
    """One trial in one line: its loss, the best so far, how much time is left."""
    shown = trial.pinball if trial.pinball is not None else min(trial.by_epoch.values(), default=None)
    loss = "" if shown is None else f", pinball {power(shown, unit)} after {len(trial.by_epoch)} epochs"
    best = best_of(ended)
    so_far = "" if best is None or best.pinball is None else f"; best {power(best.pinball, unit)} (trial {best.number})"
    present = " (present settings)" if trial.default else ""
    reason = f" ({trial.reason})" if trial.reason else ""
    return (
        f"{search.label}: trial {trial.number}{present} {trial.state}{reason}{loss}{so_far}; "
        f"{seconds_left / 60:.0f} min left"
    )


def _table(section: Mapping[str, Any]) -> tomlkit.items.Table:
    """Keys and values; TOML has no word for nothing, so that stands in a comment."""
    table = tomlkit.table()
    for name, value in section.items():
        if value is None:
            table.add(tomlkit.comment(f"without {name}"))
        else:
            table.add(name, value)
    return table


def _in_unit(validation: Mapping[str, float], unit: Unit) -> dict[str, str]:
    return {name: significant(per(value, unit)) for name, value in validation.items()}


def _text(value: Any) -> str:
    if value is None:
        return NOTHING
    return f"{value:.4g}" if isinstance(value, float) else str(value)
