"""What do 1, 10, 100 and 1,000 series cost: seconds, core seconds, memory and bytes, stage by stage?

A table of hours, one column a series: two years of days, weeks and noise by the local clock. Each stage is what a
person runs, in a process of its own, so imports count: the first ingest takes the two years in and judges them, a
forecast publishes a day of each, the next ingest takes an hour more of every series, then that day is scored and the
page is written. What serves is a network, a regression and their aggregate, adapted to the 56 days before: it is learnt
from the first series, quickly, and given to all, as what a forecast costs does not depend on whose it is. Of a hundred
series and more the day before is forecast as well, by the flow in two processes. A further stage is a line in `STAGES`.
Training is a task of its own: one network for all of a hundred series and more, taught by thirty of them. So are the
forecasts of a thousand and of ten thousand in two processes, with the days before put into the lake as they are.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import Bench, Row, measure, say
from pictures import picture, title
from runners import prefect_server, seconds_of_a_run

from gridahead.core.runs import CHAMPION, OFFICIAL_CORRECTED
from gridahead.registry.versions import Version
from gridahead.settings.file import load_settings
from gridahead.settings.flows import FlowSettings
from gridahead.training.epoch import log_epoch
from gridahead.training.shared import fit_shared
from gridahead.training.split import split
from gridahead.workspace import Workspace

COUNTS = (1, 10, 100, 1000)
MANY = 100
"""From so many series on a run in two processes is measured as well: of fewer it is their start."""
TWO_PROCESSES = "forecast, two processes"
YEARS = 2
UNSEEN_DAYS, EPOCHS = 70, 2
"""Days that the champion has not learnt, and epochs that it has."""
TRAINED = (100, 1000)
"""So many series share the network that is trained."""
FORECAST = (1000, 10_000)
"""So many series are forecast from a lake that the gate has not seen: with it, ten thousand would take hours."""
DAYS_BEFORE = 200
"""That are put into it: what forecasts read."""
SOME = 500
"""So many series of these at once."""
TIMEZONE = "Europe/Berlin"
POLLED = 0.1
"""Seconds between two looks at the memory of a stage; the kernel keeps the peak between them."""
FILE = "gridahead.toml"
SETTINGS = """\
data_folder = "data"
zone_table = "zones.csv"

[[sources]]
kind = "file"
path = "load/*.csv"
value_column = "{zone}"
quantity = "load"
unit = "MW"
time_column = "time"
timezone = "UTC"

[[series]]
series = "*/load"
deadline = "D-1T0900[local]"
models = []
"""
GROUP = """\
[[shared]]
name = "all"
model = "gru"
series = ["*/load"]
teachers = 30
beside = []
[training]
epochs = 4
batch_size = 128
learning_rate = 0.006
"""
"""Epochs, batches and rate are those of benchmark `eia930`, where thirty teach."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that is run once for all series."""

    name: str
    prepare: Callable[[Path, pd.DataFrame], None]
    """Brings what is new, given the folder of the settings and all values."""
    command: tuple[str, ...]
    """Of gridahead."""


def _history(folder: Path, values: pd.DataFrame) -> None:
    _write(folder / "load" / "history.csv", values.iloc[:-1])


def _hour(folder: Path, values: pd.DataFrame) -> None:
    _write(folder / "load" / "hour.csv", values.iloc[-1:])


def _model(folder: Path, values: pd.DataFrame) -> None:
    """A champion of each series that has not learnt the last weeks."""
    workspace = Workspace(load_settings(folder / FILE))
    names = [entry.series for entry in workspace.settings.series]
    first, training = names[0], workspace.settings.training
    holdout = values.index[-1].date() - dt.timedelta(days=UNSEEN_DAYS)
    quick = training.model_copy(update={"epochs": EPOCHS, "holdout_start": holdout})
    spec, observations = workspace.inputs(first)
    splits = {first: split(observations, spec, quick)}
    network = workspace.settings.models["gru"]
    ((*_, fit),) = fit_shared(
        "net", splits, network, quick, log_epoch, fine_tune=False, beside=("ridge", OFFICIAL_CORRECTED)
    )
    until = str(holdout - dt.timedelta(days=1))
    days = {"learnt_until": until, "validation_days": f"{until} to {until}"}
    with tempfile.TemporaryDirectory() as bundle:
        fit.model.save(Path(bundle))
        for series in names:
            digest = workspace.exports.keep_bundle(Path(bundle), partial(_renamed, first.zone, series.zone))
            tags = {"series": str(series), "model": fit.model.name, "bundle": digest, "copy": "none", **days}
            workspace.exports.put(Version(series, "1", "none", pd.Timestamp.now("UTC"), (), tags))
            workspace.exports.serve(series, {CHAMPION: "1"})


