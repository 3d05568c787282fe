"""GEFCom2014 wind: ten farms, a month ahead, 99 quantiles, by the competition's own protocol and score.

Recurrent networks, a bidirectional lstm over the weather forecast of a day and the half days around it, in two views
(`wind_views`), and boosted trees (`wind_trees`). Every month all are trained again on all that was known before it.
Features, epochs, sizes and shares were chosen on tasks 1 to 3, which do not count here. `lstm ensemble` is the mean of
the quantiles of all networks, with two thirds for the view by farm; `ensemble` the mean of that and of the trees.

n counts the scored values, hours of a month times farms; value, low and high of a view are over its seeds. A month
that is done is kept, and a second call goes on with the next.

Source: Hong et al. (2016), "Probabilistic energy forecasting: Global Energy Forecasting Competition 2014 and beyond".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from common import Bench, Row, measure, say
from datasets import dataset
from joint_network import JointNetwork
from pictures import colour, picture, title
from wind_farms import LEVELS, Farms, Floats, Task, known_for, own_history, read_farms, score, task_of
from wind_trees import forecast_by_trees
from wind_views import VIEWS, ViewName, batch_of, by_hour, features_of

from gridahead.core.errors import ModelError
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.training import TrainingSettings
from gridahead.training.batch import Batch
from gridahead.training.loop import train_network
from gridahead.training.workers import processes

TASKS = tuple(range(4, 15))
"""Those that the competition scored in the end: January to November 2013."""
SHARE: dict[ViewName, float] = {"farm": 2 / 3, "joint": 1 / 3}
"""Of each view in the ensemble."""
SHARE_OF_TREES = 0.4
TOP = 5
"""Participants to compare with."""
SETTINGS: dict[ViewName, TrainingSettings] = {
    "farm": TrainingSettings(epochs=12, batch_size=128, learning_rate=3e-3, device="cpu", quantiles=LEVELS),
    "joint": TrainingSettings(epochs=20, batch_size=32, learning_rate=3e-3, device="cpu", quantiles=LEVELS),
}
WORKERS, QUICK_TREES = 2, 20
OFFICIAL = 2e-4
"""How near our score of the official benchmark must be to the published one: a fiftieth of what separates the months.
Most months agree to 1e-5; in those with gaps the organisers may have had a few hours more, or fewer."""


MemberName = ViewName | Literal["trees"]


@dataclass(frozen=True, slots=True)
class Member:
    """The quantiles of one network, or of the trees, for one month."""

    view: MemberName
    seed: int
    quantiles: Floats
    """(hours, Z, Q)"""


def run(bench: Bench) -> list[Row]:
    """One row a task and model, and their means over the tasks."""
    file = dataset(bench, "gefcom2014/gefcom2014_wind.parquet")
    published = pd.read_csv(dataset(bench, "gefcom2014/gefcom2014_wind_scores.csv"), index_col=0)
    farms, tasks = read_farms(file), TASKS[:1] if bench.quick else TASKS
    check_score(farms, published, tasks)
    rows = competition(published, farms, tasks)
    for number in tasks:
        rows += bench.resumed(f"task {number}", partial(month_of, number, file, farms, bench))
    return [*rows, *means(rows)]


def month_of(number: int, file: Path, farms: Farms, bench: Bench) -> list[Row]:
    """The rows of one month; its networks and trees are trained in processes side by side."""
    task = task_of(farms, number)
    views: list[tuple[MemberName, int]] = [("trees", 0), *product(VIEWS, range(bench.seeds))]
    jobs = [(file, number, view, seed, bench.quick) for view, seed in views]
    members = []
    with processes(WORKERS) as pool:
        for member in pool.map(_train, jobs):
            members.append(member)
            say(f"task {number}, {member.view}, seed {member.seed}: {score(member.quantiles, farms, task):.5f}")
    return rows_of(members, farms, task)


def check_score(farms: Farms, published: pd.DataFrame, tasks: Sequence[int]) -> None:
    """Our score of the official benchmark is the published one, or this is not the same protocol.

    Raises:
        ModelError: it is not; then no other figure could be compared either.
    """
    for number in tasks:
        task = task_of(farms, number)
        ours = score(own_history(known_for(farms, task), task), farms, task)
        theirs = float(published[f"Task{number}"]["Benchmark - Wind"])
        if abs(ours - theirs) > OFFICIAL:
            raise ModelError("official benchmark", f"scores {ours:.6f} on task {number}, published is {theirs}")


def competition(published: pd.DataFrame, farms: Farms, tasks: Sequence[int]) -> list[Row]:
    """The best of the competition, by their mean over all tasks that count, and the official benchmark."""
    scores = published[[f"Task{number}" for number in TASKS]].dropna()
    best = scores.drop(index="Benchmark - Wind").mean(axis=1).nsmallest(TOP).index
    return [
        Row(f"task_{number}", str(name), "pinball", float(scores.loc[name, f"Task{number}"]), n=count)
        for number in tasks
        for count in [_count(farms, task_of(farms, number))]
        for name in [*best, "Benchmark - Wind"]
    ]


def rows_of(members: Sequence[Member], farms: Farms, task: Task) -> list[Row]:
    """The scores of one month: a view's single networks, all of them together, the trees, and both."""
    name, count = f"task_{task.number}", _count(farms, task)
    rows, networks = [], np.zeros(1, np.float32)
    for view in VIEWS:
        answers = [member.quantiles for member in members if member.view == view]
        single = [score(answer, farms, task) for answer in answers]
        rows.append(replace(Row.of(name, f"lstm {view}", "pinball", single), n=count))
        networks = networks + SHARE[view] * np.mean(answers, axis=0)
    (trees,) = (member.quantiles for member in members if member.view == "trees")
    both = (1 - SHARE_OF_TREES) * networks + SHARE_OF_TREES * trees
    together = {"lstm ensemble": networks, "lightgbm": trees, "ensemble": both}
    return [
        *rows,
        *(Row(name, model, "pinball", score(each, farms, task), n=count) for model, each in together.items()),
    ]


