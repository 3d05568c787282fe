"""The record of every fit, and the registry that says which model serves. The only module that imports MLflow.

One run a fit: parameters, metrics by epoch, the fingerprint of the data, the commit, the model. One registered model a
series, one version a fit; the alias `champion` marks the version that serves.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Before MLflow is imported: no telemetry, no progress bar for files copied on this machine.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import mlflow
import numpy as np
from mlflow.entities import Metric, Param
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types.schema import Schema, TensorSpec

import gridahead
from gridahead.config import ModelSettings, TrainingSettings
from gridahead.errors import ModelError
from gridahead.grid import Series
from gridahead.models.bundle import TrainedModel
from gridahead.models.ensemble import Model, load_model
from gridahead.training.fit import Fit
from gridahead.training.gradient_picture import draw
from gridahead.training.gradients import GradientReport

log = logging.getLogger(__name__)

CHAMPION = "champion"
EXPERIMENT = "gridahead"
GRADIENTS = "gradients.png"
BY_EPOCH = (
    "train_loss", "validation_loss", "gradient_norm", "mean_gradient_norm", "clip_rate", "learning_rate",
    "windows_per_second",
)  # fmt: skip
CLIPPING: dict[str, Callable[[Sequence[float]], float]] = {"clip_rate": statistics.fmean, "gradient_norm": max}
_REQUIREMENTS = ("torch", "numpy", "pandas", "pyarrow", "safetensors", "holidays", "pydantic")


@dataclass(frozen=True)
class Registered:
    """A version in the registry and what it holds."""

    series: Series
    version: str
    model: Model
    run_id: str

    def __str__(self) -> str:
        return f"{self.model.name} v{self.version}"


class Tracking:
    """MLflow on a database and a folder of artifacts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        # An example would repeat what the signature says, at the price of a copy of the data in every model.
        warnings.filterwarnings("ignore", message=".*input example was not provided.*")
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        mlflow.set_tracking_uri(self.uri)
        self.client = mlflow.MlflowClient(self.uri)
        if self.client.get_experiment_by_name(EXPERIMENT) is None:
            self.client.create_experiment(EXPERIMENT, artifact_location=(folder / "artifacts").as_uri())

    def record(self, fit: Fit, config: ModelSettings | None, settings: TrainingSettings) -> Registered:
        """Log a fit as a run and register its model as a new version; an ensemble has no config of its own."""
        series = fit.model.spec.series
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        run = self.client.create_run(
            experiment.experiment_id,
            run_name=f"{series} {fit.model.name}",
            tags={
                "series": str(series),
                "model": fit.model.name,
                "data_fingerprint": fit.data_fingerprint,
                "train_days": " to ".join(map(str, fit.train_days)),
                "validation_days": " to ".join(map(str, fit.validation_days)),
                "learnt_until": str(fit.learnt_until),
                "mlflow.source.git.commit": git_commit(),
                "mlflow.source.name": f"gridahead {gridahead.__version__}",
            },
        )
        run_id = run.info.run_id
        self.client.log_batch(run_id, params=_params(fit, config, settings))
        self._log_metrics(run_id, _metrics(fit))
        if fit.gradients is not None:
            self._log_metrics(run_id, _metrics_by_lag(fit.gradients))
            self.client.log_figure(run_id, draw(fit.gradients, f"{series} {fit.model.name}"), GRADIENTS)
        model_version = self._log_model(fit.model, run_id)
        self.client.set_terminated(run_id)
        for name, value in fit.validation.items():
            self.client.set_model_version_tag(series.slug, model_version, name, f"{value:.2f}")
        return Registered(series, model_version, fit.model, run_id)

    def _log_metrics(self, run_id: str, metrics: list[Metric]) -> None:
        """MLflow takes a thousand at once."""
        for begin in range(0, len(metrics), 1000):
            self.client.log_batch(run_id, metrics=metrics[begin : begin + 1000])

    def begin(self, name: str, tags: Mapping[str, str], parent: str | None = None, began: float | None = None) -> str:
        """A new run that is no fit to serve, such as a search or a trial of one; gives its id."""
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        below = {} if parent is None else {"mlflow.parentRunId": parent}
        start = None if began is None else int(began * 1000)
        run = self.client.create_run(experiment.experiment_id, start, {**tags, **below}, run_name=name)
        return str(run.info.run_id)

    def note(self, run_id: str, params: Mapping[str, Any], curves: Mapping[str, Mapping[int, float]]) -> None:
        """Add parameters to a run, and metrics by step."""
        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, curve in curves.items() for step, value in curve.items()]
        self.client.log_batch(run_id, params=[Param(key, str(value)) for key, value in params.items()])
        self._log_metrics(run_id, metrics)

    def tagged(self, tag: str, value: str) -> dict[str, dict[str, str]]:
        """The tags of every run that has this one, by run id."""
        experiment = self.client.get_experiment_by_name(EXPERIMENT)
        found = self.client.search_runs([experiment.experiment_id], f"tags.`{tag}` = '{value}'", max_results=50_000)
        return {run.info.run_id: run.data.tags for run in found}

    def promote(self, registered: Registered) -> None:
        """Make a version the one that serves."""
        self.client.set_registered_model_alias(registered.series.slug, CHAMPION, registered.version)

    def beats_champion(self, registered: Registered, metric: str) -> bool:
        """Whether a version has the smaller metric than the one that serves, on the same validation days."""
        try:
            champion = self.client.get_model_version_by_alias(registered.series.slug, CHAMPION)
        except MlflowException:  # nothing serves yet
            return True
        own, others = (self.client.get_run(run_id).data for run_id in (registered.run_id, champion.run_id))
        if own.tags["validation_days"] != others.tags["validation_days"]:
            log.info("%s: %s was judged on other days than its champion, which stays", registered.series, registered)
            return False
        return bool(own.metrics[metric] < others.metrics[metric])

    def champion(self, series: Series) -> Registered:
        """The version that serves.

        Raises:
            ModelError: the series has no champion.
        """
        try:
            found = self.client.get_model_version_by_alias(series.slug, CHAMPION)
        except MlflowException as error:
            raise ModelError(
                str(series), f"has no champion; train one with `gridahead train --series {series}`"
            ) from error
        return self._registered(series, found)

    def newest(self, series: Series, model: str) -> Registered:
        """The newest version of that model, whether it serves or not.

        Raises:
            ModelError: the series has none.
        """
        versions = self.client.search_model_versions(f"name='{series.slug}'")
        of_model = {one.tags["model"] for one in versions}
        if model not in of_model:
            raise ModelError(
                f"{series} {model}",
                f"has never been trained; there are {', '.join(sorted(of_model)) or 'no models at all'}. "
                f"Train it with `gridahead train --series {series}`",
            )
        return self._registered(
            series, max((one for one in versions if one.tags["model"] == model), key=lambda one: int(one.version))
        )

    def clipping(self, registered: Registered) -> dict[str, float]:
        """How often the gradient was clipped in training, and its largest norm before."""
        history = {name: self.client.get_metric_history(registered.run_id, name) for name in CLIPPING}
        return {name: CLIPPING[name]([one.value for one in found]) for name, found in history.items() if found}

    def _registered(self, series: Series, found: ModelVersion) -> Registered:
        uri = f"models:/{series.slug}/{found.version}"
        folder = Path(mlflow.artifacts.download_artifacts(f"{uri}/artifacts/bundle", tracking_uri=self.uri))
        return Registered(series, str(found.version), load_model(folder), str(found.run_id))

    def last_day_seen(self, registered: Registered) -> dt.date:
        """The last delivery day that the training or the choice of a version has looked at."""
        days = self.client.get_run(registered.run_id).data.tags["validation_days"]
        return dt.date.fromisoformat(days.partition(" to ")[2])

    def last_day_learnt(self, registered: Registered) -> dt.date:
        """The last delivery day that the weights of a version have learnt."""
        return dt.date.fromisoformat(self.client.get_run(registered.run_id).data.tags["learnt_until"])

    def serving(self) -> dict[str, dict[str, str]]:
        """For every registered series that has a champion: its version, model, validation metrics and training days."""
        table = {}
        for registered in self.client.search_registered_models():
            if CHAMPION in registered.aliases:
                found = self.client.get_model_version_by_alias(registered.name, CHAMPION)
                tags = self.client.get_run(found.run_id).data.tags
                about = {key: tags[key] for key in ("model", "train_days", "data_fingerprint")}
                table[tags["series"]] = {"version": str(found.version), **about, **found.tags}
        return table

    def _log_model(self, model: Model, run_id: str) -> str:
        """Store the bundle as a pyfunc made from code and register it; gives the version."""
        package = Path(gridahead.__file__).parent
        with tempfile.TemporaryDirectory() as scratch:
            bundle = Path(scratch) / "bundle"
            model.save(bundle)
            with mlflow.start_run(run_id=run_id):
                logged = mlflow.pyfunc.log_model(
                    name="model",
                    python_model=str(package / "training" / "served_model.py"),
                    code_paths=[str(package)],
                    artifacts={"bundle": str(bundle)},
                    signature=signature(model),
                    pip_requirements=[f"{name}=={version(name).partition('+')[0]}" for name in _REQUIREMENTS],
                )
        name = model.spec.series.slug
        with contextlib.suppress(MlflowException):  # it is there from the second fit on
            self.client.create_registered_model(name, description=f"Day-ahead forecast of {model.spec.series}")
        registered = self.client.create_model_version(
            name, logged.model_uri, run_id, tags={"model": model.name}, model_id=logged.model_id
        )
        return str(registered.version)


