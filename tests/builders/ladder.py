"""A series with a network that serves, one that served before and a regression beside them, over a lake in memory."""

import uuid
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from builders.models import model_on, tabular_on
from builders.rows import measured, rows
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, PREVIOUS
from gridahead.core.tables import Observations
from gridahead.core.time import Mtu, delivery_range
from gridahead.features.windows import WindowSpec, build_windows
from gridahead.forecasting.slot import Slot, slot_of
from gridahead.operate.answer import climb
from gridahead.promotion.serving import serving
from gridahead.registry.fallbacks import keep_fallback
from gridahead.registry.versions import Version
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

CONTEXT_DAYS = 8
LEARNT_UNTIL = "2025-01-31"
DAYS = 45
"""Of history before the delivery day."""
_MADE: dict = {}
"""The models of each series, day and market time unit: fitting them is what takes time."""


def workspace_of(folder, *series: str, zones=(), **settings) -> Workspace:
    """Live settings for these series, due at 11:00 of their own clocks, and an empty lake; no registry is asked."""
    said = Settings.model_validate({"data_folder": folder, "zones": zones})
    entries = [
        {"series": one, "deadline": f"D-1T1100[{said.zone(one.partition('/')[0]).timezone}]", **settings}
        for one in series
    ]
    said = Settings.model_validate(
        {
            "data_folder": folder,
            "lake": f"memory://{uuid.uuid4().hex}",
            "mode": "live",
            "zones": zones,
            "series": entries,
            "training": {"context_days": CONTEXT_DAYS},
        }
    )

    def refuse(_: Workspace) -> None:
        raise AssertionError("a forecast asks no registry")

    return Workspace(said, registry_of=refuse)  # type: ignore[arg-type]


def daily(series: Series, local: pd.DatetimeIndex) -> np.ndarray:
    """A day's shape with weekends and some noise [MW]; the sun shines from six to eighteen."""
    rng = np.random.default_rng(len(str(series)))
    hour = np.asarray(local.hour + local.minute / 60, dtype=float)
    noise = rng.normal(0, 1, len(local))
    if series.quantity == "solar":
        return np.maximum(0, np.sin((hour - 6) / 12 * np.pi)) * (10_000 + 1_000 * noise)
    if series.quantity == "price":
        return 20 - 40 * np.cos((hour - 13) / 12 * np.pi) + 10 * noise
    return 50_000 - 8_000 * np.cos(2 * np.pi * hour / 24) - 5_000 * np.asarray(local.dayofweek > 4) + 600 * noise


def history(
    workspace: Workspace, series: Series, day, *, mtu: Mtu = Mtu.PT60M, days: int = DAYS, noise: float = 2.0
) -> Observations:
    """Outturn up to the delivery day, and an official forecast of every day by 9:00 before.

    That is 2 % too high, with a noise of so many times as much: worse than last week's hour unless told otherwise.
    """
    timezone = workspace.settings.zone(series.zone).timezone
    start, end = delivery_range(day - pd.Timedelta(days=days), timezone).start, delivery_range(day, timezone).end
    times = pd.date_range(start, end, freq=mtu.delta, inclusive="left").tz_convert("UTC")
    local = times.tz_convert(timezone)
    truth = daily(series, local)
    high = 0.02 * np.abs(truth).max() * np.random.default_rng(1).normal(1, noise, len(times))
    before = (local.tz_localize(None).normalize() - pd.Timedelta(hours=15)).tz_localize(timezone)
    official = np.where(truth == 0, 0, truth + high)
    parts = (measured(series, times, truth, mtu=mtu), rows(series.official, times, official, before, mtu=mtu))
    return Observations(pd.concat(parts, ignore_index=True))


def put(workspace: Workspace, observations: pd.DataFrame) -> None:
    """Into the lake."""
    workspace.lake.observations.append(Observations(observations))


def slot_for(workspace: Workspace, series: Series, day, at: pd.Timestamp | None = None) -> Slot:
    """The slot of a delivery day, asked at its deadline unless given."""
    settings = workspace.settings
    deadline, closure = settings.series_settings(series).deadline, settings.gate_closure_of(series)
    asked = deadline.for_delivery(day) if at is None else at
    return slot_of(series, settings.zone(series.zone).timezone, deadline, closure, asked, day)


def answer(workspace: Workspace, series: Series, day, at: pd.Timestamp | None = None):
    """What the ladder says of a delivery day."""
    return climb(workspace, slot_for(workspace, series, day, at), serving(workspace, series))


def spec_of(workspace: Workspace, series: Series, mtu: Mtu = Mtu.PT60M, **changes) -> WindowSpec:
    """What the models of a series read."""
    entry = workspace.settings.series_settings(series)
    spec = WindowSpec(series, workspace.settings.zone(series.zone), mtu, entry.deadline, CONTEXT_DAYS)
    return replace(spec, past_covariates=entry.past_covariates, future_covariates=entry.future_covariates, **changes)


def windows_to_learn(spec: WindowSpec, observations: Observations, day):
    """The three weeks before a delivery day."""
    days = [day - pd.Timedelta(days=back) for back in range(28, 3, -1)]
    return build_windows(observations, spec, days)


def network(windows, cell: str = "lstm"):
    """A network that nobody has trained, with weights so small that it says little but last week's hour and a band."""
    model = model_on("week", windows, cell)
    with torch.no_grad():
        for member in model.members:
            for weights in member.parameters():
                weights.mul_(0.02)
    return model


def serve(workspace: Workspace, series: Series, model, number: str, alias: str = CHAMPION) -> Version:
    """Export a model as a version with an alias."""
    bundle = workspace.exports.keep(model)
    days = {"learnt_until": LEARNT_UNTIL, "validation_days": f"2025-01-01 to {LEARNT_UNTIL}"}
    tags = {"series": str(series), "model": model.name, "bundle": bundle, "copy": "none", **days}
    version = Version(series, number, f"run-{number}", pd.Timestamp("2025-02-01T00:00Z"), (), tags)
    workspace.exports.put(version)
    workspace.exports.serve(series, {**workspace.exports.serving(series), alias: number})
    return version


def whole_ladder(folder, series: Series, day, *, mtu: Mtu = Mtu.PT60M, zones=(), **settings) -> Workspace:
    """Everything that a ladder can have: champion 2, version 1 before it, a regression, outturn, official forecast."""
    workspace = workspace_of(folder, str(series), zones=zones, **settings)
    equip(workspace, series, day, mtu)
    return workspace


def equip(workspace: Workspace, series: Series, day, mtu: Mtu = Mtu.PT60M) -> None:
    """The same for one series of a workspace."""
    observations = history(workspace, series, day, mtu=mtu)
    put(workspace, observations)
    if (known := (series, day, mtu)) not in _MADE:
        windows = windows_to_learn(spec_of(workspace, series, mtu), observations, day)
        _MADE[known] = network(windows, "gru"), network(windows), tabular_on("ridge", windows)
    before, champion, regression = _MADE[known]
    serve(workspace, series, before, "1", PREVIOUS)
    serve(workspace, series, champion, "2")
    keep_fallback(workspace.exports, regression, pd.Timestamp(LEARNT_UNTIL).date(), workspace.clock())
