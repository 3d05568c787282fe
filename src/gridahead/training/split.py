"""Which days a fit learns, which choose, and which judge.

    | train … | stopping | block | block | block | …  holdout

The last days before the holdout are for validation. The earliest of them stop the training and judge nothing. The
others judge, in blocks: the forecasts of a block come from networks that have learnt all other days, as those that
serve have learnt all days, but neither the block nor the days around it (the cross-validation of Barber, Candès, Ramdas
and Tibshirani 2021, "Predictive inference with the jackknife+", in blocks, because neighbouring days are alike).
Several blocks share their networks where a history is so long that they can do without them: a fold. Weights of
ensembles and calibrations of a block are fitted on those of the others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.errors import ModelError, TooFewDaysError
from gridahead.core.fingerprint import digest
from gridahead.core.tables import Observations
from gridahead.core.time import days_between, delivery_days, delivery_range, last_ended_day
from gridahead.core.vintages import of_series
from gridahead.features.leaks import refuse_leaks
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.models.conditions import Issued
from gridahead.settings.training import TrainingSettings
from gridahead.training.drawn import Copies, Drawn, drawn_windows, later_copies, silent_copies

MIN_DAYS = 60
"""Fewer training days than this teach a network nothing but the noise."""
MOST_FOR_VALIDATION = 0.75
"""Of a short history, where the validation days are learnt in the end. Where they are not, a quarter of it."""
GAP_DAYS = 7
"""Days on both sides of a block, besides a horizon, that its networks do not learn: errors last so long."""
BLOCKS = 6
"""That judge: of 270 days each has 34, so that of one year, too, networks have learnt the season around it."""
STOPPING_BLOCKS = 2
"""As long as so many blocks are the days that stop the training."""
FEWEST_DAYS = 4
"""Of validation for each block, the stopping days among them; of fewer days there are fewer blocks."""
TRIAL_FOLDS = 2
"""Try the anchors: half a year of six, or two months of one from either half, distinguish them; more cost a training
each. The 67 days that stop the training of German wind and solar, all of one spring, chose one that is 3 % worse."""
MOST_UNLEARNT = 0.2
"""Of all days may be missing in the networks of a fold: they should be as good as those that serve."""

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """Judged days, and those that weights and calibrations are fitted on meanwhile."""

    fold: int
    """Which networks answer."""
    rows: Rows
    """(J,) the block."""
    others: Rows
    """(J,) the other judged days, but for those around it."""


class Lesson(NamedTuple):
    """What a network learns."""

    daily: Windows
    """One window a day, as of its deadline: levels, spreads and anchors are of these."""
    later: tuple[Windows, ...]
    """Of the same days, issued at other times."""
    days: tuple[dt.date, ...]
    """Which they are."""
    without_inputs: tuple[Copies, ...] = ()
    """Of all days, each without inputs."""

    @property
    def silent(self) -> tuple[Windows, ...]:
        """Of the same days, without inputs: made when they are asked for."""
        return _of_days(self.without_inputs, self.days)

    @property
    def an_epoch(self) -> int:
        """How many of the windows an epoch goes through, chosen by chance.

        It is one a day, and two where every hour is served: the outturn of a day that stood in more windows would be
        learnt by heart. That costs no more time than learning nothing beside.
        """
        return len(self.daily) * (2 if self.daily.spec.intraday else 1)

    @property
    def as_they_were(self) -> tuple[Windows, ...]:
        """The windows with all that was known, in parts that may have other horizons: what networks learn first."""
        return (self.daily, *self.later)


@dataclass(frozen=True)
class Split:
    """The windows of one series before the holdout, and what each is for."""

    windows: Windows
    """N of them, a day each, in order."""
    days: tuple[dt.date, ...]
    """N"""
    begin: int
    """Where the validation days begin."""
    judging: tuple[slice, ...]
    """The blocks of judged days, one after the other to the last day."""
    folds: int
    """Networks that answer for them; every so many blocks share theirs."""
    learnt_later: bool
    """Whether the validation days are learnt in the end, and so by all networks but for those that they judge."""
    later: tuple[Copies, ...] = ()
    """What is learnt of the same days beside their windows: as of drawn issue times."""
    silent: tuple[Copies, ...] = ()
    """What networks are tuned on that answer where something is missing: the same days without inputs."""
    drawn: Mapping[Issued, Windows] = field(default_factory=dict)
    """The judged days as of drawn issue times, J windows of each kind."""

    @property
    def train(self) -> Windows:
        """Windows of the days before validation."""
        return self.windows.where(~self._from(self.begin))

    @property
    def stopping(self) -> Windows:
        """The days that stop the training, and choose between anchors."""
        return self.windows.where(self._from(self.begin) & ~self._from(self.judging[0].start))

    @property
    def judged(self) -> Windows:
        """The days that judge, J of them."""
        return self.windows.where(self._from(self.judging[0].start))

    @property
    def validation(self) -> Windows:
        """Windows of all days for validation, stopping days among them."""
        return self.windows.where(self._from(self.begin))

    @property
    def train_days(self) -> tuple[dt.date, dt.date]:
        """The first and the last of them."""
        return self.days[0], self.days[self.begin - 1]

    @property
    def validation_days(self) -> tuple[dt.date, dt.date]:
        """The first and the last of them."""
        return self.days[self.begin], self.days[-1]

    @property
    def days_learnt_until(self) -> dt.date:
        """The last day that what serves has learnt."""
        return (self.validation_days if self.learnt_later else self.train_days)[1]

    @property
    def judged_days(self) -> tuple[dt.date, dt.date]:
        """The first and the last of them."""
        return self.days[self.judging[0].start], self.days[-1]

    def to_stop(self) -> Lesson:
        """What networks learn that the stopping days stop: the days before, or all but those around."""
        if not self.learnt_later:
            return self._of_days(self.days[: self.begin])
        return self._apart_from([(self.days[self.begin], self.days[self.judging[0].start - 1])])

    def spans(self, fold: int) -> list[tuple[dt.date, dt.date]]:
        """The first and the last day of each block of a fold."""
        return [(self.days[rows.start], self.days[rows.stop - 1]) for rows in self.judging[fold :: self.folds]]

    def of_fold(self, fold: int) -> Windows:
        """Windows of the judged days of a fold."""
        rows = [np.arange(rows.start, rows.stop) for rows in self.judging[fold :: self.folds]]
        return self.windows.where(np.isin(np.arange(len(self.days)), np.concatenate(rows)))

    def trial_folds(self) -> tuple[int, ...]:
        """The folds that try anchors: one from either half."""
        first = self.folds // (2 * TRIAL_FOLDS)
        return tuple(dict.fromkeys((first, self.folds - 1 - first)))

    def without(self, spans: Iterable[tuple[dt.date, dt.date]]) -> Lesson:
        """What the networks of a fold learn: all days but for its blocks, and those around them."""
        return self._apart_from([*spans])

    def everything(self) -> Lesson:
        """What the networks learn that serve."""
        return self._of_days(self.days)

    def _apart_from(self, spans: Sequence[tuple[dt.date, dt.date]]) -> Lesson:
        learnt = np.all([self.apart_from(*span) for span in spans], axis=0)
        return self._of_days([day for day, is_learnt in zip(self.days, learnt, strict=True) if is_learnt])

    def _of_days(self, days: Sequence[dt.date]) -> Lesson:
        """The windows of some days, and their copies: a day that is not learnt is not learnt by any of them."""
        wanted = set(days)
        daily = self.windows.where(np.array([day in wanted for day in self.days], bool))
        return Lesson(daily, _of_days(self.later, days), tuple(days), self.silent)

    def apart_from(self, first: dt.date, last: dt.date) -> Rows:
        """(N,) the days that are neither among some days nor around them."""
        gap = dt.timedelta(days=gap_days(self.windows.spec))
        return np.array([day < first - gap or day > last + gap for day in self.days])

    def blocks(self) -> Iterator[Block]:
        """The blocks of the judged days, in order."""
        begin, places = self.judging[0].start, np.arange(self.judging[0].start, len(self.days))
        for number, rows in enumerate(self.judging):
            inside = (places >= rows.start) & (places < rows.stop)
            others = self.apart_from(self.days[rows.start], self.days[rows.stop - 1])[begin:]
            yield Block(number % self.folds, inside, others)

    def fingerprint(self) -> str:
        """Fingerprint of all windows that decide what a fit gives, 16 digits."""
        beside = [copies.windows.fingerprint() for copies in (*self.later, *self.silent)]
        return digest(
            self.train.fingerprint(),
            self.validation.fingerprint(),
            *beside,
            *(windows.fingerprint() for windows in self.drawn.values()),
        )

    def _from(self, row: int) -> Rows:
        return np.arange(len(self.days)) >= row


def _of_days(parts: Iterable[Copies], days: Sequence[dt.date]) -> tuple[Windows, ...]:
    """The windows of some days, of each part that has any of them."""
    kept = (copies.of_days(days) for copies in parts)
    return tuple(copies.windows for copies in kept if copies.days)


def split(observations: Observations, spec: WindowSpec, settings: TrainingSettings) -> Split:
    """Windows of every delivery day before the holdout that has an outturn; the last ones are for validation.

    Targets are read as of the issue time of the first holdout day: a revision that came later is not learnt.

    Raises:
        TooFewDaysError: the lake holds too few days.
        ModelError: it holds none, or an input knows the outturn.
    """
    days = before_holdout(days_to_learn(observations, spec), settings)
    _require_days(days, spec, settings.holdout_start)
    known_by = learnt_as_of(observations, spec, days[-1], settings)
    windows = build_windows(observations, spec, days, outturn_as_of=known_by)
    judged_from = days[-min(len(days), settings.validation_days)]
    drawn = drawn_windows(observations, spec, days, judged_from=judged_from, outturn_as_of=known_by)
    return cut(windows, days, settings, drawn)


def gap_days(spec: WindowSpec) -> int:
    """Days on each side of a block that its networks do not learn: a horizon, and as long as errors last."""
    return GAP_DAYS + spec.deadline.days_before + 1


def before_holdout(days: Sequence[dt.date], settings: TrainingSettings) -> list[dt.date]:
    """The days that may be learnt."""
    return [day for day in days if settings.holdout_start is None or day < settings.holdout_start]


def learnt_as_of(
    observations: Observations, spec: WindowSpec, last: dt.date, settings: TrainingSettings
) -> pd.Timestamp:
    """The instant as of which outturns are learnt, if this is the last day: a later revision is not."""
    if settings.holdout_start is not None:
        return spec.deadline.for_delivery(settings.holdout_start)
    newest: pd.Timestamp = observations["available_at"].max()
    return max(newest, delivery_range(last, spec.zone.timezone).end)


def days_to_learn(observations: Observations, spec: WindowSpec, context_days: int | None = None) -> list[dt.date]:
    """The delivery days from the first with a whole context, or so many days of it, to the newest that has ended.

    A day that has only begun can still be forecast, unless a model has learnt its first hours.

    Raises:
        ModelError: there is nothing of the series.
    """
    target = of_series(observations, spec.series)
    if target.empty:
        raise ModelError(str(spec.series), "there is nothing to train on; bring data with `gridahead ingest`")
    local = delivery_days(target["valid_time"], spec.zone.timezone)
    before = spec.context_days if context_days is None else context_days
    first = local.min().date() + dt.timedelta(days=before + spec.deadline.days_before)
    return days_between(first, last_ended_day(target["valid_time"].max() + spec.mtu.delta, spec.zone.timezone))


def cut(windows: Windows, days: Sequence[dt.date], settings: TrainingSettings, drawn: Drawn | None = None) -> Split:
    """The windows of some days, all before the holdout, with the last ones for validation.

    Args:
        windows: of the deadlines, N of them.
        days: N
        settings: how many days are for validation.
        drawn: windows of the same days at other issue times.

    Raises:
        TooFewDaysError: there are too few days.
        ModelError: an input knows the outturn.
    """
    _require_days(days, windows.spec, settings.holdout_start)
    usable = np.any(~np.isnan(windows.target) & windows.delivery, axis=1)
    windows, days = windows.where(usable).trimmed(), [day for day, use in zip(days, usable, strict=True) if use]
    refuse_leaks(windows)
    validation_count = min(settings.validation_days, int(len(days) * (MOST_FOR_VALIDATION if settings.refit else 0.25)))
    count = max(1, min(BLOCKS, validation_count // FEWEST_DAYS))
    edges = (
        np.linspace(len(days) - validation_count, len(days), count + STOPPING_BLOCKS + 1).round().astype(int).tolist()
    )
    judging = tuple(slice(*pair) for pair in pairwise(edges[STOPPING_BLOCKS:]))
    unlearnt = validation_count // (count + STOPPING_BLOCKS) + 2 * gap_days(windows.spec)
    folds = next((n for n in range(2, count) if -(-count // n) * unlearnt <= MOST_UNLEARNT * len(days)), count)
    drawn = {issued: copies.of_days(days) for issued, copies in (drawn or {}).items()}
    judged_days, later = days[judging[0].start :], later_copies(windows.spec, drawn)
    return Split(
        windows,
        tuple(days),
        edges[0],
        judging,
        folds,
        settings.refit,
        later,
        silent_copies(windows, days, later),
        {
            issued: of_days.windows
            for issued, copies in drawn.items()
            if (of_days := copies.of_days(judged_days)).days == tuple(judged_days)
        },
    )


def _require_days(days: Sequence[dt.date], spec: WindowSpec, before: dt.date | None) -> None:
    if len(days) < MIN_DAYS:
        raise TooFewDaysError(
            str(spec.series),
            f"has {len(days)} delivery days to learn from before {before or 'now'}, "
            f"needs {MIN_DAYS} after a context of {spec.context_days} days; ingest a longer history",
        )