def signature(model: Model) -> ModelSignature:
    """The shapes that the served model takes and gives."""
    spec, single = model.spec, np.dtype("float32")
    context = spec.context_days * spec.steps_per_day
    return ModelSignature(
        inputs=Schema(
            [
                TensorSpec(single, (-1, context, len(spec.past_names)), "past"),
                TensorSpec(single, (-1, -1, len(spec.future_names)), "future"),
            ]
        ),
        outputs=Schema([TensorSpec(single, (-1, -1, len(model.quantiles)))]),
    )


def git_commit() -> str:
    """The commit of the running code, with a mark if it has been changed since; `unknown` outside a checkout."""
    folder = Path(gridahead.__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607
            cwd=folder, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()


def _params(fit: Fit, config: ModelSettings | None, settings: TrainingSettings) -> list[Param]:
    spec = fit.model.spec
    networks = (fit.model,) if isinstance(fit.model, TrainedModel) else fit.model.models
    values: dict[str, Any] = {
        **{f"model.{key}": value for key, value in (config.model_dump() if config else {}).items()},
        **{f"training.{key}": value for key, value in settings.model_dump().items()},
        "window.mtu": spec.mtu,
        "window.deadline": spec.deadline,
        "window.inputs": ", ".join(map(str, spec.inputs)),
        "scaler.anchor": ", ".join(dict.fromkeys(network.scaler.anchor for network in networks)),
        "network.parameters": sum(p.numel() for one in networks for member in one.members for p in member.parameters()),
    }
    if not isinstance(fit.model, TrainedModel):
        named = zip(networks, fit.model.weights, strict=True)
        values |= {f"ensemble.{network.name}": f"{weight:.3f}" for network, weight in named}
    return [Param(key, str(value)) for key, value in values.items()]


def _metrics(fit: Fit) -> list[Metric]:
    """Metrics by epoch, one step axis through all members, and the final ones."""
    now = int(time.time() * 1000)
    by_epoch = [
        Metric(name, value, now, step)
        for step, epoch in enumerate(fit.epochs)
        for name, value in asdict(epoch).items()
        if name in BY_EPOCH and value is not None
    ]
    final = {**fit.validation, **(fit.gradients.metrics() if fit.gradients else {}), "fit_seconds": fit.seconds}
    return by_epoch + [Metric(name, value, now, len(fit.epochs)) for name, value in final.items()]


def _metrics_by_lag(report: GradientReport) -> list[Metric]:
    """The gradient back through time; the step counts segments back from the newest."""
    now = int(time.time() * 1000)
    curves = {"gradient_norm_by_lag": report.norms, "step_jacobian_sigma_by_lag": report.stretch}
    return [
        Metric(name, float(value), now, lag)
        for name, curve in curves.items()
        if curve is not None
        for lag, value in enumerate(curve)
    ]
