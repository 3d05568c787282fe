"""Series that are too new to learn from: served from their first week by a network that has learnt others.

So are those of a group that is too large for all of them to teach it.

What a network of many series knows of any of them in particular is little: its code. A series without one is answered
nearly as well, if it is read in the right units. These come from its few days, beside the same days of the others
(`features.few_days`); anchor, unit of the answer, calibrations are those that the others usually have. Nothing is
trained for it. What it is worth is measured on the few days that it has, each as it would have been issued: by networks
that have learnt no series' values of that day, in units that were known by then.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gridahead.core.errors import ModelError
from gridahead.core.fingerprint import digest
from gridahead.core.grid import Series
from gridahead.core.tables import Observations
from gridahead.features.few_days import as_of_all_days
from gridahead.features.moments import CONSTANT
from gridahead.features.normal import Scores
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows, WindowSpec, build_windows
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import calibration_on
from gridahead.models.conditions import Condition, Conditions, usual_age_of
from gridahead.settings.training import TrainingSettings
from gridahead.training.crossfit import validation_metrics
from gridahead.training.epoch import Epoch
from gridahead.training.fit import Fit
from gridahead.training.split import Rows, Split, before_holdout, days_to_learn, learnt_as_of

Span = tuple[dt.date, dt.date]
Folds = npt.NDArray[np.int64]
FEWEST_DAYS = 5
"""Of values: the working days of a week, or a first week with a gap, on the morning of its last day."""
FEWEST_TO_JUDGE = 3
"""Of values known at an issue time, for what is said then to count as evidence."""
NEWEST_DAYS = 28
"""Of one that has more: every weekday four times. What is to be known of a series alone is little more than level and
spread, for which two months were worth no more (benchmark `cold_start`); and each day takes time when it is judged, in
units of its own, as they were known then."""
MOST_BESIDE = 50
"""Series that tell what a few days say of all: a median of more is the same, and takes longer."""


@dataclass(frozen=True)
class Newcomer:
    """What there is of a series that is too new to learn from."""

    windows: Windows
    """N + 1 of them, a day each; the last is of the day to come, and knows all that is known."""
    days: tuple[dt.date, ...]
    """The N days that have an outturn."""

    @property
    def known_days(self) -> Array:
        """(N + 1,) days of values that are known in each context."""
        known: Array = (~np.isnan(self.windows.target_past)).sum(axis=1, dtype=np.float32)
        return known / np.float32(self.windows.spec.steps_per_day)

    @property
    def has_changed(self) -> Rows:
        """(N + 1,) whether two values are known at each window that differ: without them nothing has a unit."""
        values = self.windows.target_past
        highest = np.maximum.accumulate(np.where(np.isnan(values), -np.inf, values).max(axis=1))
        lowest = np.minimum.accumulate(np.where(np.isnan(values), np.inf, values).min(axis=1))
        return np.asarray(highest > lowest)

    def judged(self, splits: Sequence[Split]) -> Windows:
        """The days on which it is judged beside others that share its network.

        Raises:
            ModelError: there is none.
        """
        counted = self.judges(splits) >= 0
        if not counted.any():
            raise ModelError(
                str(self.windows.spec.series),
                f"is new, and none of its days until {self.days[-1]} can be judged beside the others that share its "
                f"network, whose last is {max(split.days[-1] for split in splits)}; bring the newest days of all of "
                "them with `gridahead ingest`",
            )
        return self.windows.where(np.array([*counted, False]))

    def judges(self, splits: Sequence[Split]) -> Folds:
        """(N,) the fold of the others whose networks judge each day; as many as there are where what serves does.

        Negative where nothing does: too little was known then, or every network has learnt the day.
        """
        spans, last = spans_of(splits), max(split.days[-1] for split in splits)

        def fold(day: dt.date) -> int:
            of_day = (n for n, blocks in enumerate(spans) if any(first <= day <= end for first, end in blocks))
            return next(of_day, len(spans) if day > last else -1)

        enough = ((self.known_days >= FEWEST_TO_JUDGE) & self.has_changed)[:-1]
        return np.array([fold(day) if is_enough else -1 for day, is_enough in zip(self.days, enough, strict=True)])

    def fingerprint(self, others: Sequence[str]) -> str:
        """Fingerprint of all data that decide what a fit gives, those of the others among them."""
        return digest(self.windows.fingerprint(), *others)


def newcomer(observations: Observations, spec: WindowSpec, settings: TrainingSettings) -> Newcomer:
    """The newest days of a series that has nothing to teach, all of them before the holdout.

    Raises:
        ModelError: nothing of it is there, or less than five days of values of late, or one value all along.
    """
    days = before_holdout(days_to_learn(observations, spec, 0), settings)[-NEWEST_DAYS:]
    if not days:
        raise ModelError(str(spec.series), _too_few(0.0, spec, settings))
    ahead = settings.holdout_start or days[-1] + dt.timedelta(days=spec.deadline.days_before + 1)
    known_by = learnt_as_of(observations, spec, days[-1], settings)
    windows = build_windows(observations, spec, [*days, ahead], outturn_as_of=known_by)
    usable = np.any(~np.isnan(windows.target) & windows.delivery, axis=1)
    usable[-1] = True
    chosen = tuple(day for day, is_usable in zip(days, usable[:-1], strict=True) if is_usable)
    found = Newcomer(windows.where(usable), chosen)
    if (known := float(found.known_days[-1])) < FEWEST_DAYS or not chosen:
        raise ModelError(str(spec.series), _too_few(known, spec, settings))
    if not found.has_changed[-1]:
        raise ModelError(
            str(spec.series),
            f"is new and has had the value {np.nanmax(found.windows.target_past[-1]):g} all along, which does not tell "
            "how much it varies; it can be served when it has changed. Is it connected, and is this its column?",
        )
    return found


def _too_few(known: float, spec: WindowSpec, settings: TrainingSettings) -> str:
    return (
        f"is new and has {known:.1f} days of values in the {spec.context_days} days before "
        f"{settings.holdout_start or 'the newest'}; others that share its network serve it from {FEWEST_DAYS} days on. "
        "Bring more with `gridahead ingest`, or wait for them"
    )


def spans_of(splits: Sequence[Split]) -> list[frozenset[Span]]:
    """The first and the last day of each block of each fold, those of all series: days are alike.

    All have as many folds as the shortest history needs.
    """
    folds = max(split.folds for split in splits)
    same = [replace(split, folds=folds) for split in splits]
    return [frozenset(span for split in same for span in split.spans(fold)) for fold in range(folds)]


@dataclass(frozen=True)
class Lore:
    """What networks have learnt of the others: a model of each, and what they usually have in common."""

    models: Sequence[TrainedModel]
    """Of them in their order, with the weights that all share."""
    calibration: Scores
    """(B, Q)"""
    scores: Mapping[Condition, Scores]
    """(B, Q) each."""

    @classmethod
    def of(
        cls, models: Sequence[TrainedModel], calibrations: Sequence[Scores], conditions: Sequence[Conditions]
    ) -> Lore:
        """The lore of models, calibrated as they are on average.

        Args:
            models: of the series.
            calibrations: (B, Q) for complete inputs, of each.
            conditions: the calibrations for others, of each; none for none.
        """
        kinds = dict.fromkeys(kind for one in conditions for kind in one.scores)
        scores = {kind: _mean([one.scores[kind] for one in conditions if kind in one.scores]) for kind in kinds}
        return cls(models, _mean(calibrations), scores)


def _mean(scores: Sequence[Scores]) -> Scores:
    """Their mean, of as many blocks of lead time as all have."""
    blocks = min(len(one) for one in scores)
    mean: Scores = np.mean([one[:blocks] for one in scores], axis=0)
    return mean


@dataclass(frozen=True)
class Taught:
    """What a group has taught its network, for a series that is not among them."""

    splits: Sequence[Split]
    served: Lore
    by_fold: Sequence[Lore]
    """Of networks that have not learnt a fold, calibrated without it."""
    static: Callable[[float], tuple[float, ...]]
    """The static row of a series without a code, by the spread of its values."""
    epochs: tuple[Epoch, ...]


def pooled_calibration(fits: Sequence[Fit], splits: Sequence[Split], spans: frozenset[Span]) -> list[Scores]:
    """The calibration of each series, (B, Q), on its judged days that are neither among some days nor around them."""
    found = []
    for fit, split in zip(fits, splits, strict=True):
        rows: Rows = np.all([split.apart_from(*span) for span in spans], axis=0)[split.judging[0].start :]
        found.append(calibration_on(fit.answers[rows], split.judged.where(rows), fit.model.quantiles))
    return found


def fit_newcomer(new: Newcomer, taught: Taught, fingerprint: str) -> Fit:
    """The fit of a series that has learnt nothing of its own: a network of the others, in its units.

    Args:
        new: the series.
        taught: what others have taught.
        fingerprint: of all data behind it.

    Raises:
        ModelError: none of its days can be judged.
    """
    begun = time.perf_counter()
    splits, judged = taught.splits, new.judged(taught.splits)
    folds = new.judges(splits)
    rows = np.flatnonzero(folds >= 0)
    lores = [*taught.by_fold, taught.served]
    like = [splits[place] for place in _like(new.windows.spec, taught.served)]
    beside = [_on(new.windows.days, split) for split in like[:: -(-len(like) // MOST_BESIDE)]]

    def model(row: int, lore: Lore) -> TrainedModel:
        upto = slice(0, row + 1)
        scaler = _scaler(new.windows.take(upto), [one.take(upto) for one in beside], lore)
        conditions = Conditions(usual_age_of(new.windows), lore.scores)
        return replace(
            lore.models[0],
            spec=new.windows.spec,
            scaler=scaler,
            calibration=lore.calibration,
            static=taught.static(scaler.moments.spread),
            conditions=conditions,
        )

    served = model(len(new.days), taught.served)
    answers, forecasts = np.full((2, *judged.target.shape, len(served.quantiles)), np.nan, np.float32)
    for place, row in enumerate(rows.tolist()):
        then, alone = model(row, lores[folds[row]]), judged.alone(place)
        answer = then.uncalibrated(alone)
        length = answer.shape[1]
        answers[place, :length], forecasts[place, :length] = answer[0], then.published(answer, alone)[0]
    return Fit(
        model=served,
        folds=(),
        answers=answers,
        forecasts=forecasts,
        epochs=taught.epochs,
        train_days=(min(split.train_days[0] for split in splits), max(split.train_days[1] for split in splits)),
        validation_days=(new.days[0], new.days[-1]),
        judged_days=(new.days[rows[0]], new.days[rows[-1]]),
        learnt_until=max(split.days_learnt_until for split in splits),
        data_fingerprint=fingerprint,
        validation=validation_metrics(forecasts, judged, served.quantiles),
        seconds=time.perf_counter() - begun,
        taught_by=len(splits),
    )


def _scaler(windows: Windows, beside: Sequence[Windows], lore: Lore) -> Scaler:
    """The units of a series as they were known at the last of its windows.

    Args:
        windows: of it, one after the other.
        beside: of the same days, of some of those that are like it, in their order.
        lore: of all others.
    """
    scalers = [lore.models[place].scaler for place in _like(windows.spec, lore)]
    anchor = Counter(scaler.anchor for scaler in scalers).most_common(1)[0][0]
    spec, taught = windows.spec, lore.models[0]
    official_place = not spec.use_official and (taught.spec.use_official or taught.scaler.official_place)
    own = Scaler.fit(windows, anchor, scalers[0].moments.normalise, official_place=official_place)
    some = scalers[:: -(-len(scalers) // MOST_BESIDE)]
    others = [(scaler, scaler.seen(part)) for scaler, part in zip(some, beside, strict=True)]
    seen = own.seen(windows)

    def of_all_days(series: Series) -> tuple[float, float]:
        place = spec.inputs.index(series)
        theirs = [_in_units(scaler, part, part.spec.inputs[place]) for scaler, part in others]
        found = as_of_all_days(seen.input_past(series), theirs)
        return float(found.level[-1]), float(found.spread[-1])

    level, spread = of_all_days(spec.series)
    covariates = {
        str(series): of_all_days(series) if _varies(seen.input_past(series)) else own.moments.covariates[str(series)]
        for series in spec.inputs
        if str(series) in own.moments.covariates
    }
    scale = np.median([scaler.scale / scaler.moments.spread for scaler in scalers])
    error = np.median([scaler.moments.error_spread / scaler.moments.spread for scaler in scalers])
    error_spread = float(error) * spread if spec.use_official else own.moments.error_spread
    moments = replace(own.moments, level=level, spread=spread, error_spread=error_spread, covariates=covariates)
    return replace(own, moments=moments, scale=float(scale) * spread)


def _like(spec: WindowSpec, lore: Lore) -> list[int]:
    """The places of those that have an official forecast, or have none, as a series does."""
    return [place for place, model in enumerate(lore.models) if model.spec.use_official == spec.use_official]


def _in_units(scaler: Scaler, windows: Windows, series: Series) -> Array:
    """An input of another series in units of the spread of all its days, (D, C)."""
    own = (scaler.moments.level, scaler.moments.spread)
    level, spread = scaler.moments.covariates.get(str(series), own)
    scaled: Array = (windows.input_past(series) - np.float32(level)) / np.float32(spread)
    return scaled


def _varies(values: Array) -> bool:
    known = values[~np.isnan(values)]
    return bool(len(known)) and bool(known.std() > CONSTANT * abs(known.mean()))


def _on(days: Sequence[dt.date], split: Split) -> Windows:
    """The windows of a split on some days, one each; nothing is known in those of days that it does not have."""
    places = {day: place for place, day in enumerate(split.days)}
    found = split.windows.take(np.array([places.get(day, 0) for day in days]))
    past = found.past.copy()
    past[[day not in places for day in days]] = np.nan
    return replace(found, past=past)
