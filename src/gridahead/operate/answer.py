"""The answer to a slot: the forecast of the highest rung of the ladder that can be had, and what is told of it.

    full, degraded      the champion, with or without what is missing
    previous            the champion before it
    ridge               the regression that was fitted beside a champion; needs no torch
    official_corrected  the official forecast without its own recent error; needs no model
    naive               last week's same hour; needs a few rows

Nothing but the lake and the exported models is read: neither MLflow nor its database.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.grid import Series
from gridahead.core.runs import (
    CHAMPION,
    CORRECTED,
    LAST_WEEK,
    LIVE,
    PREVIOUS,
    RECORD_DAMAGED,
    RIDGE,
    TAUGHT_BY,
    WEIGHTS_DAMAGED,
    Rung,
)
from gridahead.core.tables import Forecasts, Observations
from gridahead.core.time import Mtu, lasting
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.forecasting.adapting import Adapted
from gridahead.forecasting.inputs import inputs_folder, keep_inputs
from gridahead.forecasting.issue import hours_old, issue, outturn_missing
from gridahead.forecasting.ladder import NoAnswerError, Step, highest_answer
from gridahead.forecasting.paths import Paths
from gridahead.forecasting.slot import Slot
from gridahead.operate.foot import Foot
from gridahead.operate.paths import paths_of
from gridahead.operate.version_inputs import forecast_of, inputs_of, median_by_time, missing_in
from gridahead.quarantine.inputs_in_doubt import suspect_inputs
from gridahead.registry.fallbacks import fallback
from gridahead.registry.versions import Registered, Version
from gridahead.reports.suspects import suspects_sentence
from gridahead.workspace import Workspace, reading_range, require_unseen

log = logging.getLogger(__name__)

FITTED_NOW = "-"
"""The version of a forecast that no model has made, as of the references in scores: it is no number of a version."""
WORSE = 1.1
"""Times the mean error of a rung below, with the same missing, from which on a model that misses inputs gives way to
it."""


@dataclass(frozen=True)
class Answer:
    """The forecast of a slot, in memory: nothing has been kept or published yet."""

    forecasts: Forecasts
    """Rows of one delivery day."""
    about: Mapping[str, object]
    """Further lines of the manifest, the same for the same forecast."""
    paths: Paths | None = None
    """Of the whole day; None where there are none."""
    median: pd.Series | None = None
    """Of a model's whole horizon by valid time [MW], also of hours before the delivery day; None where none made it."""

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
        number = first["model_version"]
        return str(first["model"]) if number == FITTED_NOW else f"{first['model']} v{number}"


def climb(workspace: Workspace, slot: Slot, aliases: Mapping[str, str]) -> Answer:
    """The forecast of the highest rung of the ladder that can be had.

    Args:
        workspace: where the data and the models are.
        slot: what is to be forecast.
        aliases: the version of each alias.

    Raises:
        ModelError: no rung has a forecast, as where nothing at all is known of the series; or, where history is shown
            and no day is to come, a model has learnt the delivery day.
    """
    if workspace.settings.mode == "demo":
        _refuse_learnt(workspace, slot, aliases)
    foot = Foot(workspace, slot)
    steps = [
        *_by_versions(workspace, slot, aliases, foot),
        Step("official forecast", partial(_simple, workspace, foot, CORRECTED)),
        Step("last week", partial(_simple, workspace, foot, LAST_WEEK)),
    ]
    answer, lost = highest_answer(str(slot.series), steps)
    if answer is None:
        raise ModelError(
            str(slot.series),
            f"cannot be forecast for {slot.day}: {'; '.join(lost)}. Bring data with `gridahead ingest`, set "
            "--issue-time to a day that `gridahead status` shows, or put in a forecast by hand",
        )
    return replace(answer, paths=paths_of(foot, answer.forecasts))


def _refuse_learnt(workspace: Workspace, slot: Slot, aliases: Mapping[str, str]) -> None:
    """History is shown, and a day of it that the champion has learnt would flatter it.

    Raises:
        ModelError: the delivery day is one of them.
    """
    version = None
    with contextlib.suppress(ModelError):  # a damaged record ends a rung, no more
        version = workspace.exports.version(slot.series, aliases.get(CHAMPION, "none"))
    if version is not None:
        require_unseen(version, slot.day)


