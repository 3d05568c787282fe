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
from gridahead.backtest.store import BacktestStore, FoldRecord
from gridahead.core.errors import GridaheadError, LakeError, ModelError, SettingsError
from gridahead.core.fingerprint import DIGITS
from gridahead.core.grid import Series
from gridahead.core.runs import FULL, LIVE, RIDGE, is_backtest
from gridahead.core.tables import Forecasts
from gridahead.core.time import TimeRange
from gridahead.core.vintages import newest_forecasts
from gridahead.evaluation.references import reference_windows
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.adapting import Answers, forecast_each
from gridahead.forecasting.identity import IDENTIFIES, forecasts_in
from gridahead.forecasting.inputs import differences, file_of, inputs_folder, kept_inputs
from gridahead.forecasting.issue import issue
from gridahead.forecasting.publish import Issue, home_of, read_manifest, superseded_at
from gridahead.forecasting.reproduction import (
    Difference,
    NotMade,
    OtherAdaptation,
    OtherContent,
    OtherEnvironment,
    OtherInputs,
    OtherLength,
    OtherMember,
    OtherNumbers,
    OtherPaths,
    Reproduction,
)
from gridahead.forecasting.slot import slot_of
from gridahead.forecasting.sums import MARK, UnreconciledError, is_reconciled, members_of, reconcile
from gridahead.forecasting.widening import reads_from
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.models.base import predict_each
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.determinism import deterministic
from gridahead.models.storage import content_of, load
from gridahead.operate.answer import FITTED_NOW
from gridahead.operate.foot import Foot
from gridahead.operate.paths import paths_of
from gridahead.operate.sums import errors_of, parts_with
from gridahead.operate.version_inputs import forecast_of, inputs_of
from gridahead.promotion.promote import exported
from gridahead.registry.fallbacks import fallback
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace, reading_range

SHORTEST = 6
"""Digits of an id that are enough, if they are of one forecast only."""


@dataclass(frozen=True)
class _Again:
    """A forecast, made again."""

    windows: Windows
    """The single one that is read."""
    answers: Answers
    """Of it."""
    levels: tuple[float, ...]
    data_hash: str
    """Fingerprint of what is read."""
    inputs: tuple[Folder, str] | None
    """The file that may hold what was read; None where nothing is kept."""
    differences: tuple[Difference, ...] = ()
    """What else is not as it was."""


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
        differing = [*_compare(workspace, series, forecast, rows), *_paths(workspace, series, forecast, rows)]
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
    if MARK in forecast["data_hash"]:
        return _compare_reconciled(workspace, series, forecast, rows)
    if is_backtest(forecast["run"]):
        made = _of_backtest(workspace, series, forecast, rows)
    elif forecast["model_version"] == FITTED_NOW:
        made = _of_rule(workspace, series, forecast, rows)
    else:
        made = _of_version(workspace, series, forecast, rows)
    differing = list(made.differences)
    if made.data_hash != forecast["data_hash"]:
        differing += _data(made, forecast["data_hash"])
    again = issue(
        made.windows,
        made.answers.published,
        made.levels,
        run=forecast["run"],
        model=forecast["model"],
        version=forecast["model_version"],
        made_at=rows["made_at"].max(),
        data_hash=made.data_hash,
        unadapted=made.answers.unadapted,
    )
    return differing + _numbers(rows, again)


def _compare_reconciled(
    workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts
) -> list[Difference]:
    """The same of a forecast that was made to add up: all with which it was are made again, and then it.

    Raises:
        SettingsError: the settings have no such sum any more.
        LakeError: one of the forecasts is not in the lake.
        ModelError: they cannot be made to add up now.
    """
    parts = parts_with(workspace, series)
    if not parts:
        raise SettingsError(f"{series}: it was made to add up with others, and [[sums]] does not have it any more")
    day, made_at = _day(rows, workspace.settings.zone(series.zone).timezone), rows["made_at"].max()
    before = {one: _made_of(workspace, one, rows, made_at) for one in members_of(parts)}
    try:
        again = reconcile(before, errors_of(workspace, parts, day, before, made_at), parts).forecasts[series]
    except UnreconciledError as error:
        raise ModelError(str(series), f"cannot be made to add up again: {error}") from error
    differing: list[Difference] = []
    if (now := again["data_hash"].iloc[0]) != forecast["data_hash"]:
        differing.append(OtherInputs(forecast["data_hash"], now, were_kept=False))
    differing += _numbers(rows, again)
    for member, made in before.items():
        of_member = {str(name): value for name, value in forecasts_in(made).iloc[0].items()}
        found = _compare(workspace, member, of_member, made)
        if member == series:
            differing += found
        elif found:
            differing.append(OtherMember(member, of_member["id"]))
    return differing


