"""Search: which settings of a network do best on the validation days.

One trial is one fit of one member with settings that Optuna's TPE proposes, judged like every candidate: by the pinball
loss [MW] of the calibrated model on the validation days. `split` ends both its parts before `training.holdout_start`,
so no trial can look at the holdout. The present settings are the first trials of every study, so that what was found is
measured against them on the same days, seed and data.

A study is a SQLite file. Trials are written there as they go, each in a process of its own; started again, the search
goes on. Other data or other settings around the searched ones make another study in the same file: their losses are no
measure for each other.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.fingerprint import digest
from gridahead.features.anchors import every_anchor
from gridahead.features.scaling import Scaler
from gridahead.settings.networks import HEADS, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.training.epoch import Epoch
from gridahead.training.fit import anchors_to_try, fit
from gridahead.training.identity import decisive
from gridahead.training.split import Split
from gridahead.training.workers import processes
from gridahead.tuning.space import OF_MODEL, OF_TRAINING, Options, Range, Space, including, used
from gridahead.tuning.trial import Trial, ended

try:
    import optuna
    from optuna.trial import TrialState
except ImportError as missing:
    raise SettingsError("the search needs Optuna, which is not installed: pip install -e '.[search]'") from missing


HEARTBEAT_SECONDS = 15
"""A trial that has not been heard of for four times as long was killed: it counts as failed, and is tried once more."""
UNPRUNED_TRIALS, UNPRUNED_EPOCHS = 5, 5
"""So many trials are completed first, and so many epochs of each: early ones show little on a one-cycle schedule."""


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna logs errors alone, and afterwards what it logged before."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(verbosity)


@dataclass(frozen=True)
class Search:
    """What all trials of a study have in common."""

    file: Path
    """The SQLite database."""
    model: str
    split: Split
    """The validation days are not learnt later, so that a trial is one training."""
    config: ModelSettings
    training: TrainingSettings

    @property
    def label(self) -> str:
        """Series and model of the search, for messages."""
        return f"{self.split.train.spec.series} {self.model}"

    @cached_property
    def name(self) -> str:
        """Of the study: what its losses depend on, beside what is searched."""
        deciding = {
            "windows": [self.split.train.fingerprint(), self.split.validation.fingerprint()],
            "model": self.config.model_dump(mode="json"),
            "training": decisive(self.training),
            "space": repr(self.space),
        }
        return f"{self.label} {digest(deciding)}"

    def present(self) -> list[dict[str, Any]]:
        """The present settings, once for each anchor that a fit of theirs would try."""
        given = {name: getattr(self.config, name) for name in OF_MODEL}
        given |= {name: getattr(self.training, name) for name in OF_TRAINING}
        return [{**given, "anchor": anchor} for anchor in anchors_to_try(self.split, self.config, None)]

    @cached_property
    def space(self) -> Space:
        """Everything that is searched, with the present settings in it."""
        anchors = every_anchor(self.split.train.spec)
        space = {**OF_MODEL, **OF_TRAINING, "anchor": anchors}
        if self.config.decoder_hidden % HEADS:  # the heads of an attention cannot share it
            space["decoder"] = ("direct", "recurrent")
        for present in self.present():
            space = {name: including(options, present[name]) for name, options in space.items()}
        return space

    def applied(self, chosen: Mapping[str, Any]) -> tuple[ModelSettings, TrainingSettings]:
        """The network and the training that searched settings mean, of one member.

        Raises:
            ValueError: the pieces do not fit together.
        """
        of_training = {name: chosen[name] for name in OF_TRAINING}
        of_model = {name: value for name, value in chosen.items() if name not in OF_TRAINING}
        model = {**self.config.model_dump(), **of_model, "members": 1}
        training = {**self.training.model_dump(), **of_training}
        return ModelSettings.model_validate(model), TrainingSettings.model_validate(training)

    @quiet_optuna()
    def study(self, seed: int = 0) -> optuna.Study:
        """The study, made if it is not there."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        return optuna.create_study(
            storage=_storage(self.file),
            study_name=self.name,
            load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=seed),
            pruner=optuna.pruners.MedianPruner(UNPRUNED_TRIALS, UNPRUNED_EPOCHS),
        )

    def trials(self) -> list[Trial]:
        """Every trial that has ended."""
        return [ended(trial) for trial in self.study().get_trials(deepcopy=False) if trial.state.is_finished()]


