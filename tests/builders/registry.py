"""A registry in memory, and a small lake with forecasts of its versions: for the tests of what is decided on them."""

import datetime as dt
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd

from builders.rows import LOAD
from builders.windows import FIRST, SPEC, made_load
from gridahead.core.errors import ModelError
from gridahead.core.runs import CHAMPION
from gridahead.core.time import days_between, now
from gridahead.features.windows import build_windows
from gridahead.forecasting.issue import issue
from gridahead.registry.versions import Registered, Version
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

DAYS = 130
LEVELS = (0.1, 0.5, 0.9)
OBSERVATIONS = made_load(days=DAYS)
TRAINED, JUDGED = (20, 39), (40, 109)
"""Days after the first on which versions were trained, and on which they were judged."""


class MadeRegistry:
    """Versions, aliases and tags, as the real one has them."""

    def __init__(self):
        self.known, self.lost = {}, set()
        self.exports: Any = None

    def add(self, number, pinball, model="lstm", settings="", learnt=JUDGED[1]):
        tags = {
            "series": str(LOAD),
            "model": model,
            "validation_pinball": str(pinball),
            "validation_mae": "1",
            "train_days": f"{day(TRAINED[0])} to {day(TRAINED[1])}",
            "learnt_until": str(day(learnt)),
            "validation_days": f"{day(JUDGED[0])} to {day(JUDGED[1])}",
            "settings_hash": settings or f"of {number}",
        }
        self.known[number] = Version(LOAD, number, "run", pd.Timestamp("2025-06-01T00:00Z"), (), tags)
        self.exports.put(self.known[number])
        return self.known[number]

    def versions(self, series):
        return list(self.known.values())

    def version(self, series, number):
        for one in self.known.values():
            if number == one.number or number in one.aliases:
                return one
        raise ModelError(str(series), f"has no version {number!r}")

    def aliases(self, series):
        return {alias: one.number for one in self.known.values() for alias in one.aliases}

    def holder(self, series, alias):
        return next((one for one in self.known.values() if alias in one.aliases), None)

    def champion(self, series):
        return Registered(self.holder(series, CHAMPION), None)  # type: ignore[arg-type]  # nobody asks for its weights

    def sound(self, found):
        return found.number not in self.lost

    def give(self, found, alias):
        self.set_alias(found.series, alias, found.number)
        return self.known[found.number]

    def take(self, series, alias):
        self.set_alias(series, alias, None)

    def set_alias(self, series, alias, number):
        self.on_pages(alias, number)
        self.exports.note_registry(series, self.aliases(series))

    def on_pages(self, alias, number):
        """As somebody does it in MLflow, whom the exports do not hear."""
        for other, one in self.known.items():
            held = tuple(name for name in one.aliases if name != alias)
            self.known[other] = replace(one, aliases=(*held, alias) if other == number else held)

    def note(self, found, tags):
        self.known[found.number] = replace(self.known[found.number], tags={**self.known[found.number].tags, **tags})


def day(after):
    """So many days after the first."""
    return FIRST + dt.timedelta(days=after)


def workspace_at(folder, unit=None, **training):
    """A workspace with a made-up load in its lake and no version yet, whose power is shown in a unit."""
    settings = Settings.model_validate(
        {
            "data_folder": folder,
            "series": [{"series": "DE/load", "deadline": str(SPEC.deadline), "unit": unit}],
            "training": {"quantiles": LEVELS, "context_days": 8, **training},
            "promotion": {"tolerance": 0.5},
        }
    )
    registry = MadeRegistry()
    made = Workspace(settings, registry_of=lambda workspace: cast(Any, registry))
    registry.exports = made.exports
    made.lake.observations.append(OBSERVATIONS)
    return made


def said(workspace, version, error, run="validation", span=JUDGED, seed=0):
    """Keep forecasts of a version that are wrong by so much [MW], with the right quantiles around them."""
    windows = build_windows(OBSERVATIONS, SPEC, days_between(day(span[0]), day(span[1])))
    draws = np.random.default_rng(seed)
    median = np.nan_to_num(windows.target) + draws.normal(0, error, windows.target.shape)
    spread = 1.2816 * error * np.array([-1, 0, 1])
    quantiles = (median[..., None] + spread).astype(np.float32)
    made = issue(windows, quantiles, LEVELS, run=run, model=version.model, version=version.number, made_at=now())
    workspace.lake.forecasts.append(made)