def _made_of(workspace: Workspace, series: Series, rows: Forecasts, made_at: pd.Timestamp) -> Forecasts:
    """The forecast of a series that a reconciled one of the same day and issue time was made with.

    Raises:
        LakeError: the lake does not have it.
    """
    stored = workspace.lake.read_forecasts(series, LIVE, TimeRange.spanning(rows["valid_time"]))
    issued = stored["issue_time"] == rows["issue_time"].iloc[0]
    wanted = stored[issued & ~is_reconciled(stored) & (stored["made_at"] < made_at) & (stored["rung"] == FULL)]
    if wanted.empty:
        raise LakeError(f"{series}: the lake does not have the forecast with which it was made to add up")
    return Forecasts(newest_forecasts(wanted).reset_index(drop=True))


def _day(rows: Forecasts, timezone: str) -> dt.date:
    """The delivery day: a late forecast is issued after its deadline, so that the issue time does not tell."""
    day: dt.date = rows["valid_time"].min().tz_convert(timezone).date()
    return day


def _of_version(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> _Again:
    """By a version of the registry, or by the regression beside them."""
    registered = workspace.exports.load(_version(workspace, series, forecast, rows["rung"].iloc[0]))
    spec, issued = registered.model.spec, forecast["issue_time"]
    day = _day(rows, spec.zone.timezone)
    windows, unread = inputs_of(workspace, spec, day, issued)
    made = forecast_of(workspace, registered, windows, unread)
    published = _published(workspace, series, forecast, day).manifest
    differing: list[Difference] = []
    if (bundle := published.get("bundle")) and (content := content_of(registered.model)) != bundle:
        differing.append(OtherContent(str(registered), before=str(bundle), after=content))
    before = published.get("adapted")
    if before is not None and before != made.about:
        differing.append(OtherAdaptation(str(before), str(made.about)))
    return _Again(
        windows,
        Answers(made.answer, made.unadapted),
        registered.model.quantiles,
        windows.data_hash(0),
        (inputs_folder(workspace.settings, series), file_of([forecast["data_hash"]])),
        tuple(differing),
    )


def _version(workspace: Workspace, series: Series, forecast: dict[str, Any], rung: str) -> Version:
    """The version that made a forecast.

    Raises:
        ModelError: it is not exported any more.
    """
    number = forecast["model_version"]
    if rung != RIDGE:
        return exported(workspace, series, number)
    found = fallback(workspace.exports, series)
    if found is None or found.number != number:
        now = "there is none now" if found is None else f"the one there is now has learnt until {found.number}"
        raise ModelError(
            f"{series} {forecast['model']}", f"had learnt until {number}, and {now}; a backup of that time has it"
        )
    return found


def _of_rule(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> _Again:
    """By a rung that needs no model.

    Raises:
        ModelError: it has no forecast now.
    """
    foot = _foot(workspace, series, forecast, rows)
    simple = foot.simple[forecast["model"]]
    if isinstance(simple, str):
        raise ModelError(f"{series} {forecast['model']}", simple)
    answer = foot.quantiles(simple)
    return _Again(foot.windows, Answers(answer, answer), foot.levels, foot.history.data_hash(), None)


def _foot(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> Foot:
    """What was known of the series at the issue time."""
    settings, issued = workspace.settings, forecast["issue_time"]
    timezone, deadline = settings.zone(series.zone).timezone, settings.series_settings(series).deadline
    slot = slot_of(series, timezone, deadline, settings.gate_closure_of(series), issued, _day(rows, timezone))
    return Foot(workspace, slot)


def _published(workspace: Workspace, series: Series, forecast: dict[str, Any], day: dt.date) -> Issue:
    """What is published of it, or was before it was superseded; with an empty manifest where nothing is."""
    home = home_of(workspace.settings.published_place, series, day, forecast["issue_time"])
    found = [*superseded_at(home), Issue(home, read_manifest(home) or {})]
    return next((one for one in found if one.manifest.get("forecast_id") == forecast["id"]), Issue(home, {}))


def _of_backtest(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> _Again:
    """By the model of a fold, from the store of the back-test."""
    store, settings = BacktestStore(workspace.settings.data_folder, forecast["run"]), workspace.settings
    record = _record(store, series, forecast, rows)
    here = made_with()
    differing = () if record.made_with == here else (OtherEnvironment(record.made_with, here),)
    model, spec = load(store.bundle(record.bundle)), WindowSpec.from_dict(record.spec)
    day = _day(rows, spec.zone.timezone)
    inputs = Folder.at(store.inputs(series)), record.inputs
    if isinstance(model, ReferenceForecast):
        # The newest known errors of an official forecast may be of any day before.
        windows = reference_windows(model.name, workspace.lake.read_vintages(*spec.inputs), spec, [day]).alone(0)
        answer = predict_each(model, windows)
        return _Again(windows, Answers(answer, answer), model.quantiles, windows.data_hash(0), inputs, differing)
    first = reads_from(day, spec, settings.ladder.model_days)
    observations = workspace.lake.read_vintages(*spec.inputs, time_range=reading_range(spec, first, day))
    windows = build_windows(observations, spec, [day], issue_times=[forecast["issue_time"]]).alone(0)
    if record.last_seen:
        oldest = settings.quality.late_after_hours, settings.ladder.model_days
        answers = forecast_each(model, windows, observations, dt.date.fromisoformat(record.last_seen), *oldest)
    else:
        answer = predict_each(model, windows)
        answers = Answers(answer, answer)
    return _Again(windows, answers, model.quantiles, windows.data_hash(0), inputs, differing)


def _record(store: BacktestStore, series: Series, forecast: dict[str, Any], rows: Forecasts) -> FoldRecord:
    """What is kept of the fold.

    Raises:
        ModelError: nothing.
    """
    model_version = (forecast["model"], forecast["model_version"])
    records = [record for record in store.records(series) if (record.model, record.version) == model_version]
    made_at = rows["made_at"].max().isoformat()
    record = next((record for record in records if record.made_at == made_at), records[-1] if records else None)
    if record is None:
        raise ModelError(f"{series} {forecast['model']}", f"nothing is kept of it in {store.folder}")
    return record


def _data(made: _Again, data_hash: str) -> list[Difference]:
    """How what would be read now differs from what was read."""
    before = None if made.inputs is None else kept_inputs(*made.inputs, data_hash)
    other = OtherInputs(data_hash, made.data_hash, were_kept=before is not None)
    return [other] if before is None else [other, *differences(before, made.windows)]


def _paths(workspace: Workspace, series: Series, forecast: dict[str, Any], rows: Forecasts) -> list[Difference]:
    """How the paths that are published of a forecast differ from those that are drawn again."""
    if forecast["run"] != LIVE:
        return []
    timezone = workspace.settings.zone(series.zone).timezone
    before = _published(workspace, series, forecast, _day(rows, timezone)).paths
    if before is None:
        return []
    again = paths_of(_foot(workspace, series, forecast, rows), rows)
    old = before.to_numpy(np.float32).T
    if again is None or again.drawn.shape != old.shape:
        return [OtherPaths(old.size, old.size)]
    bits = old.view(np.int32) != np.ascontiguousarray(again.drawn).view(np.int32)
    moved = list(before.attrs["follows"].values()) != again.days
    return [OtherPaths(int(bits.sum()), bits.size)] if moved or bits.any() else []


def _numbers(rows: Forecasts, again: Forecasts) -> list[Difference]:
    """How the values of a forecast made again differ from those of the first time, and those before adaptation."""
    key = ["valid_time", "quantile"]
    old, new = (forecast.sort_values(key).set_index(key) for forecast in (rows, again))
    if not old.index.equals(new.index):
        return [OtherLength(len(old), len(new))]
    # A release that adapted nothing has kept one of them.
    kept = [name for name in ("value_mw", "unadapted_mw") if old[name].notna().any()]
    return [found for name in kept for found in _bits(old[name], new[name], before_adaptation=name == "unadapted_mw")]


def _bits(old: pd.Series, new: pd.Series, *, before_adaptation: bool) -> list[Difference]:
    bits = old.to_numpy().view(np.int64) != new.to_numpy().view(np.int64)
    if not bits.any():
        return []
    most = float(np.abs(old.to_numpy() - new.to_numpy()).max())
    return [OtherNumbers(int(bits.sum()), len(bits), most, before_adaptation)]
