"""Are we better than OpenSTEF, LightGBM through mlforecast, neuralforecast, statsforecast and a foundation model?

Three tasks: German load and German wind and solar in 2025, Belgian solar in 2024. Every model reads the same file, sees
at each issue time only what was available then, learns from the days before the year and answers the same quantiles,
which one scorer scores on the hours for which all models, the official forecast and the outturn are there. MSTL has
nothing to learn and decomposes the last weeks at each issue time; fracast has learnt other series and reads the last
values of this one.

Two are ours: the recurrent ensemble of the benchmarks of the same data, and what a user gets who says nothing about
models (`peer_served`).

`crps` is twice the pinball loss, the levels weighted by the share of all levels that each stands for: 0.075 for the two
on either side, 0.1 for the others. Of 95 % block-bootstrap intervals of ratios `low` and `high` are the bounds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from common import Bench, Row, figure, measure, say
from contest import ensemble_of, train
from peer_jobs import PEER_MODELS, Answer, core_seconds, forecast, write_job
from peer_scores import ENSEMBLE, OURS, SERVED, scored
from peer_served import served
from peer_tasks import TASKS, Prepared, Task, prepare, references
from pictures import COLOURS, picture, title

from gridahead.models.base import predict_each

SEEDS = 2
"""Of every network of ours: with three cells on two anchors the ensemble has twelve members."""


def run(bench: Bench) -> list[Row]:
    """All tasks one after the other."""
    return bench.each(TASKS, _task)


def _peers(prepared: Prepared, bench: Bench) -> dict[str, Answer]:
    """The forecasts of every peer, by name."""
    name, test, levels = prepared.task.name, prepared.test, prepared.levels
    with tempfile.TemporaryDirectory() as scratch:
        job = write_job(Path(scratch), prepared.observations, test, levels, bench.quick)
        return {peer.name: forecast(peer, job, name, test, levels) for peer in PEER_MODELS}


def _task(task: Task, bench: Bench) -> list[Row]:
    """The rows of a task; the peers first, because their forecasts are kept."""
    prepared = prepare(task, bench)
    theirs = _peers(prepared, bench)
    ours = {ENSEMBLE: _ensemble(prepared, min(bench.seeds, SEEDS)), SERVED: served(prepared, bench)}
    answers = ours | theirs
    quantiles = {model: answer.quantiles for model, answer in answers.items()} | references(prepared)
    rows = scored(task.name, quantiles, prepared.test, prepared.levels)
    return [*rows, *(Row(task.name, model, "core_seconds", answer.seconds) for model, answer in answers.items())]


def _ensemble(prepared: Prepared, seeds: int) -> Answer:
    """The forecasts of our recurrent ensemble: the networks and anchors of the benchmark of the same data."""
    begun, own = core_seconds(), time.process_time()
    parts, task = prepared.parts, prepared.task
    fits = train(task.name, parts, [*product(task.models, task.anchors)], seeds, prepared.settings, task.models)
    predicted = predict_each(ensemble_of(fits, task.models, parts).model, prepared.test)
    seconds = core_seconds() - begun + time.process_time() - own
    say(f"{task.name}: {ENSEMBLE} took {seconds:.0f} s of one core")
    return Answer(predicted, seconds)


def draw(rows: Sequence[Row], path: Path) -> None:
    """A panel a task: the CRPS of every model, with the share of outturns in its central 80 %."""
    value = {(row.task, row.model, row.metric): row.value for row in rows}
    peers = {peer.name for peer in PEER_MODELS}
    with picture(path, len(TASKS), width=4.8, height=3.6) as panels:
        for axes, task in zip(panels, TASKS, strict=True):
            shown = [row for row in rows if (row.task, row.metric) == (task.name, "crps")]
            shown.sort(key=lambda row: -row.value)
            for n, row in enumerate(shown):
                kind = "gridahead" if row.model in OURS else "lightgbm" if row.model in peers else "official"
                axes.barh(n, row.value, color=COLOURS[kind], height=0.7)
                covered = value[task.name, row.model, "coverage_80"]
                axes.text(row.value, n, f"  {figure(row.value)} ({covered:.0%})", va="center", fontsize=8)
            axes.set_yticks(range(len(shown)), [row.model for row in shown], fontsize=8)
            axes.tick_params(axis="x", labelsize=8)
            axes.grid(visible=False)
            axes.set_xlim(0, 1.35 * shown[0].value)
            what, issued = task.title.split(", ")
            title(axes, f"{what}\n{issued}\nCRPS [MW] (coverage)")


if __name__ == "__main__":
    measure(run, draw)