def _by_versions(workspace: Workspace, slot: Slot, aliases: Mapping[str, str], foot: Foot) -> Iterator[Step[Answer]]:
    """The rungs of the champion, of the one before it, and of the regression beside it."""
    exports, series = workspace.exports, slot.series

    def of_alias(alias: str) -> Version | None:
        # Without any alias the exports are asked why: what is said of who serves may be damaged.
        number = (aliases or exports.serving(series)).get(alias)
        return None if number is None else exports.version(series, number)

    rungs: list[tuple[Rung | None, str, Callable[[], Version | None]]] = [
        (None, "champion", lambda: of_alias(CHAMPION)),
        (PREVIOUS, "previous version", lambda: of_alias(PREVIOUS)),
        (RIDGE, "regression", lambda: fallback(exports, series)),
    ]
    for rung, name, find in rungs:
        yield Step(name, partial(_by_version, workspace, slot, foot, rung, name, find))


def _by_version(
    workspace: Workspace,
    slot: Slot,
    foot: Foot,
    rung: Rung | None,
    what: str,
    find: Callable[[], Version | None],
    lost: str,
) -> Answer:
    """The answer of a version, checked: that it may be asked, can be loaded, has its inputs and says what can be."""
    try:
        version = find()
    except ModelError as error:
        raise NoAnswerError(f"{what}: {RECORD_DAMAGED}") from error
    if version is None:
        raise NoAnswerError(f"no {what}")
    name = f"{what} {version}"
    if slot.day <= version.last_day_seen:
        raise NoAnswerError(f"{name} has learnt this day")
    registered = _loaded(workspace, version, name)
    windows, unread = _inputs_of(workspace, slot, registered.model.spec, name)
    made = forecast_of(workspace, registered, windows, unread)
    if made.error is not None:
        _refuse_worse(made.error, foot, name)
    delivery = windows.delivery[0]
    levels = registered.model.quantiles
    if reason := foot.judge(made.answer[0][delivery], levels, windows.valid_time[0][delivery]):
        raise NoAnswerError(f"{name} is implausible: {reason}")
    forecasts = _issued(workspace, registered, windows, made, LIVE, rung, lost, unread)
    about: dict[str, object] = {"run_id": version.run_id, "bundle": version.tags["bundle"], "adapted": made.about}
    about |= _about(workspace, registered.model.spec.inputs, forecasts)
    if version.taught_by:
        about[TAUGHT_BY] = version.taught_by
    return Answer(forecasts, about, median=median_by_time(windows, made.answer))


def _loaded(workspace: Workspace, version: Version, name: str) -> Registered:
    """A version with its weights."""
    try:
        return workspace.exports.load(version)
    except ImportError as error:
        raise NoAnswerError(f"{name} cannot be loaded: {error}") from error
    except (ModelError, OSError) as error:
        raise NoAnswerError(f"{name}: {WEIGHTS_DAMAGED}") from error


def _inputs_of(workspace: Workspace, slot: Slot, spec: WindowSpec, name: str) -> tuple[Windows, list[str]]:
    """The window of a slot that a version reads, and what could not be read of it, in words."""
    issued = slot.issue_time(spec)
    # Whoever asks in the morning, before the forecast is due, is answered all the same, by less than is usually known.
    if refusal := spec.unserved(max(issued, slot.deadline), slot.day):
        raise NoAnswerError(f"{name} {refusal}")
    try:
        windows, unread = inputs_of(workspace, spec, slot.day, issued)
    except LakeError as error:
        raise NoAnswerError(f"{name}: {slot.series} cannot be read") from error
    if np.isnan(windows.target_past).all():
        raise NoAnswerError(f"{name}: nothing is known of {slot.series} in the {spec.context_days} days before")
    age, most = pd.Timedelta(hours=hours_old(windows, 0)), workspace.settings.ladder.model_days
    if age > pd.Timedelta(days=most):
        raise NoAnswerError(f"{name}: newest value is {lasting(age)} old, of use are {most:g} days")
    return windows, unread


