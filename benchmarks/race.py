"""The race against other libraries: the same series, context, horizon and hidden size, one thread, side by side.

Every racer is a process of its own that trains for some seconds and tells after each pass how long it has trained, how
many windows it has seen and how good it is on the validation days. The others live in environments of their own, which
are made here from benchmarks/peers/requirements-*.txt.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from common import Bench, Row, say
from datasets import smard
from environments import PEERS, environment

from gridahead.core.errors import SourceError
from gridahead.core.grid import ZONES, Series
from gridahead.core.tables import Observations
from gridahead.core.vintages import micros, of_series
from gridahead.features.calendar import calendar

OURS = "gridahead"
LOAD = Series.parse("DE/load")
ZONE = replace(ZONES["DE"], timezone="UTC")
"""Days of 24 hours, all of them: the others know no others."""
FIRST, LAST = pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2025-01-01", tz="UTC")
VALIDATION_DAYS = 184
"""July to December 2024."""
CONTEXT, HORIZON, HIDDEN = 504, 24, 96
TASK = f"context {CONTEXT} h, horizon {HORIZON} h, hidden {HIDDEN}"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another library's network, at its defaults where its name says nothing else."""

    library: str
    script: Path
    layers: int
    batch: int
    """Windows a step."""


NEURALFORECAST = Peer("neuralforecast", PEERS / "neuralforecast_lstm.py", layers=2, batch=128)
"""Batches of 512 gave it 2 % more windows a second, and in 10 s three times the error."""
DARTS = Peer("darts", PEERS / "darts_block_rnn.py", layers=1, batch=32)
RACERS = {
    "neuralforecast": NEURALFORECAST,
    "neuralforecast, 1 layer": replace(NEURALFORECAST, layers=1),
    "darts": DARTS,
    "darts, batch 128": replace(DARTS, batch=128),
}
"""Against us; with batches of 128 darts is the fastest, those of 512 give it nothing more."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every racer reads, from a file."""

    arrays: str
    """NPZ: `times` [µs since 1970 UTC], `load` [MW], `calendar` (T, K)."""
    seconds: float
    """To train, validation not counted."""
    seed: int
    train_windows: int
    validation_steps: int
    layers: int = 1
    batch: int = 256
    """Ours; every other racer gets its own."""
    context: int = CONTEXT
    horizon: int = HORIZON
    hidden: int = HIDDEN


@dataclass(frozen=True, slots=True)
class Point:
    """A racer after one more pass."""

    seconds: float
    """Of the core, not on the wall: with one thread the same on an idle machine, and fair on a busy one."""
    windows: float
    mae: float
    """On the validation days [MW]."""


Points = Sequence[Point]


def race(bench: Bench, seconds: float, rounds: int) -> list[Row]:
    """Windows a second, and seconds to the same validation error, of every racer; rounds with other seeds."""
    with tempfile.TemporaryDirectory() as scratch:
        arrays = _write_arrays(smard(bench), Path(scratch) / "load.npz")
        pythons = {name: environment(peer.library) for name, peer in RACERS.items()}
        jobs = [_job(arrays, seconds, seed) for seed in range(rounds)]
        told = [_round(job, pythons, Path(scratch) / "job.json") for job in jobs]
    rows = [Row.of(TASK, name, "windows_per_second", [_speed(one[name]) for one in told]) for name in (OURS, *RACERS)]
    for peer in RACERS:
        rows += _against(peer, told)
    return rows


def _against(peer: str, told: Sequence[dict[str, Points]]) -> list[Row]:
    """The ratios to one other library, round by round."""
    faster, targets, theirs, ours = [], [], [], []
    for one in told:
        faster.append(_speed(one[OURS]) / _speed(one[peer]))
        best = min(one[peer], key=lambda point: point.mae)
        reached = time_to(best.mae, one[OURS])
        if reached is not None:
            targets.append(best.mae)
            theirs.append(best.seconds)
            ours.append(reached)
    rows = [Row.of(TASK, f"{OURS} / {peer}", "windows_per_second_ratio", faster)]
    if len(ours) < len(told):  # a target that was missed once is not reached
        say(f"{OURS} missed the best of {peer} in {len(told) - len(ours)} of {len(told)} rounds")
        return rows
    task = f"to the best validation error of {peer}"
    return [
        *rows,
        Row.of(task, peer, "mae_mw", targets),
        Row.of(task, peer, "seconds", theirs),
        Row.of(task, OURS, "seconds", ours),
        Row.of(task, f"{OURS} / {peer}", "seconds_ratio", [a / b for a, b in zip(theirs, ours, strict=True)]),
    ]


def time_to(mae: float, points: Points) -> float | None:
    """Seconds until the validation error was at most this; None if it never was."""
    return next((point.seconds for point in points if point.mae <= mae), None)


def _speed(points: Points) -> float:
    """The median of windows a second over the passes; the first one warms up where there are more."""
    before = [Point(0.0, 0.0, 0.0), *points[:-1]]
    passes = [(b.windows - a.windows) / (b.seconds - a.seconds) for a, b in zip(before, points, strict=True)]
    return median(passes[1:] or passes)


def _round(job: Job, pythons: dict[str, Path], file: Path) -> dict[str, Points]:
    """Every racer once, one after the other."""
    racers = {OURS: (Path(sys.executable), Path(__file__).with_name("race_own.py"), job)}
    for name, peer in RACERS.items():
        racers[name] = pythons[name], peer.script, replace(job, layers=peer.layers, batch=peer.batch)
    told: dict[str, Points] = {}
    for name, (python, script, given) in racers.items():
        file.write_text(json.dumps(asdict(given)), encoding="utf-8")
        done = subprocess.run([python, script, file], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SourceError(name, f"its training stopped:\n{done.stderr[-2000:]}")
        told[name] = [Point(**point) for point in json.loads(done.stdout.splitlines()[-1])]
        best = min(point.mae for point in told[name])
        say(f"{name}, seed {job.seed}: {_speed(told[name]):,.0f} windows/s, validation MAE {best:,.0f} MW")
    return told


def _job(arrays: Path, seconds: float, seed: int) -> Job:
    days = (LAST - FIRST).days
    train = days - VALIDATION_DAYS - CONTEXT // 24
    return Job(str(arrays), seconds, seed, train, VALIDATION_DAYS * 24)


def _write_arrays(observations: Observations, file: Path) -> Path:
    """The load and the calendar for all racers."""
    load = of_series(observations, LOAD).sort_values("valid_time")
    load = load[(load["valid_time"] >= FIRST) & (load["valid_time"] < LAST)]
    times = micros(pd.DatetimeIndex(load["valid_time"]))
    np.savez(file, times=times, load=load["value"].to_numpy(np.float32), calendar=calendar(times, ZONE))
    return file