@cache
def _storage(file: Path) -> optuna.storages.RDBStorage:
    """The database, opened once a process: checking its schema takes longer than asking it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.RDBStorage(
            f"sqlite:///{file}",
            engine_kwargs={"connect_args": {"timeout": 60}},
            heartbeat_interval=HEARTBEAT_SECONDS,
            grace_period=4 * HEARTBEAT_SECONDS,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=1),
        )


def run_trials(
    search: Search, minutes: float, trials: int | None, workers: int, on_end: Callable[[list[Trial], float], None]
) -> None:
    """Run trials, `workers` side by side, until the time is over: what is under way then is stopped at its next epoch.

    The trials of the present settings are finished all the same: everything is measured against them.

    Args:
        search: the study, new or begun.
        minutes: for this call.
        trials: at most so many in this call.
        workers: processes.
        on_end: given all trials that have ended and the seconds left, whenever one ends.

    Raises:
        ModelError: the process of a trial died.
    """
    _enqueue_present(search)
    begun, first = time.time(), len(search.trials())
    until = begun + minutes * 60
    running: set[Future[None]] = set()
    started = 0
    with _processes(search, workers) as pool:
        while True:
            while len(running) < workers and time.time() < until and (trials is None or started < trials):
                running.add(pool.submit(_run, first + started, until))
                started += 1
            if not running:
                return
            over, running = wait(running, return_when=FIRST_COMPLETED)
            for ended in over:
                _require_alive(ended, search)
            now, done = time.time(), started - len(running)
            by_number = (now - begun) / done * (trials - done) if trials else float("inf")
            on_end(search.trials(), max(0.0, min(until - now, by_number)))


@quiet_optuna()
def run_trial(search: Search, draw: int, until: float) -> None:
    """One trial, stopped at that time [s since 1970].

    The draw is its place in the study, so that a search that was stopped proposes what it would have proposed.
    """
    study = search.study(seed=search.training.seed * 100_000 + draw)
    study.optimize(lambda trial: _objective(search, trial, until), n_trials=1, catch=(ModelError,))


def _objective(search: Search, trial: optuna.Trial, until: float) -> float:
    chosen = {name: _suggest(trial, name, options) for name, options in search.space.items()}
    config, training = search.applied(chosen)
    split = replace(search.split, silent=())  # what is searched for is judged with complete inputs
    assert config.anchor != "best" and config.anchor != "each"
    unit = Scaler.fit(split.train, config.anchor, config.normalise).scale  # losses are in units of their anchor's error

    def judge(epoch: Epoch) -> None:
        assert epoch.validation_loss is not None
        trial.report(epoch.validation_loss * unit, epoch.epoch)
        if not trial.user_attrs.get("default") and (time.time() > until or trial.should_prune()):
            raise optuna.TrialPruned

    try:
        done = fit(search.model, split, config, training, judge)
    except ModelError as error:
        trial.set_user_attr("reason", str(error))
        raise
    trial.set_user_attr("validation", done.validation)
    return done.validation["validation_pinball"]


def _suggest(trial: optuna.Trial, name: str, options: Options) -> Any:
    if isinstance(options, Range):
        return used(trial.suggest_float(name, options.low, options.high, log=options.log))
    return trial.suggest_categorical(name, options)


@quiet_optuna()
def _enqueue_present(search: Search) -> None:
    """The present settings come first; those of a trial that failed come again."""
    study = search.study()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
    tried = [
        trial.system_attrs.get("fixed_params", trial.params)["anchor"]
        for trial in study.get_trials(deepcopy=False)
        if trial.user_attrs.get("default") and trial.state != TrialState.FAIL
    ]
    for present in search.present():
        if present["anchor"] not in tried:
            study.enqueue_trial(present, user_attrs={"default": True})


_here: Search | None = None


def _processes(search: Search, workers: int) -> Executor:
    return processes(workers, _start, search)


def _start(search: Search) -> None:
    global _here  # the windows are handed to a process once, and not with every trial
    _here = search


def _run(draw: int, until: float) -> None:
    assert _here is not None
    run_trial(_here, draw, until)


def _require_alive(trial: Future[None], search: Search) -> None:
    try:
        trial.result()
    except BrokenProcessPool as error:
        raise ModelError(
            search.label,
            "the process of a trial died, most likely for want of memory. Start the search again with "
            "training.workers = 1; what was found is kept",
        ) from error