def _refuse_worse(error: float, foot: Foot, name: str) -> None:
    """A rung further down has lately erred much less than a version that lacks as much.

    Raises:
        NoAnswerError: it has.
    """
    better, smallest = foot.smallest_error
    if error > WORSE * smallest:
        raise NoAnswerError(
            f"{name}: with what is missing it has lately erred by {error:,.0f}, {better} by {smallest:,.0f}"
        )


def _simple(workspace: Workspace, foot: Foot, rung: Rung, lost: str) -> Answer:
    """The answer of a rung that needs no model."""
    try:
        simple = foot.simple[rung]
    except LakeError as error:
        raise NoAnswerError(f"nothing is known of {foot.slot.series}") from error
    if isinstance(simple, str):
        raise NoAnswerError(simple)
    windows, values = foot.windows, foot.quantiles(simple)
    delivery = windows.delivery[0]
    units = windows.valid_time[0][delivery]
    # The last rung is made of observed values: there is nothing that it could be compared with.
    reason = foot.judge(values[0][delivery], foot.levels, units, (LAST_WEEK,)) if rung == CORRECTED else ""
    if reason:
        raise NoAnswerError(f"official forecast is implausible: {reason}")
    late = workspace.settings.quality.late_after_hours
    forecasts = issue(
        windows,
        values,
        foot.levels,
        run=LIVE,
        model=rung,
        version=FITTED_NOW,
        made_at=workspace.clock(),
        rung=rung,
        lost=lost,
        missing=[*outturn_missing(windows, 0, late), *simple.notes],
        data_hash=foot.history.data_hash(),
    )
    series = foot.slot.series
    read = (series, series.official) if rung == CORRECTED else (series,)
    return Answer(forecasts, {"run_id": None, "bundle": None} | _about(workspace, read, forecasts))


def _about(workspace: Workspace, inputs: Sequence[Series], forecasts: Forecasts) -> dict[str, object]:
    """What the manifest says of the inputs of a forecast."""
    end = forecasts["valid_time"].max() + Mtu(forecasts["mtu"].iloc[0]).delta
    try:
        suspects = suspects_sentence(suspect_inputs(workspace.lake, inputs, forecasts["issue_time"].iloc[0], end))
    except LakeError as error:
        log.warning("%s", error)
        suspects = ""
    return {
        "inputs": [str(one) for one in inputs],
        "attribution": workspace.settings.attribution_of(*inputs),
        "suspect_inputs": suspects or None,
    }


def _issued(
    workspace: Workspace,
    registered: Registered,
    windows: Windows,
    made: Adapted,
    run: str,
    rung: Rung | None = None,
    lost: str = "",
    unread: Sequence[str] = (),
) -> Forecasts:
    """What a version has answered as rows; what it has read is kept, to be compared with later."""
    model = registered.model
    try:
        keep_inputs(inputs_folder(workspace.settings, registered.series), windows)
    except (LakeError, OSError) as error:  # a full disk takes no inputs; the forecast does not need them kept
        log.warning("%s: what the forecast has read is not kept: %s", registered.series, error)
    return issue(
        windows,
        made.answer,
        model.quantiles,
        run=run,
        model=model.name,
        version=registered.version,
        made_at=workspace.clock(),
        rung=rung,
        lost=lost,
        missing=[*unread, *missing_in(workspace, model, windows)],
        unadapted=made.unadapted,
    )


def made_by(workspace: Workspace, registered: Registered, windows: Windows, run: str) -> Forecasts:
    """The forecast of a version for a single window; what that holds is kept, to be compared with later."""
    return _issued(workspace, registered, windows, forecast_of(workspace, registered, windows), run)


def windows_of(
    workspace: Workspace, spec: WindowSpec, days: Sequence[dt.date], issue_times: Sequence[pd.Timestamp] | None = None
) -> Windows:
    """The windows of some delivery days of what is accepted in the lake, as of their deadlines unless given."""
    time_range = reading_range(spec, min(days), max(days))
    observations: Observations = workspace.lake.read_vintages(*spec.inputs, time_range=time_range)
    return build_windows(observations, spec, days, issue_times=issue_times)
