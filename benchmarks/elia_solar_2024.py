"""Are our intervals of Belgian solar power better than those that the grid operator publishes?

Issued at 11:00 on the day before, with Elia's own day-ahead forecast of 11:00 as input: its median, P10 and P90.
Scored on 2024 at P10, P50 and P90 where Elia has published all three. Networks are trained before every quarter on all
days since 2020, of which the last 270 choose epochs and weights. One of the three is not recurrent, to see what that is
worth. `networks` is the weighted mean of all, and `ensemble` that of them and of Elia's own quantiles; both are
calibrated when they are trained. Daylight is every quarter hour in which Elia's P90 or the outturn is above zero.
Rows of networks are the median of the seeds, low and high their range; n is the number of quarter hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from common import Bench, Row, measure
from contest import ensemble_of, single, train
from datasets import dataset
from pictures import colour, picture, title

from gridahead.core.errors import ModelError
from gridahead.core.grid import ZONES, Series
from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED
from gridahead.core.tables import Observations
from gridahead.core.time import Deadline, Mtu, days_between
from gridahead.evaluation.metrics import coverage, mae, pinball, width
from gridahead.evaluation.references import reference_answers
from gridahead.features.windows import Windows, WindowSpec, build_windows
from gridahead.models.aggregate import Aggregate
from gridahead.models.base import Forecaster, Quantiles, predict_each
from gridahead.models.ensemble import Ensemble, Model
from gridahead.settings.file_source import CovariateSettings, FileSource
from gridahead.settings.networks import Anchor, ModelSettings
from gridahead.settings.training import TrainingSettings
from gridahead.sources.file import FileTable
from gridahead.training.split import split

SOLAR = Series("BE", "solar")
PUBLISHED = {0.1: "dayahead11hconfidence10", 0.5: "dayahead11hforecast", 0.9: "dayahead11hconfidence90"}
LEVELS = tuple(PUBLISHED)
DEADLINE = Deadline.parse("D-1T1100[Europe/Brussels]")
ANCHORS: tuple[Anchor, ...] = ("official",)
"""On 2023, trained before every quarter, two LSTMs had 0.947 of Elia's pinball loss on its forecast, 1.04 on a
regression, which has learnt from years without P10 and P90, and 1.10 on none; the mean of the first two had 0.968."""
CAPACITY = "solar_capacity"
ALONE = {"normalise": "capacity", "segment": "none", "dropout": 0.4, "decoder_hidden": 16}
"""No encoder: what has been is told by means over days, and an encoder learns single days by heart. On 2023 one of any
size cost 1 to 2 % of the pinball loss."""
MODELS = {
    "rnn": ModelSettings.model_validate({"cell": "rnn", **ALONE}),
    "lstm": ModelSettings.model_validate({"cell": "lstm", **ALONE}),
    "feed_forward": ModelSettings.model_validate(
        {"cell": "rnn", **ALONE, "decoder": "direct", "dropout": 0.3, "decoder_hidden": 32}
    ),
}
"""Recurrent over the hours ahead in both directions, and not recurrent at all. On 2023 two seeds of each had 0.937,
0.934 and 0.930 of Elia's pinball loss, together 0.927, and with Elia's own quantiles in the mean 0.918."""
BATCH_SIZE = 16
HOLDOUT, LAST = dt.date(2024, 1, 1), dt.date(2024, 12, 31)
VALIDATION_DAYS = 270
"""As few as the settings take by default: P10 and P90 are known of 21 months only."""
QUANTILES = ("solar_p10", "solar_p90")
BELIEVED_FROM = pd.Timestamp("2022-04-05", tz="UTC")
"""Until October 2021 the published P10 and P90 were nought, then for half a year three times as wide as ever since."""
SPEC = WindowSpec(
    SOLAR,
    ZONES["BE"],
    Mtu.PT15M,
    DEADLINE,
    14,
    True,
    future_covariates=tuple(Series("BE", name) for name in (*QUANTILES, CAPACITY)),
)


def observations(bench: Bench) -> Observations:
    """Outturn, Elia's forecast of 11:00 with P10 and P90, and the capacity it monitors."""
    published = {**dict(zip(QUANTILES, (PUBLISHED[0.1], PUBLISHED[0.9]), strict=True)), CAPACITY: "monitoredcapacity"}
    covariates = [
        CovariateSettings(column=column, name=name, unit="MW", known_ahead=True, available=DEADLINE)
        for name, column in published.items()
    ]
    file = FileSource(
        kind="file",
        path=dataset(bench, "elia/elia_solar_be_15min_2020_2024.parquet"),
        zone=SOLAR.zone,
        quantity=SOLAR.quantity,
        time_column="time_utc",
        timezone="UTC",
        value_column="measured",
        mtu=Mtu.PT15M,
        publication_lag_minutes=15,
        official_column=PUBLISHED[0.5],
        official_available=DEADLINE,
        covariates=tuple(covariates),
        attribution="Elia",
    )
    table = FileTable(file, ZONES["BE"])
    rows = pd.concat([table.parse(payload) for payload in table.fetch()], ignore_index=True)
    absurd = rows["quantity"].isin(QUANTILES) & (rows["valid_time"] < BELIEVED_FROM)
    return Observations(rows[~absurd])


