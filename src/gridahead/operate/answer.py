"""The answer to a slot: the forecast of the highest step of the ladder that can be had, and what is told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.runs import LIVE, Rung
from gridahead.core.tables import Forecasts, Observations
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.inputs import inputs_folder, keep_inputs
from gridahead.forecasting.issue import issue
from gridahead.forecasting.slot import Slot
from gridahead.models.base import predict_each
from gridahead.models.storage import content_of
from gridahead.promotion.serving import champion as serving_champion
from gridahead.quarantine.inputs_in_doubt import suspect_inputs
from gridahead.registry.versions import Registered
from gridahead.reports.suspects import suspects_sentence
from gridahead.workspace import Workspace, reading_range, require_unseen


@dataclass(frozen=True)
class Answer:
    """The forecast of a slot, in memory: nothing has been kept or published yet."""

    forecasts: Forecasts
    """Rows of one delivery day."""
    about: Mapping[str, object]
    """Further lines of the manifest, the same for the same forecast."""

    @property
    def issue_time(self) -> pd.Timestamp:
        """As of when it was made."""
        return pd.Timestamp(self.forecasts["issue_time"].iloc[0])

    @property
    def rung(self) -> Rung:
        """The step of the ladder that it comes from."""
        rung: Rung = self.forecasts["rung"].iloc[0]
        return rung

    @property
    def missing(self) -> str:
        """What was missing, in words; empty if nothing."""
        return str(self.forecasts["missing"].iloc[0])

    @property
    def model(self) -> str:
        """Name and version of the model that made it."""
        first = self.forecasts.iloc[0]
        return f"{first['model']} v{first['model_version']}"


def climb(workspace: Workspace, slot: Slot, aliases: Mapping[str, str]) -> Answer:
    """The forecast of the highest step of the ladder that can be had.

    Args:
        workspace: where the data and the models are.
        slot: what is to be forecast.
        aliases: the version of each alias.

    Raises:
        ModelError: there is no champion, its weights are damaged or gone, it has learnt from the delivery day, or
            nothing of the series is known in the context.
    """
    champion = serving_champion(workspace, slot.series, aliases)
    spec = champion.model.spec
    windows = windows_of(workspace, spec, [slot.day], [slot.issue_time(spec)])
    issued = pd.Timestamp(windows.issue_time[0], unit="us", tz="UTC")
    if np.isnan(windows.target_past[0]).all():
        raise ModelError(
            str(slot.series),
            f"nothing is known of it in the {spec.context_days} days before "
            f"{issued:%Y-%m-%d %H:%M} UTC; run `gridahead ingest`, "
            "or set --issue-time to a day that `gridahead status` shows",
        )
    require_unseen(champion.about, slot.day)
    forecasts = made_by(workspace, champion, windows.alone(0), LIVE)
    end = forecasts["valid_time"].max() + spec.mtu.delta
    about = {
        "run_id": champion.run_id,
        "bundle": content_of(champion.model),
        "inputs": [str(covariate) for covariate in spec.inputs],
        "attribution": workspace.settings.attribution_of(*spec.inputs),
        "suspect_inputs": suspects_sentence(suspect_inputs(workspace.lake, spec.inputs, issued, end)) or None,
    }
    return Answer(forecasts, about)


def made_by(workspace: Workspace, registered: Registered, windows: Windows, run: str) -> Forecasts:
    """The forecasts of a version for the windows; what they hold is kept, to be compared with later."""
    keep_inputs(inputs_folder(workspace.settings.data_folder, registered.series), windows)
    return issue(
        windows,
        predict_each(registered.model, windows),
        registered.model.quantiles,
        run=run,
        model=registered.model.name,
        version=registered.version,
        made_at=workspace.clock(),
        known_share=registered.model.known_share,
        late_after_hours=workspace.settings.quality.late_after_hours,
    )


def windows_of(
    workspace: Workspace, spec: WindowSpec, days: Sequence[dt.date], issue_times: Sequence[pd.Timestamp] | None = None
) -> Windows:
    """The windows of some delivery days of what is accepted in the lake, as of their deadlines unless given."""
    time_range = reading_range(spec, min(days), max(days))
    observations: Observations = workspace.lake.read_vintages(*spec.inputs, time_range=time_range)
    return build_windows(observations, spec, days, issue_times=issue_times)
