"""What a forecast is worth that comes from a lower rung: German load and wind and solar of 2025, with faults put in.

Every third day is forecast by the path that operation takes, once for each fault: the lake is read through a layer
that withholds what the fault has taken, and bundles are really damaged. The champion is a GRU, the version before it an
LSTM that has learnt half a year less, and a ridge regression stands beside them; all have learnt days before 2025 only.
A row names the rung that answered most of these days. What counts is coverage: a rung may be worse, not surer of
itself.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from common import CHECKOUT, TRIALS, Bench, Row, measure, say
from datasets import smard
from pictures import colour, picture, title

from gridahead.core.fingerprint import code_hash_of, digest
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, PREVIOUS
from gridahead.core.tables import RULINGS, VERDICTS, Observations
from gridahead.core.time import Mtu, TimeRange, days_between
from gridahead.evaluation.metrics import coverage, crps, mae, width
from gridahead.features.windows import WindowSpec
from gridahead.forecasting.slot import slot_of
from gridahead.models.base import Forecaster
from gridahead.models.storage import load
from gridahead.operate.answer import Answer, climb
from gridahead.promotion.serving import serving
from gridahead.registry.fallbacks import keep_fallback
from gridahead.registry.versions import Version
from gridahead.settings.model import Settings
from gridahead.settings.networks import ModelSettings, RecurrentCell
from gridahead.settings.training import TrainingSettings
from gridahead.training.fallbacks import fit_fallback
from gridahead.training.fit import fit
from gridahead.training.split import split
from gridahead.workspace import Workspace

LOAD, WIND_SOLAR = Series("DE", "load"), Series("DE", "wind_solar")
DEADLINES = {LOAD: "D-1T1100[Europe/Berlin]", WIND_SOLAR: "D-1T1830[Europe/Berlin]"}
FIRST, LAST = dt.date(2025, 1, 1), dt.date(2025, 12, 31)
EVERY = 3
"""Days: every weekday comes as often, in every season. Of 122 days a coverage of 80 % is known within two points, of
half as many within three."""
HALF_A_YEAR = dt.timedelta(days=182)
Keeps = Callable[[pd.DataFrame, Series, pd.Timestamp], Any]
"""Which rows of an input there still are at an issue time."""


@dataclass(frozen=True)
class Fault:
    """What is broken: inputs, and models from the top."""

    name: str
    keeps: Keeps | None = None
    models_lost: int = 0
    """Of champion, version before it and regression."""


def stale(days: int) -> Keeps:
    """No outturn has come for so many days."""

    def keeps(rows: pd.DataFrame, series: Series, issued: pd.Timestamp) -> Any:
        return series.quantity.endswith("_official") | (rows["available_at"] <= issued - pd.Timedelta(days=days))

    return keeps


def without_official(rows: pd.DataFrame, series: Series, issued: pd.Timestamp) -> Any:
    """No official forecast of anything has come since yesterday."""
    return (not series.quantity.endswith("_official")) | (rows["available_at"] <= issued - pd.Timedelta(days=1))


def stale_without_official(days: int) -> Keeps:
    """Both."""

    def keeps(rows: pd.DataFrame, series: Series, issued: pd.Timestamp) -> Any:
        return stale(days)(rows, series, issued) & without_official(rows, series, issued)

    return keeps


def without_others(target: Series) -> Keeps:
    """Nothing has come for three days of any input but the series and its official forecast."""

    def keeps(rows: pd.DataFrame, series: Series, issued: pd.Timestamp) -> Any:
        return (series in (target, target.official)) | (rows["available_at"] <= issued - pd.Timedelta(days=3))

    return keeps


def faults(series: Series) -> list[Fault]:
    """From nothing at all to nearly everything."""
    return [
        Fault("complete"),
        Fault("official forecast missing", without_official),
        *([Fault("other inputs missing", without_others(series))] if series == LOAD else []),
        *(Fault(f"outturn {days} d old", stale(days)) for days in (1, 3, 7, 14)),
        Fault("champion damaged", None, 1),
        Fault("champion damaged, outturn 3 d old", stale(3), 1),
        Fault("networks damaged", None, 2),
        Fault("networks damaged, official forecast missing", without_official, 2),
        Fault("networks damaged, outturn 3 d old", stale(3), 2),
        Fault("no models", None, 3),
        Fault("no models, outturn 7 d old", stale(7), 3),
        Fault("no models, no official forecast", without_official, 3),
        Fault("no models, no official forecast, outturn 7 d old", stale_without_official(7), 3),
    ]


@dataclass
class Withholding:
    """The lake of a machine on which something is broken; it is read, and no more."""

    rows: dict[Series, pd.DataFrame]
    """Every vintage of each series, by valid time."""
    keeps: Keeps | None = None
    issued: pd.Timestamp | None = None

    def read_vintages(self, *series: Series, time_range: TimeRange, flags: bool = False) -> Observations:
        """What is left of some series."""
        parts = []
        for one in series:
            rows = self.rows[one]
            begin, end = rows["valid_time"].searchsorted([time_range.start, time_range.end])
            rows = rows.iloc[begin:end]
            parts.append(
                rows if self.keeps is None or self.issued is None else rows[self.keeps(rows, one, self.issued)]
            )
        return Observations(pd.concat(parts, ignore_index=True))

    def read_verdicts(self, *_: Series, time_range: TimeRange) -> pd.DataFrame:
        """None."""
        return VERDICTS.empty()

    def read_rulings(self, *_: Series, time_range: TimeRange) -> pd.DataFrame:
        """None."""
        return RULINGS.empty()


def run(bench: Bench) -> list[Row]:
    """Both series, one after the other."""
    observations = smard(bench)
    rows: list[Row] = []
    for series in (LOAD,) if bench.quick else (LOAD, WIND_SOLAR):
        rows += bench.resumed(str(series), partial(measured, bench, series, observations))
    return rows


def measured(bench: Bench, series: Series, observations: Observations) -> list[Row]:
    """Every fault on the same days."""
    with tempfile.TemporaryDirectory() as folder:
        workspace, lake = machine_of(Path(folder), series, observations, epochs=1 if bench.quick else 25)
        days = days_between(FIRST, LAST)[:: 60 if bench.quick else EVERY]
        rows, lost = [], 0
        for fault in faults(series):
            lost = lose(workspace, series, lost, fault.models_lost)
            lake.keeps = fault.keeps
            answers = list(forecast(workspace, lake, series, days))
            found = figures(f"{series}: {fault.name}", answers, lake.rows[series])
            say(f"{found[0].task}: {found[0].model}, " + ", ".join(f"{row.metric} {row.value:.4g}" for row in found))
            rows += found
    return rows


def machine_of(folder: Path, series: Series, observations: Observations, epochs: int) -> tuple[Workspace, Withholding]:
    """A machine with three models of the series, which have learnt what was before 2025."""
    covariates: dict[str, Any] = {}
    if series == LOAD:
        covariates = {"past_covariates": [str(WIND_SOLAR)], "future_covariates": [str(WIND_SOLAR.official)]}
    entry = {"series": str(series), "deadline": DEADLINES[series], **covariates}
    training = {"holdout_start": FIRST, "refit": False, "epochs": epochs}
    settings = Settings.model_validate({"data_folder": folder, "mode": "live", "series": [entry], "training": training})
    by_series = {
        Series(str(zone), str(quantity)): rows.sort_values("valid_time", ignore_index=True)
        for (zone, quantity), rows in observations.groupby(["zone", "quantity"])
    }
    lake = Withholding(by_series)
    workspace = Workspace(settings, lake_of=lambda _: lake)  # type: ignore[arg-type, return-value]
    spec, rows = spec_of(settings, series), observations
    versions: tuple[tuple[str, RecurrentCell, dt.date], ...] = (("1", "lstm", FIRST - HALF_A_YEAR), ("2", "gru", FIRST))
    for number, cell, until in versions:
        export(workspace, network(cell, rows, spec, settings.training, until), number, until)
        say(f"{series}: {cell} is there")
    regression = fit_fallback(split(rows, spec, settings.training), settings.training.quantiles)
    keep_fallback(workspace.exports, regression, FIRST - dt.timedelta(days=1), workspace.clock())
    return workspace, lake


def network(
    cell: RecurrentCell, observations: Observations, spec: WindowSpec, training: TrainingSettings, until: dt.date
) -> Forecaster:
    """A network that has learnt the days before a date: the one of an earlier run, if whatever decides is the same."""
    chosen, config = training.model_copy(update={"holdout_start": until}), ModelSettings(cell=cell, anchor="linear")
    days = split(observations, spec, chosen)
    code = code_hash_of(CHECKOUT / "src" / "gridahead", ("gridahead.training.fit",))
    made_of = digest([days.fingerprint(), chosen.model_dump_json(), config.model_dump_json(), torch.__version__, code])
    kept = TRIALS / "ladder" / f"{spec.series.slug}-{cell}-{made_of}"
    if not kept.exists():
        model = fit(cell, days, config, chosen, lambda _: None).model
        model.save(kept.with_suffix(".part"))
        kept.with_suffix(".part").rename(kept)
    return load(kept)


def spec_of(settings: Settings, series: Series) -> WindowSpec:
    """What the models read."""
    entry = settings.series_settings(series)
    return WindowSpec(
        series,
        settings.zone(series.zone),
        Mtu.PT60M,
        entry.deadline,
        settings.training.context_days,
        past_covariates=entry.past_covariates,
        future_covariates=entry.future_covariates,
    )


def export(workspace: Workspace, model: Forecaster, number: str, until: dt.date) -> None:
    """Put a model where serving looks for it."""
    series, last = model.spec.series, until - dt.timedelta(days=1)
    days = {"learnt_until": str(last), "validation_days": f"{last} to {last}"}
    tags = {"series": str(series), "model": model.name, "bundle": workspace.exports.keep(model), "copy": "none", **days}
    workspace.exports.put(Version(series, number, "", workspace.clock(), (), tags))
    alias = {"1": PREVIOUS, "2": CHAMPION}[number]
    workspace.exports.serve(series, {**workspace.exports.serving(series), alias: number})


def lose(workspace: Workspace, series: Series, lost: int, wanted: int) -> int:
    """Damage as many models as are to be lost, from the champion down; there is no way back."""
    exports = workspace.exports
    bundles = [version.tags["bundle"] for version in exports.versions(series)]
    for number in range(lost, wanted):
        if number < len(bundles):
            for file in (workspace.settings.data_folder / "models" / "bundles" / bundles[number]).iterdir():
                file.write_bytes(file.read_bytes()[:-1])
        else:
            (workspace.settings.data_folder / "models" / series.slug / "fallback.json").unlink()
    return max(lost, wanted)


def forecast(workspace: Workspace, lake: Withholding, series: Series, days: Sequence[dt.date]) -> Iterator[Answer]:
    """What operation says of each day, as of its deadline."""
    entry = workspace.settings.series_settings(series)
    timezone, closure = workspace.settings.zone(series.zone).timezone, workspace.settings.gate_closure_of(series)
    for day in days:
        lake.issued = entry.deadline.for_delivery(day)
        slot = slot_of(series, timezone, entry.deadline, closure, lake.issued, day)
        yield climb(workspace, slot, serving(workspace, series))


def figures(task: str, answers: Sequence[Answer], outturn: pd.DataFrame) -> list[Row]:
    """MAE, CRPS and width of the 80 % band [MW], its coverage, and how many of the days its rung has answered."""
    rungs = pd.Series([answer.rung for answer in answers])
    rung = str(rungs.mode()[0])
    rows = pd.concat([answer.forecasts for answer in answers])
    wide = rows.pivot(index="valid_time", columns="quantile", values="value_mw")
    came = outturn.drop_duplicates("valid_time").set_index("valid_time")["value"].reindex(wide.index)
    wide, came = wide[came.notna()], came[came.notna()]
    levels = tuple(float(level) for level in wide.columns)
    found = {
        "mae": mae(wide[0.5], came),
        "crps": crps(wide, levels, came),
        "coverage_80": coverage(wide[0.1], wide[0.9], came),
        "width_80": width(wide[0.1], wide[0.9]),
        "share_of_days": float((rungs == rung).mean()),
    }
    return [Row(task, rung, metric, value, n=len(came)) for metric, value in found.items()]


def draw(rows: Sequence[Row], path: Path) -> None:
    """CRPS and coverage of every fault, by the rung that answered."""
    shown = [row for row in rows if row.task.startswith(str(LOAD))]
    with picture(path, 2, width=5.4, height=4.6) as panels:
        for axes, metric, text in zip(panels, ("crps", "coverage_80"), ("CRPS [MW]", "in the 80 % band"), strict=True):
            chosen = [row for row in shown if row.metric == metric][::-1]
            for n, row in enumerate(chosen):
                axes.barh(n, row.value, color=colour(RUNG_COLOURS.get(row.model, row.model)), height=0.7)
                axes.text(
                    row.value, n, f"  {row.value:,.0f}" if metric == "crps" else f"  {row.value:.0%}", va="center"
                )
            names = [f"{row.task.partition(': ')[2]} · {row.model}" for row in chosen]
            axes.set_yticks(range(len(chosen)), names if metric == "crps" else [""] * len(chosen), fontsize=8)
            title(axes, f"{LOAD}: {text}")
            if metric == "coverage_80":
                axes.axvspan(0.75, 0.85, color="black", alpha=0.08)
                axes.set_xlim(0, 1)


RUNG_COLOURS = {"full": "gru", "degraded": "gru", "previous": "lstm"}
"""The colour of the model that stands on each rung."""

if __name__ == "__main__":
    measure(run, draw)
