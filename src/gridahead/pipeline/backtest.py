"""Back-test: walk forward over delivery days, each forecast as of its issue time, several models side by side.

The period is cut into folds. A fold is forecast by models that were fitted on what was known before its first day; its
forecasts go to the lake, and a receipt says what they were made of. Called again, only what has no receipt is made.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import partial

import pandas as pd

from gridahead.each import of_each, require
from gridahead.errors import GridaheadError, LakeError, ModelError, SettingsError
from gridahead.forecasting.issue import issue
from gridahead.grid import Series
from gridahead.models.base import predict_each
from gridahead.models.bundle import spec_to_dict
from gridahead.models.tabular import TABULAR
from gridahead.pipeline.availability import Availability, availability
from gridahead.pipeline.contenders import SERVED, Contender, contenders, fitted
from gridahead.pipeline.course import Course, Plan, course
from gridahead.pipeline.folds import Fold, Retrain
from gridahead.pipeline.inputs import keep_inputs
from gridahead.pipeline.kept import Kept, Receipt, made_with
from gridahead.pipeline.meter import Meter, Tell, log_step
from gridahead.pipeline.outturn import outturn
from gridahead.pipeline.workspace import Workspace
from gridahead.scoring.evaluate import REFERENCES, score
from gridahead.scoring.left_out import Scored, left_out
from gridahead.tables import Forecasts, Observations, Scores
from gridahead.timeline import Mtu, Window, delivery_days, delivery_window, now
from gridahead.training.identity import settings_hash
from gridahead.training.isolated import Workshop, for_forecasts, workshop

log = logging.getLogger(__name__)


Walk = Callable[[], list[tuple[Receipt, bool]]]
"""Goes through some folds of a series; gives their receipts, and whether each is new."""


@dataclass(frozen=True)
class Walked:
    """What came of the back-test of one series."""

    series: Series
    scores: Scores
    left_out: pd.DataFrame
    """What the scores leave out of the period, and why, as `left_out` gives it."""
    availability: tuple[Availability, ...]
    """Of every input, how much of its availability was recorded."""
    folds: int
    made: int
    """Folds of which something was made by this call; the others were there already."""


def backtest(
    workspace: Workspace,
    series: Series,
    first: dt.date,
    last: dt.date,
    models: Sequence[str],
    name: str,
    tell: Tell = log_step,
    *,
    retrain: Retrain = "never",
    warm: bool = False,
) -> Scores:
    """Back-test one series; see `backtests`."""
    plan = Plan(name, first, last, tuple(dict.fromkeys(models)), retrain, warm)
    return backtests(workspace, [series], plan, tell)[0].scores


def backtests(workspace: Workspace, series: Sequence[Series], plan: Plan, tell: Tell = log_step) -> list[Walked]:
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
    with workshop(workers) as shop:
        if set(plan.models) - {SERVED, *REFERENCES}:  # the others are fitted
            shop.begin()
        found, failed = of_each(series, lambda one: course(workspace, one, plan))
        courses = list(found.values())
        expected = {(one.series, fold): max(1, len(one.networks)) for one in courses for fold in one.folds}
        meter = Meter(tell, expected)
        chains = [chain for one in courses for chain in _chains(one)]
        walks = [(one.series, partial(_walk, one, chain, shop, meter)) for one, chain in chains]
        receipts, failed_walks = _side_by_side(walks, workers)
    walked = [one for one in found if one not in failed_walks]
    done, unfinished = of_each(
        walked, lambda one: _finish(found[one], [each for each in receipts if each[0].series == str(one)])
    )
    require({**failed, **failed_walks, **unfinished}, done.values())
    return list(done.values())


def _check(workspace: Workspace, plan: Plan) -> None:
    known = (*workspace.settings.names, SERVED, *TABULAR, *REFERENCES)
    unknown = set(plan.models) - set(known)
    if unknown or not plan.models:
        raise SettingsError(f"no model {', '.join(sorted(unknown)) or 'named'}; known are {', '.join(known)}")
    if plan.last < plan.first:
        raise SettingsError(f"a back-test from {plan.first} to {plan.last} ends before it starts")
    if plan.retrain != "never" and SERVED in plan.models:
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


def _chains(one: Course) -> list[tuple[Course, list[Fold]]]:
    """What has to go one after the other: all folds if each begins with the weights of the former one."""
    return [(one, list(one.folds))] if one.plan.warm else [(one, [fold]) for fold in one.folds]


def _side_by_side(
    walks: Sequence[tuple[Series, Walk]], workers: int
) -> tuple[list[tuple[Receipt, bool]], dict[Series, GridaheadError]]:
    """What the walks give, some at a time, and the first error of each series of which one fails.

    Of such a series no further walk begins, and the others go on. What is no error of ours lets none begin.
    """
    pool, failed = ThreadPoolExecutor(workers), dict[Series, GridaheadError]()

    def receipts_of(series: Series, walk: Walk) -> list[tuple[Receipt, bool]]:
        if series in failed:
            return []
        done, errors = of_each([series], lambda _: walk())
        for error in errors.values():
            failed.setdefault(series, error)
        return done.get(series, [])

    try:
        futures = [pool.submit(receipts_of, *one) for one in walks]
        wait(futures, return_when=FIRST_EXCEPTION)
        broken = next((one for one in futures if one.done() and one.exception()), None)
        return [each for one in ([broken] if broken else futures) for each in one.result()], failed
    finally:
        pool.shutdown(cancel_futures=True)


def _walk(one: Course, chain: Sequence[Fold], shop: Workshop, meter: Meter) -> list[tuple[Receipt, bool]]:
    """Go through folds one after the other; gives the receipts, and whether each is new."""
    walked: list[tuple[Receipt, bool]] = []
    former: list[Receipt] = []
    for fold in chain:
        found = _fold(one, fold, former, shop, meter)
        former = [receipt for receipt, _ in found]
        walked += found
        fresh = [receipt.asked for receipt, new in found if new]
        meter.done(one.series, fold, f"{', '.join(fresh)} done" if fresh else "there already", there=not fresh)
    return walked


def _fold(
    one: Course, fold: Fold, former: Sequence[Receipt], shop: Workshop, meter: Meter
) -> list[tuple[Receipt, bool]]:
    """Fit and forecast what is not there of a fold; a receipt for every model, and whether it is new."""
    starts = [receipt.bundle for receipt in former if one.plan.warm and receipt.asked in one.networks]
    asked, parts = contenders(one, fold, starts)
    held = {each.asked: one.kept.receipt(one.series, each.asked, str(fold.first), each.made_of) for each in asked}
    missing = [each for each in asked if held[each.asked] is None]
    ready = fitted(one, fold, missing, parts, starts, shop, partial(meter.epoch, one.series, fold))
    return [(receipt, False) for receipt in held.values() if receipt] + [
        (receipt, True) for receipt in _forecast(one, fold, ready)
    ]


def _forecast(one: Course, fold: Fold, ready: Sequence[Contender]) -> list[Receipt]:
    """Forecast every day of the fold, keep it all, and sign for it last."""
    for_forecasts()
    made_at, made, receipts = now(), [], []
    for each in ready:
        assert each.model is not None
        bundle = one.kept.keep(each.model)
        receipt = Receipt(
            series=str(one.series),
            asked=each.asked,
            model=each.model.name,
            version=each.version or f"until {fold.first}, bundle {bundle}",
            first=str(fold.first),
            last=str(fold.last),
            made_of=each.made_of,
            bundle=bundle,
            inputs=keep_inputs(one.kept.inputs(one.series), each.windows),
            spec=spec_to_dict(each.windows.spec),
            made_at=made_at.isoformat(),
            made_with=made_with(),
        )
        answers = predict_each(each.model, each.windows)
        made.append(
            issue(
                each.windows, answers, each.model.quantiles, run=one.plan.run, model=each.model.name,
                version=receipt.version, made_at=made_at, usual=each.known,
            )
        )  # fmt: skip
        receipts.append(receipt)
    if made:
        one.workspace.lake.forecasts.append(pd.concat(made, ignore_index=True))
    for receipt in receipts:
        one.kept.sign(receipt)
    return receipts


def _finish(one: Course, walked: Sequence[tuple[Receipt, bool]]) -> Walked:
    """Describe the run of a series, and score it."""
    if not walked:
        raise ModelError(
            str(one.series), f"has no {', '.join(one.plan.models)}: the lake holds no official forecast of it"
        )
    receipts = [receipt for receipt, _ in walked]
    found = availability(one.observations, one.spec, one.plan.first, one.plan.last)
    told = {
        **asdict(one.plan),
        "settings_hashes": {name: settings_hash(one.workspace.settings, name, one.spec) for name in one.networks},
        "availability": [asdict(each) for each in found],
        "receipts": [f"{each.asked}/{each.first}-{each.made_of}" for each in receipts],
    }
    one.kept.describe(one.series, told)
    rows = _rows(one.workspace, one.series, one.plan.run, receipts)
    scores, left = _scored(one.workspace, one.series, rows, one.observations, one.plan.first, one.plan.last)
    made = len({receipt.first for receipt, new in walked if new})
    return Walked(one.series, scores, left, found, len(one.folds), made)


def rescore(workspace: Workspace, run: str, series: Series) -> Scored:
    """Score the forecasts that a back-test has kept, without fitting or forecasting anything.

    Raises:
        SettingsError: the run is no back-test.
        LakeError: its forecasts are not in the lake, or there is no such back-test.
    """
    rows, observations = kept_forecasts(workspace, run, series)
    told = Kept(workspace.settings.data_folder, run).described(series) or {}
    first, last = (dt.date.fromisoformat(str(told[name])) for name in ("first", "last"))
    return _scored(workspace, series, rows, observations, first, last)


def kept_forecasts(workspace: Workspace, run: str, series: Series) -> tuple[Forecasts, Observations]:
    """What the newest call of a back-test stands for, and the observations of the series in its market time unit.

    Raises:
        SettingsError: the run is no back-test.
        LakeError: its forecasts are not in the lake, or there is no such back-test.
    """
    kept = Kept(workspace.settings.data_folder, run)
    told = kept.described(series)
    if told is None:
        raise LakeError(f"there is no {run} of {series}; `gridahead backtest --series {series}` makes one")
    receipts = [one for one in kept.receipts(series) if f"{one.asked}/{one.first}-{one.made_of}" in told["receipts"]]
    rows = _rows(workspace, series, run, receipts)
    _, observations = workspace.inputs(series, mtu=None if rows.empty else Mtu(rows["mtu"].iloc[0]))
    return rows, observations


def _scored(
    workspace: Workspace, series: Series, rows: Forecasts, observations: Observations, first: dt.date, last: dt.date
) -> Scored:
    """Score forecasts of a period, and keep the scores; the observations have the market time unit of the forecasts."""
    timezone, seen = workspace.settings.zone(series.zone).timezone, outturn(observations, series)
    period = Window(delivery_window(first, timezone).start, delivery_window(last, timezone).end)
    expected = period.times(Mtu(observations["mtu"].iloc[0]))
    scores = score(rows, seen, scored_at=now(), expected=expected)
    workspace.lake.scores.append(scores)
    return Scored(scores, left_out(rows, seen, expected, timezone))


def _rows(workspace: Workspace, series: Series, run: str, receipts: Sequence[Receipt]) -> Forecasts:
    """The forecasts in the lake that the receipts stand for."""
    rows = workspace.lake.read_forecasts(series, run)
    timezone = workspace.settings.zone(series.zone).timezone
    days = delivery_days(rows["valid_time"], timezone).dt.strftime("%Y-%m-%d").to_numpy()
    mine = pd.Series(False, index=rows.index)
    for one in receipts:
        of_it = (rows["model"] == one.model) & (rows["model_version"] == one.version)
        mine |= of_it & (days >= one.first) & (days <= one.last)
    return Forecasts(rows[mine].reset_index(drop=True))


def last_day(workspace: Workspace, series: Series) -> dt.date:
    """The newest delivery day of a series in the lake, whole or not."""
    spec, observations = workspace.inputs(series)
    newest: pd.Timestamp = delivery_days(outturn(observations, series)["valid_time"], spec.zone.timezone).max()
    return newest.date()
