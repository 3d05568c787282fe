"""Jobs for the peers: the file that all of them read, and their forecasts, kept so that a rerun goes on."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import TRIALS, say
from environments import PEERS, Version, environment, pinned, requirements

from gridahead.core.errors import SourceError
from gridahead.core.grid import quantity_of
from gridahead.core.tables import Observations
from gridahead.core.vintages import micros
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles

KEPT = TRIALS / "peers"
SHARED = ("job.py", "calendars.py")
KNOWN_AHEAD = 0.5
"""An input of which less than this share of the delivery day is known is one of the past."""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


@dataclass(frozen=True, slots=True)
class Peer:
    """A model of another library."""

    library: str
    """Whose environment it runs in."""
    model: str
    script: str
    title: str
    """What figures call it, with `{}` for each package of `shown`."""
    shown: tuple[str, ...]
    oldest: Version = (3, 11)

    @property
    def name(self) -> str:
        """Its name with the versions that are pinned."""
        return self.title.format(*(pinned(self.library)[package] for package in self.shown))


FRACAST = Peer("fracast", "zero_shot", "fracast_zero_shot.py", "fracast {}, zero-shot", ("fracast",))
"""A foundation model: it has learnt none of the series and reads nothing but their last values."""
PEER_MODELS = (
    Peer("openstef", "ensemble", "openstef_preset.py", "OpenSTEF {} ensemble", ("openstef",), (3, 12)),
    Peer("openstef", "gblinear", "openstef_preset.py", "OpenSTEF {} GBLinear", ("openstef",), (3, 12)),
    Peer("mlforecast", "quantiles", "mlforecast_lightgbm.py", "mlforecast {} LightGBM {}", ("mlforecast", "lightgbm")),
    Peer(
        "mlforecast",
        "conformal",
        "mlforecast_lightgbm.py",
        "mlforecast {} LightGBM {} conformal",
        ("mlforecast", "lightgbm"),
    ),
    Peer("neuralforecast", "lstm", "neuralforecast_quantiles.py", "neuralforecast {} LSTM", ("neuralforecast",)),
    Peer("neuralforecast", "nhits", "neuralforecast_quantiles.py", "neuralforecast {} NHITS", ("neuralforecast",)),
    Peer("statsforecast", "mstl", "statsforecast_mstl.py", "statsforecast {} MSTL", ("statsforecast",)),
    FRACAST,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer forecast."""

    quantiles: Quantiles
    """(N, H, Q) [MW], on the units of the windows; NaN where it gave none."""
    seconds: float
    """Of one core, for training and forecasts together."""


def write_job(folder: Path, observations: Observations, test: Windows, levels: Sequence[float], quick: bool) -> Path:
    """The job of some windows, in a folder: every vintage of their inputs up to the end of the last delivery day."""
    folder.mkdir(parents=True, exist_ok=True)
    spec, shares = test.spec, test.known_share()
    ahead = [one for one in spec.ahead if shares[f"{one} ahead"] >= KNOWN_AHEAD]
    end = pd.Timestamp(test.valid_time[test.delivery].max(), unit="us", tz="UTC") + spec.mtu.delta
    rows = observations.loc[observations["valid_time"] < end, ["quantity", "valid_time", "available_at", "value"]]
    rows = rows[rows["quantity"].isin([one.quantity for one in spec.inputs])].rename(columns={"quantity": "series"})
    rows = rows.sort_values(["series", "valid_time", "available_at"], ignore_index=True)
    target = rows[rows["series"] == spec.series.quantity]
    step, unit = spec.mtu.delta, pd.Timedelta(minutes=1)
    ends = np.where(test.delivery, test.valid_time, 0).max(axis=1) + spec.mtu.microseconds
    about = {
        "target": spec.series.quantity,
        "ahead": [one.quantity for one in ahead],
        "past": [one.quantity for one in dict.fromkeys(spec.inputs[1:]) if one not in ahead],
        "issue_times": _texts(test.issue_time),
        "delivery_ends": _texts(ends),
        "step_minutes": int(step // unit),
        "delay_minutes": int((target["available_at"] - target["valid_time"]).min() // unit),
        "levels": list(levels),
        "timezone": spec.zone.timezone,
        "country": spec.zone.country,
        "low": quantity_of(spec.series.quantity).low,
        "quick": quick,
    }
    rows.to_parquet(folder / "rows.parquet", index=False)
    (folder / "job.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    return folder


def _texts(instants: np.ndarray) -> list[str]:
    return [pd.Timestamp(one, unit="us", tz="UTC").isoformat() for one in instants]


def forecast(peer: Peer, job: Path, label: str, test: Windows, levels: Sequence[float]) -> Answer:
    """The forecasts of a peer, from those that are kept if the job and its script are what they were.

    Raises:
        SettingsError: there is no Python that suits it.
        SourceError: the peer cannot be installed, or stopped.
    """
    kept = KEPT / f"{label}-{peer.library}-{peer.model}-{fingerprint(peer, job)}.parquet"
    clock = kept.with_suffix(".seconds")
    if not clock.is_file():
        python = environment(peer.library, peer.oldest)
        say(f"{label}: {peer.name}")
        KEPT.mkdir(parents=True, exist_ok=True)
        begun = core_seconds()
        aside = kept.with_name(f"{os.getpid()}-{kept.name}")  # two runs at once do not read half of each other's
        command = [str(python), str(PEERS / peer.script), str(job), peer.model, str(aside)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **ONE_THREAD})
        if done.returncode:
            raise SourceError(peer.name, f"stopped on {label}:\n{done.stderr[-3000:]}")
        aside.replace(kept)
        clock.write_text(f"{core_seconds() - begun:.1f}\n", encoding="utf-8")
        say(f"{label}: {peer.name} took {float(clock.read_text(encoding='utf-8')):.0f} s of one core")
    return Answer(laid_out(pd.read_parquet(kept), test, levels), float(clock.read_text(encoding="utf-8")))


def fingerprint(peer: Peer, job: Path) -> str:
    """16 digits of everything that decides what a peer answers: its job, its scripts and its versions."""
    digest = hashlib.sha256(peer.model.encode())
    files = [job / "job.json", job / "rows.parquet", requirements(peer.library)]
    for file in (*files, *(PEERS / name for name in (*SHARED, peer.script))):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def laid_out(told: pd.DataFrame, test: Windows, levels: Sequence[float]) -> Quantiles:
    """The answer of a peer on the units of the windows, (N, H, Q) [MW]: rising, within the physical bound.

    Libraries that fit each quantile alone let them cross; all are sorted, and nothing is below what can be.
    """
    step = test.spec.mtu.microseconds
    issue = told["issue"].to_numpy()
    at = (micros(told["valid_time"]) - test.valid_time[issue, 0]) // step
    inside = (at >= 0) & (at < test.valid_time.shape[1])
    quantiles = np.full((*test.valid_time.shape, len(levels)), np.nan, np.float32)
    quantiles[issue[inside], at[inside]] = told.loc[inside, [str(level) for level in levels]]
    low = quantity_of(test.spec.series.quantity).low
    return np.sort(quantiles if low is None else np.maximum(quantiles, np.float32(low)), axis=-1)


def core_seconds() -> float:
    """Seconds that processes started from here have computed, as far as they have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