def _renamed(zone: str, other: str, about: Any) -> Any:
    """What a bundle says of its model, of another zone."""
    return json.loads(json.dumps(about).replace(zone, other))


def _nothing(_folder: Path, _values: pd.DataFrame) -> None:
    """All that is needed is there."""


def deadline(back: int = 0) -> str:
    """Of the last delivery day that is over, by the local clock, or of one so many days before it."""
    day = pd.Timestamp.now(TIMEZONE).date() - dt.timedelta(days=2 + back)
    return f"{day}T09:00"


STAGES = (
    Stage("two years", _history, ("ingest",)),
    Stage("forecast", _model, ("forecast", "--issue-time", deadline())),
    Stage("one hour more", _hour, ("ingest",)),
    Stage("score", _nothing, ("score",)),
    Stage("page", _nothing, ("report",)),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has cost."""

    seconds: float
    core_seconds: float
    peak_mb: float


def run(bench: Bench) -> list[Row]:
    """Rows by number of series, stage and figure."""
    counts, days = ((1, 3), 200) if bench.quick else (COUNTS, 365 * YEARS)
    rows = [row for count in counts for row in bench.resumed(f"{count} series", partial(stages_of, count, days))]
    for count in () if bench.quick else TRAINED:
        rows += bench.resumed(f"{count} series, training", partial(training_of, count, days))
    for count in () if bench.quick else FORECAST:
        rows += bench.resumed(f"{count} series, forecasts", partial(forecasts_of, count))
    return rows


def stages_of(count: int, days: int) -> list[Row]:
    """The rows of all stages of so many series."""
    values, rows, task = made(count, days), list[Row](), f"{count} series"
    with installed(values) as folder:
        for stage in STAGES:
            stage.prepare(folder, values)
            cost = cost_of(stage.command, folder)
            lake = sum(path.stat().st_size for path in (folder / "data" / "lake").rglob("*") if path.is_file())
            rows += [*_rows(task, stage.name, cost), Row(task, stage.name, "lake [MB]", lake / 1e6)]
            if stage.name == "forecast" and count >= MANY:
                rows.append(in_two_processes(task, folder))
    return rows


def training_of(count: int, days: int) -> list[Row]:
    """What one network for so many series costs, once their days are in the lake."""
    values = made(count, days)
    with installed(values, GROUP) as folder:
        _history(folder, values)
        cost_of(("ingest",), folder)
        return _rows(f"{count} series", "train", cost_of(("train",), folder))


def forecasts_of(count: int) -> list[Row]:
    """How long a run of two processes forecasts and publishes so many series."""
    values = made(count, DAYS_BEFORE)
    with installed(values) as folder:
        lake = Workspace(load_settings(folder / FILE)).lake
        for first in range(0, count, SOME):
            some = values.iloc[:, first : first + SOME].rename_axis("valid_time").reset_index()
            long = some.melt("valid_time", var_name="zone")
            known = long["valid_time"] + pd.Timedelta(hours=1)
            about = {"availability": "assumed", "unit": "MW", "mtu": "PT60M", "source": "made", "batch": "made"}
            lake.observations.append(long.assign(quantity="load", available_at=known, **about))
        _model(folder, values)
        say(f"{count} series have their days and a champion")
        return [in_two_processes(f"{count} series, forecasts", folder)]


@contextmanager
def installed(values: pd.DataFrame, further: str = "") -> Iterator[Path]:
    """A folder with the settings of these series, and further ones."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "load").mkdir()
        (folder / FILE).write_text(SETTINGS + further, encoding="utf-8")
        zones = "".join(f"{zone},{TIMEZONE}\n" for zone in values.columns)
        (folder / "zones.csv").write_text(f"code,timezone\n{zones}", encoding="utf-8")
        yield folder


def _rows(task: str, stage: str, cost: Cost) -> list[Row]:
    figures = {"seconds": cost.seconds, "core seconds": cost.core_seconds, "peak of memory [MB]": cost.peak_mb}
    say(f"{task}, {stage}: {cost.seconds:.0f} s, {cost.core_seconds:.1f} core seconds, {cost.peak_mb:,.0f} MB")
    return [Row(task, stage, metric, value) for metric, value in figures.items()]


def in_two_processes(task: str, folder: Path) -> Row:
    """Seconds of a run of the flow, in two processes, of the day before the one that has been forecast."""
    issued = pd.Timestamp(deadline(back=1), tz=TIMEZONE).to_pydatetime()
    with tempfile.TemporaryDirectory() as server, prefect_server(Path(server)):
        seconds = seconds_of_a_run(folder / FILE, FlowSettings(runner="processes", workers=2), issued)
    say(f"{task}, {TWO_PROCESSES}: {seconds:.0f} s")
    return Row(task, TWO_PROCESSES, "seconds", seconds)


def made(count: int, days: int) -> pd.DataFrame:
    """Values of so many series over so many days and an hour [MW], the last of them two hours ago."""
    end = pd.Timestamp.now("UTC").floor("h") - pd.Timedelta(hours=2)
    times = pd.date_range(end - pd.Timedelta(days=days), end, freq="h")
    local = times.tz_convert(TIMEZONE)
    hour, weekend = 2 * np.pi * local.hour.to_numpy() / 24, local.day_of_week.to_numpy() >= 5
    season = 0.1 * np.sin(2 * np.pi * np.arange(len(times)) / 8766)
    columns, random = {}, np.random.default_rng(0)
    for number in range(count):
        level, wave, later = random.uniform(5, 50), random.uniform(0.1, 0.4), random.uniform(0, 2 * np.pi)
        week = random.uniform(0.02, 0.15) * weekend
        course = 1 + wave * np.sin(hour + later) + 0.5 * wave * np.sin(2 * (hour + later)) - week + season
        columns[f"S{number:04d}"] = np.round(level * (course + 0.03 * random.standard_normal(len(times))), 3)
    return pd.DataFrame(columns, index=times.rename("time"))


def _write(path: Path, values: pd.DataFrame) -> None:
    values.to_csv(path, date_format="%Y-%m-%dT%H:%M:%SZ")


def cost_of(command: Sequence[str], folder: Path) -> Cost:
    """What a command of gridahead costs in a process of its own, by the settings of a folder.

    Raises:
        RuntimeError: it failed; says what it printed last.
    """
    began, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryFile() as said:
        surroundings = {**os.environ, "GRIDAHEAD_SETTINGS": str(folder / FILE)}
        asked = [sys.executable, "-m", "gridahead", *command]
        process = subprocess.Popen(asked, env=surroundings, stdout=said, stderr=said)
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            peak = max(peak, _peak_mb(process.pid))
            time.sleep(POLLED)
        _, status, used = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read().decode()[-2000:]}")
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, peak)


def _peak_mb(pid: int) -> float:
    """The most memory that a process has had so far; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), 0.0)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Core seconds and memory by the number of series."""
    with picture(path, 2) as charts:
        for chart, metric in zip(charts, ("core seconds", "peak of memory [MB]"), strict=True):
            whole = [row for row in rows if row.metric == metric and row.task.endswith(" series")]
            for stage in dict.fromkeys(row.model for row in whole):
                found = {int(row.task.split()[0]): row.value for row in whole if row.model == stage}
                chart.plot(list(found), list(found.values()), marker="o", label=stage)
            chart.set_xscale("log")
            chart.set_yscale("log")
            chart.set_xlabel("series")
            title(chart, metric)
        charts[0].legend(frameon=False)


if __name__ == "__main__":
    measure(run, draw)
