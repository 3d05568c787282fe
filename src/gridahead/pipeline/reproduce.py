"""Reproduce: make a forecast again, from the lake as of its issue time and its model, and compare bit for bit.

The lake is read as every forecast reads it: rows, verdicts of the gate and people's decisions as they were known at the
issue time. Where the fingerprint of the inputs is not the same, a history was taken in or judged since; what was kept
of the inputs says which hours differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gridahead.errors import GridaheadError, LakeError, ModelError
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.identity import DIGITS, IDENTIFIES, forecasts_in
from gridahead.forecasting.issue import issue
from gridahead.forecasting.publish import home_of, read_manifest
from gridahead.grid import Series
from gridahead.lake.lake import Lake
from gridahead.models.base import Forecaster, predict_each
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.bundle import spec_from_dict
from gridahead.models.storage import content_of
from gridahead.pipeline.inputs import differences, file_of, inputs_folder, kept_inputs
from gridahead.pipeline.kept import PREFIX, Kept, made_with
from gridahead.pipeline.references import reference_windows
from gridahead.pipeline.workspace import Workspace, reading_window
from gridahead.tables import Forecasts
from gridahead.training.isolated import for_forecasts

SHORTEST = 6
"""Digits of an id that are enough, if they are of one forecast only."""


@dataclass(frozen=True)
class Reproduction:
    """What came of making a forecast again."""

    id: str
    run: str
    series: Series
    model: str
    version: str
    issue_time: pd.Timestamp
    count: int
    """Of values: market time units times quantiles."""
    differences: tuple[str, ...]
    """In the data, the model or the numbers; none if all bits are the same."""

    @property
    def same(self) -> bool:
        """Whether all bits are the same."""
        return not self.differences


@dataclass(frozen=True)
class _Source:
    """What a forecast was made with."""

    model: Forecaster
    spec: WindowSpec
    inputs: Path
    """The file that may hold what it read."""
    findings: tuple[str, ...]
    """What is not as it was."""


def forecast_list(workspace: Workspace, run: str | None = None, series: Sequence[Series] = ()) -> pd.DataFrame:
    """One row a forecast in the lake: its id, and what tells it from others."""
    where = {} if run is None else {"run": run}
    rows = forecasts_in(workspace.lake.forecasts.read(where, columns=IDENTIFIES))
    wanted = {str(one) for one in series}
    return rows if not wanted else rows[(rows["zone"] + "/" + rows["quantity"]).isin(wanted)].reset_index(drop=True)


def reproduce(workspace: Workspace, forecast_id: str) -> Reproduction:
    """Make a forecast of the lake again and compare.

    Raises:
        LakeError: no forecast has this id, or several begin with it.
    """
    for_forecasts()
    told = _find(workspace, forecast_id)
    series = Series(told["zone"], told["quantity"])
    rows = _rows(workspace.lake, told)
    try:
        found = _compare(workspace, series, told, rows)
    except GridaheadError as error:  # the model is gone, say: that is a difference as well
        found = [f"model: {error}" if isinstance(error, ModelError) else f"data: {error}"]
    return Reproduction(
        told["id"], told["run"], series, told["model"], told["model_version"], told["issue_time"], len(rows),
        tuple(found),
    )  # fmt: skip


def _find(workspace: Workspace, forecast_id: str) -> dict[str, Any]:
    known = forecast_list(workspace)
    if len(forecast_id) < SHORTEST:
        raise LakeError(f"{forecast_id!r} is too short: an id has {DIGITS} digits, {SHORTEST} may be enough")
    found = known[known["id"].str.startswith(forecast_id)]
    if len(found) != 1:
        many = f"{len(found)} forecasts begin with" if len(found) else "no forecast in the lake has"
        raise LakeError(f"{many} the id {forecast_id}; `gridahead reproduce --list` shows all")
    return {str(name): value for name, value in found.iloc[0].items()}


def _rows(lake: Lake, told: dict[str, Any]) -> Forecasts:
    where = {name: str(told[name]) for name in IDENTIFIES if name != "issue_time"}
    rows = lake.forecasts.read(where)
    return Forecasts(rows[rows["issue_time"] == told["issue_time"]].reset_index(drop=True))


def _compare(workspace: Workspace, series: Series, told: dict[str, Any], rows: Forecasts) -> list[str]:
    source = _source(workspace, series, told, rows)
    issued, data_hash = told["issue_time"], told["data_hash"]
    day = source.spec.deadline.delivery_day(issued)
    windows = _windows(workspace.lake, source, day, issued)
    found = list(source.findings)
    if windows.data_hash(0) != data_hash:
        found += _data(source, windows, data_hash)
    made = issue(
        windows, predict_each(source.model, windows), source.model.quantiles, run=told["run"], model=told["model"],
        version=told["model_version"], made_at=rows["made_at"].max(),
    )  # fmt: skip
    return found + _numbers(rows, made)


def _source(workspace: Workspace, series: Series, told: dict[str, Any], rows: Forecasts) -> _Source:
    """The model of the forecast, from its back-test or from the registry."""
    run, version, issued = told["run"], told["model_version"], told["issue_time"]
    if run.startswith(PREFIX):
        kept = Kept(workspace.settings.data_folder, run)
        of_it = [one for one in kept.receipts(series) if (one.model, one.version) == (told["model"], version)]
        made_at = rows["made_at"].max().isoformat()
        receipt = next((one for one in of_it if one.made_at == made_at), of_it[-1] if of_it else None)
        if receipt is None:
            raise ModelError(f"{series} {told['model']}", f"nothing is kept of it in {kept.folder}")
        findings = () if receipt.made_with == made_with() else (f"made with {receipt.made_with}, now {made_with()}",)
        inputs = kept.inputs(series) / receipt.inputs
        return _Source(kept.model(receipt.bundle), spec_from_dict(receipt.spec), inputs, findings)
    registered = workspace.registry.load(workspace.registry.version(series, version))
    published = read_manifest(home_of(workspace.settings.published_folder, series, issued)) or {}
    bundle = published.get("bundle") if published.get("forecast_id") == told["id"] else None
    findings = ()
    if bundle and (now_is := content_of(registered.model)) != bundle:
        findings = (f"model: {registered} has another content, {now_is}, than was published with, {bundle}",)
    inputs = inputs_folder(workspace.settings.data_folder, series) / file_of([told["data_hash"]])
    return _Source(registered.model, registered.model.spec, inputs, findings)


def _windows(lake: Lake, source: _Source, day: dt.date, issued: pd.Timestamp) -> Windows:
    """What the model reads as of the issue time."""
    spec = source.spec
    # The newest known errors of an official forecast may be of any day before.
    reads_all = isinstance(source.model, ReferenceForecast)
    observations = lake.read_vintages(*spec.inputs, window=None if reads_all else reading_window(spec, day, day))
    if isinstance(source.model, ReferenceForecast):
        windows = reference_windows(source.model.name, observations, spec, [day])
    else:
        windows = build_windows(observations, spec, [day], issue_times=[issued])
    return windows.alone(0)


def _data(source: _Source, windows: Windows, data_hash: str) -> list[str]:
    """How what would be read now differs from what was read."""
    found = f"data: the inputs have the fingerprint {windows.data_hash(0)}, and had {data_hash}"
    before = kept_inputs(source.inputs, data_hash)
    if before is None:
        return [f"{found}; they were not kept, so which hours differ cannot be told"]
    return [found, *(f"data: {one}" for one in differences(before, windows))]


def _numbers(rows: Forecasts, made: Forecasts) -> list[str]:
    key = ["valid_time", "quantile"]
    old, new = (one.sort_values(key).set_index(key)["value_mw"] for one in (rows, made))
    if not old.index.equals(new.index):
        return [f"numbers: the forecast has {len(old)} values, made again it has {len(new)}, or of other hours"]
    bits = old.to_numpy().view(np.int64) != new.to_numpy().view(np.int64)
    if not bits.any():
        return []
    most = float(np.abs(old.to_numpy() - new.to_numpy()).max())
    return [f"numbers: {bits.sum()} of {len(bits)} values differ, by {most:.3g} MW at most"]
