"""GEFCom2012 wind: seven farms, 48 hours ahead, with the weather forecasts that had been issued, and no later ones.

Learnt: the eighteen months before 2011, the last three of which choose the epoch and the number of trees. Scored: the
156 periods of 48 hours from January 2011 to June 2012 that the competition withheld, issued in the hour before each.
One network for all farms. LightGBM gets the same inputs, one row an hour; `persistence` is the last measured power with
the errors that it had by lead time, `climatology` the quantiles of a farm's own history.

`pinball` is the mean over eleven levels, `rmse` is that of the mean of the forecast distribution; n counts values, low
and high are over seeds. The power of the periods before is never read: the context reaches back 36 hours.

Source: Hong, Pinson and Fan (2014), "Global Energy Forecasting Competition 2012".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from common import Bench, Row, measure, say
from datasets import dataset
from pictures import colour, picture, title
from wind_inputs import LEVELS, Inputs, inputs_of
from wind_vintages import HORIZON, Floats, competition_issues, read_farms, training_issues, windows_at

from gridahead.evaluation.metrics import pinball, rmse
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.training import TrainingSettings
from gridahead.training.loop import train_network
from gridahead.training.tabular import BOOSTING, MOST_TREES, PATIENCE
from gridahead.training.workers import processes

CELLS: tuple[Literal["lstm", "gru"], ...] = ("lstm", "gru")
VALIDATION = pd.Timestamp("2010-10-01", tz="UTC")
TEST = pd.Timestamp("2011-01-01", tz="UTC")
SETTINGS = TrainingSettings(epochs=8, batch_size=128, patience=2, device="cpu", quantiles=LEVELS)
BLOCK = 12
"""Hours of lead time that are scored together: the weather is renewed as often."""
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Parts:
    """Learnt, choosing and scored windows."""

    train: Inputs
    validation: Inputs
    test: Inputs


def run(bench: Bench) -> list[Row]:
    """Pinball loss and root mean squared error, together and by lead time."""
    parts = split(dataset(bench, "gefcom2012_wind"))
    answers = trained(parts, bench)
    answers |= {"persistence": [persistence(parts)], "climatology": [climatology(parts)]}
    networks = [one for cell in CELLS for one in answers[cell]]
    answers["ensemble"] = [np.mean(networks, axis=0)]
    return [row for model, each in answers.items() for row in rows_of(model, each, parts.test.target)]


def split(folder: Path) -> Parts:
    """The windows of the three parts, the power curves learnt from the first one."""
    farms = read_farms(folder)
    learnt, asked = training_issues(farms, TEST), competition_issues(farms)
    windows = windows_at(farms, np.r_[learnt, asked])
    issued = pd.to_datetime(windows.issue_times, unit="us", utc=True)
    train = np.asarray(issued <= VALIDATION - pd.Timedelta(hours=HORIZON))
    test = np.arange(len(issued)) >= len(learnt)
    inputs = inputs_of(windows, train)
    # Between training and validation lie two days: no hour is in both.
    return Parts(inputs.rows(train), inputs.rows(np.asarray(issued >= VALIDATION) & ~test), inputs.rows(test))


def trained(parts: Parts, bench: Bench) -> dict[str, list[Floats]]:
    """The answers of every network and of LightGBM, from processes side by side, the longest first."""
    networks = [(cell, seed, bench.quick) for cell in reversed(CELLS) for seed in range(bench.seeds)]
    jobs: list[tuple[str, int, bool]] = [*networks, ("lightgbm", 0, bench.quick)]
    answers: dict[str, list[Floats]] = {name: [] for name in (*CELLS, "lightgbm")}
    with processes(WORKERS, _prepare, parts) as pool:
        for job, answer in zip(jobs, pool.map(_answer, jobs), strict=True):
            answers[job[0]].append(answer)
            say(f"{job[0]}, seed {job[1]}: pinball {pinball(answer, LEVELS, parts.test.target):.4f}")
    return answers


def persistence(parts: Parts) -> Floats:
    """The last measured power, and the quantiles of the errors that it has by lead time, (N, H, Q)."""
    errors = parts.train.target - parts.train.last[:, None]
    quantiles = np.nanquantile(errors, LEVELS, axis=0).T  # (H, Q)
    answer: Floats = (parts.test.last[:, None, None] + quantiles).clip(0, 1).astype(np.float32)
    return answer


def climatology(parts: Parts) -> Floats:
    """The quantiles of each farm's power, (N, H, Q)."""
    farms = parts.train.batch.static.shape[1]
    own = [parts.train.target[parts.train.farm == farm] for farm in range(farms)]
    quantiles = np.stack([np.nanquantile(each, LEVELS) for each in own]).astype(np.float32)
    return np.broadcast_to(quantiles[parts.test.farm][:, None], (*parts.test.target.shape, len(LEVELS)))


