"""The record of every fit in MLflow: one run a fit, with parameters, metrics by epoch, the data and the commit.

`registry` makes versions of them and says which serves.
"""

from __future__ import annotations

import logging
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gridahead.registry import mlflow_state  # before MLflow

# isort: split
import mlflow
from mlflow.entities import Metric, Param

from gridahead.core.errors import ModelError
from gridahead.core.files import alone
from gridahead.core.grid import Series
from gridahead.core.release import PACKAGE, VERSION
from gridahead.models.ensemble import Ensemble
from gridahead.models.network.network import Network
from gridahead.registry.address import WAY_OUT, Address
from gridahead.registry.artifacts import know
from gridahead.registry.client import Client, RegistryError, newest, require_answer, told
from gridahead.settings.networks import ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.fit import Fit

log = logging.getLogger(__name__)

EXPERIMENT = "gridahead"
BY_EPOCH = (
    "train_loss",
    "validation_loss",
    "gradient_norm",
    "mean_gradient_norm",
    "clip_rate",
    "learning_rate",
    "windows_per_second",
)
CLIPPING: dict[str, Callable[[Sequence[float]], float]] = {"clip_rate": statistics.fmean, "gradient_norm": max}


class Tracking:
    """The record of fits in MLflow, wherever that is; a folder of it may be moved.

    Args:
        address: of MLflow.
        registered: the newest version of each series that it must know.

    Raises:
        ModelError: it does not answer, is damaged, gone though it was there, or of another release of MLflow.
    """

    def __init__(self, address: Address, registered: Mapping[Series, int]) -> None:
        self.address, self.uri = address, address.uri
        know(address)
        require_answer(address)
        address.require_sound()
        if address.is_fresh:  # before MLflow makes a database where there is none
            self._require(dict.fromkeys(registered, 0), registered)
        with self._opening():
            self.client = Client(address)
            self._require({series: newest(self.client, series) for series in registered}, registered)
            self.experiment_id = self._experiment_id()

    def active(self) -> AbstractContextManager[None]:
        """MLflow's global functions work here meanwhile."""
        return mlflow_state.tracking_at(self.uri)

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Two that make the tables or the experiment of a new database at once would be in each other's way."""
        file = self.address.database
        lock = alone(file.parent / ".opening") if file is not None else nullcontext()
        with lock, told(self.address), self.active():
            yield

    def _require(self, known: Mapping[Series, int], registered: Mapping[Series, int]) -> None:
        lacking = [f"{series} v{number}" for series, number in registered.items() if known[series] < number]
        if lacking:
            state = "is gone, and it knew" if self.address.is_fresh else "is another one or an older one: it lacks"
            raise self.address.error(f"{state} {', '.join(lacking)}. {WAY_OUT}")

    def _experiment_id(self) -> str:
        """That of our experiment, made if it is not there."""
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        if experiment is None:
            try:
                return str(self.client.create_experiment(EXPERIMENT, artifact_location=self.address.root))
            except RegistryError as error:
                if not error.is_there:
                    raise
            experiment = self.client.get_experiment_by_name(EXPERIMENT)  # another host has made it in this moment
        return str(experiment.experiment_id)

    def record(
        self, fit: Fit, config: ModelSettings | None, settings: TrainingSettings, parent: str | None = None
    ) -> str:
        """Log a fit as a run, below that of its group if it has one, and give its id.

        An ensemble has no config of its own.
        """
        series = fit.model.spec.series
        tags = {
            "series": str(series),
            "model": fit.model.name,
            "data_fingerprint": fit.data_fingerprint,
            "train_days": " to ".join(map(str, fit.train_days)),
            "validation_days": " to ".join(map(str, fit.validation_days)),
            "learnt_until": str(fit.learnt_until),
            "mlflow.source.git.commit": git_commit(),
            "mlflow.source.name": f"gridahead {VERSION}",
        }
        run_id = self.begin(f"{series} {fit.model.name}", tags, parent)
        self.client.log_batch(run_id, params=_params(fit, config, settings))
        self._log_metrics(run_id, _metrics(fit))
        self.client.set_terminated(run_id)
        return run_id

    def _log_metrics(self, run_id: str, metrics: list[Metric]) -> None:
        """MLflow takes a thousand at once."""
        for begin in range(0, len(metrics), 1000):
            self.client.log_batch(run_id, metrics=metrics[begin : begin + 1000])

    def begin(self, name: str, tags: Mapping[str, str], parent: str | None = None, began: float | None = None) -> str:
        """A new run that is no fit to serve, such as a search or a trial of one; returns its id."""
        below = {} if parent is None else {"mlflow.parentRunId": parent}
        start = None if began is None else int(began * 1000)
        run = self.client.create_run(self.experiment_id, start, {**tags, **below}, run_name=name)
        return str(run.info.run_id)

    def note(self, run_id: str, params: Mapping[str, Any], curves: Mapping[str, Mapping[int, float]]) -> None:
        """Add parameters to a run, and metrics by step."""
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, curve in curves.items() for step, value in curve.items()]
        self.client.log_batch(run_id, params=[Param(key, str(value)) for key, value in params.items()])
        self._log_metrics(run_id, metrics)

    def tagged(self, tag: str, value: str) -> dict[str, dict[str, str]]:
        """The tags of every run that has this one, by run id."""
        runs = self.client.search_runs([self.experiment_id], f"tags.`{tag}` = '{value}'", max_results=50_000)
        return {run.info.run_id: run.data.tags for run in runs}

    def clipping(self, run_id: str) -> dict[str, float]:
        """How often the gradient was clipped in training, and its largest norm before."""
        history = {name: self.client.get_metric_history(run_id, name) for name in CLIPPING}
        return {name: CLIPPING[name]([metric.value for metric in steps]) for name, steps in history.items() if steps}

    def fetch(self, path: str, folder: Path) -> Path:
        """Download what lies below the root of all artifacts; returns where it is.

        Args:
            path: below the root.
            folder: where it is put.

        Raises:
            ModelError: it is not there, or cannot be had.
        """
        try:
            with told(self.address), self.active():
                place = f"{self.address.root.rstrip('/')}/{path}"
                return Path(mlflow.artifacts.download_artifacts(artifact_uri=place, dst_path=str(folder)))
        except OSError as error:
            raise self.address.error(f"has no {path} among its artifacts: {error}") from error

    def copy_artifacts(self, former: str, run_id: str) -> None:
        """Give a run what was kept with a former one, as far as it is there."""
        with tempfile.TemporaryDirectory() as scratch:
            try:
                self.client.log_artifacts(run_id, str(self.fetch(f"{former}/artifacts", Path(scratch))))
            except ModelError as error:
                log.info("nothing is kept with the former run %s: %s", former, error)

    def keep_text(self, run_id: str, name: str, text: str) -> None:
        """Add a text to the artifacts of a run; one of the same name is replaced."""
        self.client.log_text(run_id, text, name)

    def keep_figure(self, run_id: str, name: str, figure: Any) -> None:
        """Add a drawn figure to the artifacts of a run; one of the same name is replaced."""
        self.client.log_figure(run_id, figure, name)

    def file(self, run_id: str, name: str) -> Path | None:
        """A file among the artifacts of a run, None if it has none of that name."""
        if name not in {artifact.path for artifact in self.client.list_artifacts(run_id)}:
            return None
        with told(self.address), self.active():
            return Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=name))