def means(rows: Sequence[Row]) -> list[Row]:
    """The mean over tasks, which decided the competition: each month counts the same."""
    models = dict.fromkeys(row.model for row in rows)
    return [_mean(model, [row for row in rows if row.model == model]) for model in models]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Every month, and the mean, of our models and of the competition's best."""
    months = [task for task in dict.fromkeys(row.task for row in rows) if task != "mean"]
    shown = [row for row in rows if row.task == "mean" and row.model != "Benchmark - Wind"]
    shown.sort(key=lambda row: row.value)
    numbers = [month.removeprefix("task_") for month in months]
    with picture(path, 2, width=5.6) as (over_time, over_all):
        for mean in shown:
            values = [row.value for row in rows if row.model == mean.model and row.task in months]
            ours = mean.model == "ensemble"
            over_time.plot(
                numbers,
                values,
                marker="o",
                markersize=4 if ours else 2,
                label=mean.model,
                color=colour(mean.model),
                linewidth=2 if ours else 0.8,
                zorder=3 if ours else 1,
            )
        over_time.set_xlabel("task (4 is January 2013)")
        title(over_time, "Mean pinball loss a month [share of installed power]")
        for mean in reversed(shown):
            over_all.plot(mean.value, mean.model, "o", color=colour(mean.model))
            over_all.annotate(f"{mean.value:.4f}", (mean.value, mean.model), (6, -3), textcoords="offset points")
        over_all.margins(x=0.15)
        title(over_all, "Mean over the tasks; ours, and the competition's best five")


def _train(job: tuple[Path, int, MemberName, int, bool]) -> Member:
    """A network of its own seed, or the trees, on everything before the month, and the answer for the month."""
    file, number, view, seed, quick = job
    farms = read_farms(file)
    task = task_of(farms, number)
    known = known_for(farms, task)
    if view == "trees":
        answer = forecast_by_trees(known, task, *([QUICK_TREES] if quick else []))
    else:
        answer = forecast(known, task, view, seed, 1 if quick else None)
    return Member(view, seed, answer)


def forecast(known: Farms, task: Task, view: ViewName, seed: int, epochs: int | None = None) -> Floats:
    """The quantiles that one network, trained on what is known, gives for the month of a task, (hours, Z, Q)."""
    features, count = features_of(known), known.power.shape[1]
    train = batch_of(known, features, view, np.arange(task.first))
    month = batch_of(known, features, view, np.arange(task.first, task.end))
    settings = SETTINGS[view].model_copy(update={"epochs": epochs} if epochs else {})
    torch.manual_seed(seed)
    network = train_network(
        network_of(train, view, count),
        train,
        None,
        LEVELS,
        settings,
        model=f"task {task.number} {view}",
        member=seed,
        seed=seed,
        progress=lambda epoch: None,
    )
    with torch.inference_mode():
        return by_hour(network.eval()(month.encoder, month.decoder, month.static, month.length), view, count)


def network_of(batch: Batch, view: ViewName, farms: int) -> Network:
    """A bidirectional lstm over the known future, and nothing else."""
    config = NetworkConfig(
        cell="lstm",
        encoder_features=0,
        decoder_features=batch.decoder.shape[-1],
        static_features=batch.static.shape[-1],
        levels=LEVELS,
        hidden=64,
        decoder_hidden=64,
        dropout=0.3,
        decoder="recurrent",
        bidirectional=True,
    )
    return JointNetwork(config, farms) if view == "joint" else Network(config)


def _count(farms: Farms, task: Task) -> int:
    return int((~np.isnan(farms.power[task.hours])).sum())


def _mean(model: str, rows: Sequence[Row]) -> Row:
    """Of one model over the tasks; the range is the mean of the ranges."""
    lows, highs = ([value for row in rows if (value := getattr(row, end)) is not None] for end in ("low", "high"))
    return Row(
        "mean",
        model,
        "pinball",
        float(np.mean([row.value for row in rows])),
        float(np.mean(lows)) if lows else None,
        float(np.mean(highs)) if highs else None,
        sum(row.n for row in rows),
    )


if __name__ == "__main__":
    measure(run, draw)
