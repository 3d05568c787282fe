"""Reproduce: make a forecast again, from the lake as of its issue time and its model, and compare bit for bit.

The lake is read as every forecast reads it: rows, verdicts of the gate and people's rulings as they were known at the
issue time. Where the fingerprint of the inputs is not the same, a history was taken in or judged since; what was kept
of the inputs says which hours differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridahead.backtest.environment import made_with
from gridahead.backtest.store import BacktestStore
from gridahead.core.errors import GridaheadError, LakeError, ModelError
from gridahead.core.fingerprint import DIGITS
from gridahead.core.grid import Series
from gridahead.core.runs import Reference, is_backtest
from gridahead.core.tables import Forecasts
from gridahead.evaluation.references import reference_windows
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.identity import IDENTIFIES, forecasts_in
from gridahead.forecasting.inputs import differences, file_of, inputs_folder, kept_inputs
from gridahead.forecasting.issue import issue
from gridahead.forecasting.publish import home_of, read_manifest
from gridahead.forecasting.reproduction import (
    Difference,
    NotMade,
    OtherContent,
    OtherEnvironment,
    OtherInputs,
    OtherLength,
    OtherNumbers,
    Reproduction,
)
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.models.base import Forecaster, predict_each
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.determinism import deterministic
from gridahead.models.storage import content_of, load
from gridahead.promotion.promote import exported
from gridahead.workspace import Workspace, reading_range

SHORTEST = 6
"""Digits of an id that are enough, if they are of one forecast only."""


@dataclass(frozen=True)
class _Source:
    """What a forecast was made with."""

    model: Forecaster
    spec: WindowSpec
    inputs: tuple[Folder, str]
    """The file that may hold what it read."""
    differences: tuple[Difference, ...]
    """What is not as it was."""
    reference: Reference | None = None
    """Which reference of a back-test it is; None of a model."""


def forecast_list(workspace: Workspace, run: str | None = None, series: Sequence[Series] = ()) -> pd.DataFrame:
    """One row a forecast in the lake: its id, and the columns that identify it."""
    where = {} if run is None else {"run": run}
    rows = forecasts_in(workspace.lake.forecasts.read(where, columns=IDENTIFIES))
    names = {str(chosen) for chosen in series}
    return rows if not names else rows[(rows["zone"] + "/" + rows["quantity"]).isin(names)].reset_index(drop=True)


@deterministic()
def reproduce(workspace: Workspace, forecast_id: str) -> Reproduction:
    """Make a forecast of the lake again and compare.

    Raises:
        LakeError: no forecast has this id, or several begin with it.
    """
    forecast = _find(workspace, forecast_id)
    series = Series(forecast["zone"], forecast["quantity"])
    rows = _rows(workspace.lake, forecast)
    try:
        differing = _compare(workspace, series, forecast, rows)
    except GridaheadError as error:  # the model is gone, say: that is a difference as well
        differing = [NotMade(error)]
    return Reproduction(
        id=forecast["id"],
        run=forecast["run"],
        series=series,
        model=forecast["model"],
        version=forecast["model_version"],
        issue_time=forecast["issue_time"],
        count=len(rows),
        differences=tuple(differing),
    )


def _find(workspace: Workspace, forecast_id: str) -> dict[str, Any]:
    listed = forecast_list(workspace)
    if len(forecast_id) < SHORTEST:
        raise LakeError(f"{forecast_id!r} is too short: an id has {DIGITS} digits, {SHORTEST} may be enough")
    matching = listed[listed["id"].str.startswith(forecast_id)]
    if len(matching) != 1:
        many = f"{len(matching)} forecasts begin with" if len(matching) else "no forecast in the lake has"
        raise LakeError(f"{many} the id {forecast_id}; `gridahead reproduce --list` shows all")
    return {str(name): value for name, value in matching.iloc[0].items()}


def _rows(lake: Lake, forecast: dict[str, Any]) -> Forecasts:
    where = {name: str(forecast[name]) for name in IDENTIFIES if name != "issue_time"}
    rows = lake.forecasts.read(where)
    return Forecasts(rows[rows["issue_time"] == forecast["issue_time"]].reset_index(drop=True))


def _compare(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> list[Difference]:
    source = _source(workspace, series, forecast, rows)
    issue_time, data_hash = forecast["issue_time"], forecast["data_hash"]
    # A late forecast is issued after its deadline, so that the issue time does not tell the day.
    day = rows["valid_time"].min().tz_convert(source.spec.zone.timezone).date()
    windows = _windows(workspace.lake, source, day, issue_time)
    differing = list(source.differences)
    if windows.data_hash(0) != data_hash:
        differing += _data(source, windows, data_hash)
    again = issue(
        windows,
        predict_each(source.model, windows),
        source.model.quantiles,
        run=forecast["run"],
        model=forecast["model"],
        version=forecast["model_version"],
        made_at=rows["made_at"].max(),
    )
    return differing + _numbers(rows, again)


def _source(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> _Source:
    """The model of the forecast, from its back-test or from the registry."""
    if is_backtest(forecast["run"]):
        return _of_backtest(workspace, series, forecast, rows)
    registered = workspace.exports.load(exported(workspace, series, forecast["model_version"]))
    place, timezone = workspace.settings.published_place, registered.model.spec.zone.timezone
    day = rows["valid_time"].min().tz_convert(timezone).date()
    published = read_manifest(home_of(place, series, day, forecast["issue_time"])) or {}
    bundle = published.get("bundle") if published.get("forecast_id") == forecast["id"] else None
    differing: tuple[Difference, ...] = ()
    if bundle and (content := content_of(registered.model)) != bundle:
        differing = (OtherContent(str(registered), before=str(bundle), after=content),)
    inputs = inputs_folder(workspace.settings, series), file_of([forecast["data_hash"]])
    return _Source(registered.model, registered.model.spec, inputs, differing)


def _of_backtest(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> _Source:
    """The model of a fold, from the store of the back-test."""
    store = BacktestStore(workspace.settings.data_folder, forecast["run"])
    model_version = (forecast["model"], forecast["model_version"])
    records = [record for record in store.records(series) if (record.model, record.version) == model_version]
    made_at = rows["made_at"].max().isoformat()
    record = next((record for record in records if record.made_at == made_at), records[-1] if records else None)
    if record is None:
        raise ModelError(f"{series} {forecast['model']}", f"nothing is kept of it in {store.folder}")
    here = made_with()
    differing = () if record.made_with == here else (OtherEnvironment(record.made_with, here),)
    model = load(store.bundle(record.bundle))
    return _Source(
        model,
        WindowSpec.from_dict(record.spec),
        (Folder.at(store.inputs(series)), record.inputs),
        differing,
        model.name if isinstance(model, ReferenceForecast) else None,
    )


def _windows(lake: Lake, source: _Source, day: dt.date, issue_time: pd.Timestamp) -> Windows:
    """What the model reads as of the issue time."""
    spec = source.spec
    # The newest known errors of an official forecast may be of any day before.
    time_range = None if source.reference else reading_range(spec, day, day)
    observations = lake.read_vintages(*spec.inputs, time_range=time_range)
    if source.reference:
        windows = reference_windows(source.reference, observations, spec, [day])
    else:
        windows = build_windows(observations, spec, [day], issue_times=[issue_time])
    return windows.alone(0)


def _data(source: _Source, windows: Windows, data_hash: str) -> list[Difference]:
    """How what would be read now differs from what was read."""
    before = kept_inputs(*source.inputs, data_hash)
    other = OtherInputs(data_hash, windows.data_hash(0), were_kept=before is not None)
    return [other] if before is None else [other, *differences(before, windows)]


def _numbers(rows: Forecasts, again: Forecasts) -> list[Difference]:
    """How the values of a forecast made again differ from those of the first time."""
    key = ["valid_time", "quantile"]
    old, new = (forecast.sort_values(key).set_index(key)["value_mw"] for forecast in (rows, again))
    if not old.index.equals(new.index):
        return [OtherLength(len(old), len(new))]
    bits = old.to_numpy().view(np.int64) != new.to_numpy().view(np.int64)
    if not bits.any():
        return []
    most = float(np.abs(old.to_numpy() - new.to_numpy()).max())
    return [OtherNumbers(int(bits.sum()), len(bits), most)]