def run(bench: Bench) -> list[Row]:
    """Elia, and our networks, alone and together."""
    rows = observations(bench)
    settings = TrainingSettings(validation_days=VALIDATION_DAYS, epochs=2 if bench.quick else 25, batch_size=BATCH_SIZE)
    days = days_between(HOLDOUT, LAST)
    test = build_windows(rows, SPEC, days)
    quarters = [dt.date(day.year, day.month, 1) for day in days if (day.month % 3, day.day) == (1, 1)]
    tests = [test.where(np.array([begin <= day < _next(begin) for day in days])) for begin in quarters]
    folds = [split(rows, SPEC, settings.model_copy(update={"holdout_start": begin})) for begin in quarters]

    fits = [
        train(f"solar from {begin}", parts, [*product(MODELS, ANCHORS)], bench.seeds, settings, MODELS)
        for begin, parts in zip(quarters, folds, strict=True)
    ]

    def alone(name: str, seed: int) -> Quantiles:
        each = zip(fits, folds, tests, strict=True)
        return np.concatenate([predict_each(single(fit, name, seed, parts), part) for fit, parts, part in each])

    together = [ensemble_of(fit, MODELS, parts).model for fit, parts in zip(fits, folds, strict=True)]

    def mean(models: Sequence[Forecaster]) -> Quantiles:
        said = [predict_each(model, part) for model, part in zip(models, tests, strict=True)]
        return np.concatenate(said)[..., chosen]

    chosen = [settings.quantiles.index(level) for level in LEVELS]
    answers = {
        OFFICIAL: [published(test)],
        OFFICIAL_CORRECTED: [reference_answers(rows, folds[0].windows, test, LEVELS)[OFFICIAL_CORRECTED]],
        **{name: [alone(name, seed)[..., chosen] for seed in range(bench.seeds)] for name in MODELS},
        "networks": [mean([networks_alone(model) for model in together])],
        "ensemble": [mean(together)],
    }
    scored = [row for name, each in answers.items() for row in figures(name, each, test)]
    losses = {row.model: row.value for row in scored if (row.task, row.metric) == ("all hours", "pinball")}
    ratio = losses["ensemble"] / losses[OFFICIAL]
    return [*scored, Row("all hours", "ensemble", "pinball_ratio_to_official", ratio, n=scored[0].n)]


def networks_alone(model: Model | Aggregate) -> Ensemble:
    """The same ensemble without the official forecast.

    Raises:
        ModelError: it is none.
    """
    if not isinstance(model, Ensemble):
        raise ModelError(model.label, "is no ensemble of networks")
    return replace(model, official=0.0)


def _next(quarter: dt.date) -> dt.date:
    """The first day of the quarter after."""
    return (quarter + dt.timedelta(days=95)).replace(day=1)


def published(test: Windows) -> Quantiles:
    """The official P10, median and P90, (N, H, 3) [MW]."""
    names = (f"{test.spec.series}{suffix}" for suffix in ("_p10", "_official", "_p90"))
    return np.stack([test.input_ahead(name) for name in names], axis=-1)


def figures(name: str, answers: Sequence[Quantiles], test: Windows) -> list[Row]:
    """Pinball and MAE [MW] and the share of outturns between P10 and P90, of all hours and of daylight."""
    official = published(test)
    counted = test.delivery & ~np.isnan(test.target) & ~np.isnan(official).any(axis=-1)
    light = counted & ((official[..., 2] > 0) | (test.target > 0))
    rows = []
    for task, hours in (("all hours", counted), ("daylight", light)):
        each = [_figures(answer[hours], test.target[hours]) for answer in answers]
        for metric in each[0]:
            rows.append(replace(Row.of(task, name, metric, [one[metric] for one in each]), n=int(hours.sum())))
    return rows


def _figures(answer: Quantiles, outturn: np.ndarray) -> dict[str, float]:
    low, median, high = answer.T
    return {
        "pinball": pinball(answer, LEVELS, outturn),
        **{
            f"pinball_p{round(100 * level)}": pinball(part[:, None], [level], outturn)
            for level, part in zip(LEVELS, answer.T, strict=True)
        },
        "mae": mae(median, outturn),
        "coverage_80": coverage(low, high, outturn),
        "width_80": width(low, high),
    }


def draw(rows: Sequence[Row], path: Path) -> None:
    """Pinball by level and coverage in daylight, of Elia and of ours."""
    figure = {(row.task, row.model, row.metric): row.value for row in rows}
    shown = (OFFICIAL, "ensemble")
    with picture(path, 2, width=4.2) as (left, right):
        metrics = ("pinball_p10", "pinball_p50", "pinball_p90", "pinball")
        for n, model in enumerate(shown):
            values = [figure["daylight", model, metric] for metric in metrics]
            left.bar(np.arange(len(metrics)) + 0.38 * n, values, 0.36, color=colour(model), label=model)
        left.set_xticks(np.arange(len(metrics)) + 0.19, ["P10", "P50", "P90", "mean"])
        left.legend(frameon=False)
        title(left, "Pinball loss in daylight, 2024 [MW]")
        models = (OFFICIAL, OFFICIAL_CORRECTED, *MODELS, "ensemble")
        right.bar(models, [figure["daylight", model, "coverage_80"] for model in models], color=[*map(colour, models)])
        right.tick_params(axis="x", labelsize=8)
        right.axhline(0.8, color="black", linewidth=1)
        title(right, "Share of outturns between P10 and P90 in daylight")


if __name__ == "__main__":
    measure(run, draw)