def git_commit() -> str:
    """The commit of the running code, with a mark if it has been changed since; `unknown` outside a checkout.

    An image has no checkout: it says in $GRIDAHEAD_COMMIT what it was built from.
    """
    if built_from := os.environ.get("GRIDAHEAD_COMMIT"):
        return built_from
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()


def settings_params(config: ModelSettings | None, settings: TrainingSettings) -> dict[str, Any]:
    """What the settings say of a network and its training, by the names of parameters."""
    of_model = {f"model.{key}": value for key, value in (config.model_dump() if config else {}).items()}
    return of_model | {f"training.{key}": value for key, value in settings.model_dump().items()}


def _params(fit: Fit, config: ModelSettings | None, settings: TrainingSettings) -> list[Param]:
    spec = fit.model.spec
    model, networks = fit.model, fit.model.networks
    values: dict[str, Any] = {
        **settings_params(config, settings),
        "window.mtu": spec.mtu,
        "window.deadline": spec.deadline,
        "window.inputs": ", ".join(map(str, spec.inputs)),
        "scaler.anchor": ", ".join(dict.fromkeys(network.scaler.anchor for network in networks)),
        "network.parameters": _count(member for network in networks for member in network.members),
        "network.parameters_degraded": _count(member for network in networks for member in network.degraded),
    }
    if isinstance(model, Ensemble):
        named, rest = zip(networks, model.weights, strict=True), 1 - model.official
        values |= {f"ensemble.{network.name}": f"{rest * weight:.3f}" for network, weight in named}
        values["ensemble.official"] = f"{model.official:.3f}"
    return [Param(key, str(value)) for key, value in values.items()]


def _count(members: Iterable[Network]) -> int:
    """The numbers that networks have learnt."""
    return sum(weights.numel() for member in members for weights in member.parameters())


def _metrics(fit: Fit) -> list[Metric]:
    """Metrics by epoch, one step axis through all members, and the final ones."""
    now = int(time.time() * 1000)
    by_epoch = [
        Metric(name, value, now, step)
        for step, epoch in enumerate(fit.epochs)
        for name, value in asdict(epoch).items()
        if name in BY_EPOCH and value is not None
    ]
    final = {**fit.validation, "fit_seconds": fit.seconds}
    return by_epoch + [Metric(name, value, now, len(fit.epochs)) for name, value in final.items()]