def rows_of(model: str, answers: Sequence[Floats], target: Floats) -> list[Row]:
    """All leads together, and by block of lead time."""
    spans = {"all": slice(None)}
    spans |= {
        f"lead_{start + 1:02}_{start + BLOCK:02}": slice(start, start + BLOCK) for start in range(0, HORIZON, BLOCK)
    }
    rows = []
    for task, span in spans.items():
        truth = target[:, span]
        count = int((~np.isnan(truth)).sum())
        losses = [pinball(answer[:, span], LEVELS, truth) for answer in answers]
        errors = [rmse(expectation(answer[:, span]), truth) for answer in answers]
        rows += [
            replace(Row.of(task, model, name, values), n=count)
            for name, values in (("pinball", losses), ("rmse", errors))
        ]
    return rows


def expectation(quantiles: Floats) -> Floats:
    """Mean of a distribution given by its quantiles, (…,): each stands for the levels nearest to it."""
    borders = np.r_[0, np.convolve(LEVELS, [0.5, 0.5], "valid"), 1]
    mean: Floats = (quantiles @ np.diff(borders)).astype(np.float32)
    return mean


def draw(rows: Sequence[Row], path: Path) -> None:
    """Error by lead time, and the loss of all leads."""
    leads = [row for row in rows if row.metric == "rmse" and row.task != "all"]
    models: Mapping[str, list[Row]] = {
        name: [row for row in leads if row.model == name] for name in dict.fromkeys(row.model for row in leads)
    }
    with picture(path, 2, width=5.2) as (by_lead, together):
        for name, own in models.items():
            by_lead.plot(
                [row.task.removeprefix("lead_").replace("_", "–") for row in own],
                [row.value for row in own],
                marker="o",
                label=name,
                color=colour(name),
                linestyle="--" if name == "climatology" else "-",
            )
        by_lead.set_xlabel("lead time [h]")
        by_lead.set_ylim(bottom=0)
        by_lead.legend(frameon=False, ncols=2, loc="lower center")
        title(by_lead, "RMSE [share of installed power]")
        losses = sorted(
            (row for row in rows if row.metric == "pinball" and row.task == "all"), key=lambda row: -row.value
        )
        together.barh(
            [row.model for row in losses], [row.value for row in losses], color=[colour(row.model) for row in losses]
        )
        title(together, "Mean pinball loss [share of installed power]")


_given: Parts | None = None


def _prepare(parts: Parts) -> None:
    global _given  # handed to a process once, not with every job
    _given = parts


def _answer(job: tuple[str, int, bool]) -> Floats:
    assert _given is not None
    name, seed, quick = job
    if name == "lightgbm":
        return boosted(_given, 10 if quick else MOST_TREES)
    return recurrent(_given, "gru" if name == "gru" else "lstm", seed, 1 if quick else SETTINGS.epochs)


def recurrent(parts: Parts, cell: Literal["lstm", "gru"], seed: int, epochs: int) -> Floats:
    """Quantiles of the scored windows from a network of this seed, (N, H, Q)."""
    train, test = parts.train.batch, parts.test.batch
    torch.manual_seed(seed)
    network = Network(
        NetworkConfig(
            cell=cell,
            encoder_features=train.encoder.shape[-1],
            decoder_features=train.decoder.shape[-1],
            static_features=train.static.shape[-1],
            levels=LEVELS,
            hidden=48,
            decoder_hidden=64,
            dropout=0.2,
            decoder="recurrent",
            bidirectional=True,
        )
    )
    settings = SETTINGS.model_copy(update={"epochs": epochs})
    best = train_network(
        network,
        train,
        parts.validation.batch,
        LEVELS,
        settings,
        model=f"seven farms {cell}",
        member=seed,
        seed=seed,
        progress=lambda epoch: None,
    ).eval()
    with torch.inference_mode():
        answer = best(test.encoder, test.decoder, test.static, test.length)
    return parts.test.power(answer.numpy())


def boosted(parts: Parts, most_trees: int) -> Floats:
    """Quantiles of the scored windows from a LightGBM model a level, (N, H, Q); the validation chooses the trees."""
    import lightgbm

    tables = [each.table() for each in (parts.train, parts.validation)]
    learn, check = (lightgbm.Dataset(*table) for table in tables)
    asked = parts.test.table()[0]
    answers = []
    for level in LEVELS:
        booster = lightgbm.train(
            {**BOOSTING, "learning_rate": 0.1, "objective": "quantile", "alpha": level},
            learn,
            most_trees,
            valid_sets=[check],
            callbacks=[lightgbm.early_stopping(PATIENCE // 2, verbose=False)],
        )
        answers.append(np.asarray(booster.predict(asked)))
    rising = np.sort(np.stack(answers, axis=-1), axis=-1)
    return parts.test.power(rising.reshape(*parts.test.target.shape, -1).astype(np.float32))


if __name__ == "__main__":
    measure(run, draw)
