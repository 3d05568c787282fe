"""Back-test: forecast delivery days of the past, each as of its issue time, several models side by side, and score.

The period is cut into folds. A fold is forecast by models that were fitted on what was known before its first day; its
forecasts go to the lake, and a record says what they were made of. Called again, only what has no record is made.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import partial

import pandas as pd

from gridahead.backtest.availability import availability
from gridahead.backtest.data import SeriesData, prepare
from gridahead.backtest.entrants import FittedEntrant, entrants, fitted
from gridahead.backtest.environment import made_with
from gridahead.backtest.plan import Fold, Plan, Retrain
from gridahead.backtest.progress import OnProgress, ProgressTracker, log_progress
from gridahead.backtest.results import SeriesResult, recorded_forecasts, score_period
from gridahead.backtest.store import FoldRecord
from gridahead.core.each import of_each, require
from gridahead.core.errors import GridaheadError, ModelError, SettingsError
from gridahead.core.grid import Series
from gridahead.core.runs import CHAMPION, REFERENCES
from gridahead.core.tables import Scores
from gridahead.core.time import delivery_days
from gridahead.evaluation.outturn import outturn
from gridahead.forecasting.adapting import Answers, forecast_each
from gridahead.forecasting.inputs import keep_inputs
from gridahead.forecasting.issue import issue
from gridahead.models.determinism import deterministic
from gridahead.models.tabular import TABULAR
from gridahead.training.identity import settings_hash
from gridahead.training.workers import WorkerPool, worker_pool
from gridahead.workspace import Workspace

log = logging.getLogger(__name__)
Recorded = tuple[FoldRecord, bool]
"""The record of a model of a fold, and whether this call has made it."""
FoldsRun = Callable[[], list[Recorded]]
"""Goes through some folds of a series; returns their records."""


def backtest(
    workspace: Workspace,
    series: Series,
    first: dt.date,
    last: dt.date,
    models: Sequence[str],
    name: str,
    on_progress: OnProgress = log_progress,
    *,
    retrain: Retrain = "never",
    warm: bool = False,
) -> Scores:
    """Back-test one series; see `backtests`."""
    plan = Plan(name, first, last, tuple(dict.fromkeys(models)), retrain, warm)
    return backtests(workspace, [series], plan, on_progress)[0].scores


def backtests(
    workspace: Workspace, series: Sequence[Series], plan: Plan, on_progress: OnProgress = log_progress
) -> list[SeriesResult]:
    """Forecast every delivery day of the plan with every model, keep the forecasts, score them.

    A model of the settings is fitted on what was known before the first day of each fold. `champion` is the model that
    serves now, refused if it has learnt from the period. `ridge` and `lightgbm` are fitted on the same windows, to
    compare. `official`, `official_corrected` and `naive` are the references. Folds and series go side by side,
    `training.workers` at a time.

    Raises:
        ModelError: a model cannot be had, or the champion has seen the period.
        SettingsError: a model is not known, or the plan cannot be meant.
        LakeError: the lake does not have a series.
        PartialError: some of several series could not be back-tested; what came of the others is in its `done`.
    """
    _check(workspace, plan)
    workers = workspace.settings.training.workers
    with deterministic(), worker_pool(workers) as pool:
        if set(plan.models) - {CHAMPION, *REFERENCES}:  # the others are fitted
            pool.begin()
        prepared, failed = of_each(series, lambda name: prepare(workspace, name, plan))
        expected = {
            (data.series, fold): max(1, len(data.networks)) for data in prepared.values() for fold in data.folds
        }
        tracker = ProgressTracker(on_progress, expected)
        runs = [
            (name, partial(_run_folds, data, folds, pool, tracker))
            for name, data in prepared.items()
            for folds in _dependent_folds(data)
        ]
        records, broken = _side_by_side(runs, workers)

    def finish(name: Series) -> SeriesResult:
        return _finish(prepared[name], [recorded for recorded in records if recorded[0].series == str(name)])

    results, unfinished = of_each([name for name in prepared if name not in broken], finish)
    require({**failed, **broken, **unfinished}, results.values())
    return list(results.values())


def _check(workspace: Workspace, plan: Plan) -> None:
    names = (*workspace.settings.names, CHAMPION, *TABULAR, *REFERENCES)
    unknown = set(plan.models) - set(names)
    if unknown or not plan.models:
        raise SettingsError(f"no model {', '.join(sorted(unknown)) or 'named'}; known are {', '.join(names)}")
    if plan.last < plan.first:
        raise SettingsError(f"a back-test from {plan.first} to {plan.last} ends before it starts")
    if plan.retrain != "never" and CHAMPION in plan.models:
        raise SettingsError(
            f"the champion serves as it is: it is not trained again {plan.retrain}. Name the models of the settings "
            "that are to be trained, or leave --retrain out"
        )
    if plan.warm and plan.retrain == "never":
        raise SettingsError("with --warm a fold begins with the weights of the one before; say --retrain as well")
    if plan.warm and workspace.settings.training.refit:
        raise SettingsError(
            "with --warm a fold begins with the weights of the one before, which must not know the days that judge it: "
            "set refit = false under [training], or leave --warm out"
        )
    if plan.warm and not set(plan.models) & set(workspace.settings.names):
        raise SettingsError(f"--warm is for networks, and of {', '.join(plan.models)} none is one; leave it out")


def _dependent_folds(data: SeriesData) -> list[list[Fold]]:
    """Folds that have to go one after the other: all of them if each begins with the weights of the former one."""
    return [list(data.folds)] if data.plan.warm else [[fold] for fold in data.folds]


def _side_by_side(
    runs: Sequence[tuple[Series, FoldsRun]], workers: int
) -> tuple[list[Recorded], dict[Series, GridaheadError]]:
    """What the runs give, some at a time, and the first error of each series of which one fails.

    Of such a series no further run begins, and the others go on. What is no error of ours lets none begin.
    """
    pool, failed = ThreadPoolExecutor(workers), dict[Series, GridaheadError]()

    def records_of(series: Series, run: FoldsRun) -> list[Recorded]:
        if series in failed:
            return []
        done, errors = of_each([series], lambda _: run())
        for error in errors.values():
            failed.setdefault(series, error)
        return done.get(series, [])

    try:
        futures = [pool.submit(records_of, *run) for run in runs]
        wait(futures, return_when=FIRST_EXCEPTION)
        broken = next((future for future in futures if future.done() and future.exception()), None)
        return [record for future in ([broken] if broken else futures) for record in future.result()], failed
    finally:
        pool.shutdown(cancel_futures=True)


def _run_folds(data: SeriesData, folds: Sequence[Fold], pool: WorkerPool, tracker: ProgressTracker) -> list[Recorded]:
    """Go through folds one after the other; returns their records."""
    records: list[Recorded] = []
    former: list[FoldRecord] = []
    for fold in folds:
        of_fold = _run_fold(data, fold, former, pool, tracker)
        former = [record for record, _ in of_fold]
        records += of_fold
        made = [record.asked for record, new in of_fold if new]
        tracker.done(data.series, fold, f"{', '.join(made)} done" if made else "there already", there=not made)
    return records


def _run_fold(
    data: SeriesData, fold: Fold, former: Sequence[FoldRecord], pool: WorkerPool, tracker: ProgressTracker
) -> list[Recorded]:
    """Fit and forecast what is not there of a fold; a record for every model."""
    starts = [record.bundle for record in former if data.plan.warm and record.asked in data.networks]
    fold_entrants, split = entrants(data, fold, starts)
    records = {
        entrant.asked: data.store.record(data.series, entrant.asked, str(fold.first), entrant.made_of)
        for entrant in fold_entrants
    }
    missing = [entrant for entrant in fold_entrants if records[entrant.asked] is None]
    ready = fitted(data, fold, missing, split, starts, pool, partial(tracker.epoch, data.series, fold))
    return [(record, False) for record in records.values() if record] + [
        (record, True) for record in _forecast(data, fold, ready)
    ]


@deterministic()
def _forecast(data: SeriesData, fold: Fold, ready: Sequence[FittedEntrant]) -> list[FoldRecord]:
    """Forecast every day of the fold and keep it all; the records are written last."""
    made_at, forecasts, records = data.workspace.clock(), [], []
    for entrant in ready:
        bundle = data.store.keep(entrant.model)
        record = FoldRecord(
            series=str(data.series),
            asked=entrant.asked,
            model=entrant.model.name,
            version=entrant.version or f"until {fold.first}, bundle {bundle}",
            first=str(fold.first),
            last=str(fold.last),
            made_of=entrant.made_of,
            bundle=bundle,
            inputs=keep_inputs(data.store.inputs(data.series), entrant.windows),
            spec=entrant.windows.spec.to_dict(),
            made_at=made_at.isoformat(),
            made_with=made_with(),
            last_seen=str(_last_seen(fold, entrant)),
        )
        answers = _answers(data, fold, entrant)
        forecasts.append(
            issue(
                entrant.windows,
                answers.published,
                entrant.model.quantiles,
                run=data.plan.run,
                model=entrant.model.name,
                version=record.version,
                made_at=made_at,
                known_share=entrant.model.known_share,
                late_after_hours=data.workspace.settings.quality.late_after_hours,
                unadapted=answers.unadapted,
            )
        )
        records.append(record)
    if forecasts:
        data.workspace.lake.forecasts.append(pd.concat(forecasts, ignore_index=True))
    for record in records:
        data.store.write(record)
    return records


def _answers(data: SeriesData, fold: Fold, entrant: FittedEntrant) -> Answers:
    """What operation would have published of each day."""
    settings = data.workspace.settings
    return forecast_each(
        entrant.model,
        entrant.windows,
        data.observations,
        _last_seen(fold, entrant),
        settings.quality.late_after_hours,
        settings.ladder.model_days,
    )


def _last_seen(fold: Fold, entrant: FittedEntrant) -> dt.date:
    return entrant.last_seen or fold.first - dt.timedelta(days=1)


def _finish(data: SeriesData, recorded: Sequence[Recorded]) -> SeriesResult:
    """Describe the run of a series, and score it."""
    plan = data.plan
    if not recorded:
        raise ModelError(
            str(data.series), f"has no {', '.join(plan.models)}: the lake holds no official forecast of it"
        )
    records = [record for record, _ in recorded]
    inputs = availability(data.observations, data.spec, plan.first, plan.last)
    about = {
        **asdict(plan),
        "settings_hashes": {name: settings_hash(data.workspace.settings, name, data.spec) for name in data.networks},
        "availability": [asdict(of_input) for of_input in inputs],
        "records": [record.id for record in records],
        "attribution": data.workspace.settings.attribution_of(*data.spec.inputs),
    }
    data.store.describe(data.series, about)
    forecasts = recorded_forecasts(data.workspace, data.series, plan.run, records)
    scored = score_period(data.workspace, data.series, forecasts, data.observations, plan.first, plan.last)
    made = len({record.first for record, new in recorded if new})
    return SeriesResult(data.series, scored.scores, scored.left_out, inputs, len(data.folds), made)


def last_day(workspace: Workspace, series: Series) -> dt.date:
    """The newest delivery day of a series in the lake, whole or not."""
    spec, observations = workspace.inputs(series)
    newest: pd.Timestamp = delivery_days(outturn(observations, series)["valid_time"], spec.zone.timezone).max()
    return newest.date()
