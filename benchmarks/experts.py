"""Who should have a say, and what is adaptation worth? Chosen on years before the ones that `one_year` tests.

The series of `one_year`, each a year or two earlier, and two authorities whose official forecast is hard to beat: one
year is learnt, the next is forecast day by day as operation does it. Networks, ridge regression and LightGBM are fitted
once; aggregates of them differ in who stands beside the networks. `as it is` is the same ensemble of networks, or the
same aggregate, as the validation days have left it: neither weights nor intervals follow what comes in.

Ratios are to the better of the official forecast, the corrected one and the ridge regression, in MAE and CRPS.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from common import TRIALS, Bench, Row, measure, say
from one_year import taken_in
from one_year_tasks import AMERICAN, BELGIAN, GERMAN, NEW_YORK, Task, authority
from pictures import colour, picture, title

from gridahead.core.runs import OFFICIAL, OFFICIAL_CORRECTED, REFERENCES
from gridahead.core.time import days_between
from gridahead.evaluation.metrics import coverage, crps, mae
from gridahead.evaluation.references import reference_answers
from gridahead.features.windows import Windows, build_windows
from gridahead.forecasting.adapting import forecast_each
from gridahead.models.aggregate import Aggregate
from gridahead.models.base import Forecaster, Quantiles, predict_each
from gridahead.models.tabular import TABULAR
from gridahead.settings.file import load_settings
from gridahead.training.aggregate import fit_aggregate
from gridahead.training.candidates import fit_candidates
from gridahead.training.fit import Fit
from gridahead.training.split import Split, split
from gridahead.training.tabular import fit_tabular
from gridahead.workspace import Workspace

BESIDE: dict[str, tuple[str, ...]] = {
    "aggregate": ("ridge", OFFICIAL_CORRECTED),
    "aggregate, LightGBM too": ("ridge", "lightgbm", OFFICIAL_CORRECTED),
    "aggregate, all references": ("ridge", *REFERENCES),
    "aggregate, no ridge": (OFFICIAL_CORRECTED,),
}
"""Who stands beside the networks."""
NETWORKS = "ensemble"
TO_BEAT = (OFFICIAL, OFFICIAL_CORRECTED, "ridge")
AS_IT_IS = ", as it is"


def earlier(task: Task) -> Task:
    """The same series in a year that `one_year` neither learns nor tests."""
    back = 2 if task in (GERMAN[0], GERMAN[1], BELGIAN) else 1
    return replace(task, first=task.first.replace(year=task.first.year - back))


HARD = (authority("SRP", "America/Phoenix"), authority("BPAT", "America/Los_Angeles"))
"""Authorities whose official forecast has next to no bias, so that what is learnt is easily worse."""
TASKS = tuple(earlier(task) for task in (*GERMAN, BELGIAN, *AMERICAN, *NEW_YORK, *HARD))


def run(bench: Bench) -> list[Row]:
    """All series; quick: German load, two epochs, four weeks."""
    tasks = TASKS[:1] if bench.quick else TASKS
    rows = bench.each(tasks, of_series)
    return [*rows, *together(rows)]


def of_series(task: Task, bench: Bench) -> list[Row]:
    """The rows of a series."""
    folder = TRIALS / "experts" / task.series.slug
    shutil.rmtree(folder, ignore_errors=True)
    workspace = Workspace(load_settings(task.write(task.table(bench), bench, folder)))
    withheld = taken_in(task.name, task.inputs, workspace)
    spec, observations = workspace.inputs(task.series)
    learnt = split(observations, spec, workspace.settings.training)
    test = build_windows(observations, spec, days_between(task.first, task.last(bench.quick)))
    last_seen = task.first - dt.timedelta(days=1)
    models = fitted(workspace, learnt)
    answers = {name: forecast_each(model, test, observations, last_seen).published for name, model in models.items()}
    answers |= {f"{name}{AS_IT_IS}": predict_each(models[name], test) for name in (NETWORKS, "aggregate")}
    answers |= reference_answers(observations, learnt.windows, test, workspace.settings.training.quantiles)
    rows = scored(task.name, answers, test, workspace.settings.training.quantiles)
    say(f"{task.name}: " + ", ".join(f"{row.model} {row.value:.3f}" for row in rows if row.metric == "mae_ratio"))
    return [*withheld, *rows]


def fitted(workspace: Workspace, learnt: Split) -> Mapping[str, Forecaster]:
    """Every model by name, each fitted once."""
    settings = workspace.settings
    (ensemble,) = fit_candidates(learnt, [NETWORKS], settings, settings.training.workers, lambda _: None)
    models: dict[str, Forecaster] = {NETWORKS: cast("Forecaster", ensemble.model)}
    models |= {name: fit_tabular(name, learnt, settings.training.quantiles) for name in TABULAR}
    return models | {name: aggregate_of(name, ensemble, beside, learnt) for name, beside in BESIDE.items()}


def aggregate_of(name: str, ensemble: Fit, beside: Sequence[str], learnt: Split) -> Aggregate:
    """The networks with others beside them."""
    return cast("Aggregate", fit_aggregate(name, ensemble, beside, learnt).model)


def scored(task: str, answers: Mapping[str, Quantiles], test: Windows, levels: tuple[float, ...]) -> list[Row]:
    """The rows of all models on the units that each of them has forecast."""
    counted = test.delivery & ~np.isnan(test.target)
    for answer in answers.values():
        counted &= ~np.isnan(answer).any(axis=-1)
    outturn = test.target[counted].astype(float)
    said = {name: answer[counted].astype(float) for name, answer in answers.items()}
    middle, low, high = len(levels) // 2, levels.index(0.1), levels.index(0.9)
    errors = {name: mae(values[:, middle], outturn) for name, values in said.items()}
    losses = {name: crps(values, levels, outturn) for name, values in said.items()}
    rows = []
    for name, values in said.items():
        below = (outturn < values[:, middle]) + 0.5 * (outturn == values[:, middle])
        figures = {
            "mae": errors[name],
            "crps": losses[name],
            "coverage_80": coverage(values[:, low], values[:, high], outturn),
            "below_median": float(below[values[:, low] < values[:, high]].mean()),
            "mae_ratio": errors[name] / min(errors[other] for other in TO_BEAT),
            "crps_ratio": losses[name] / min(losses[other] for other in TO_BEAT),
        }
        rows += [Row(task, name, metric, value, n=len(outturn)) for metric, value in figures.items()]
    return rows


def together(rows: Sequence[Row]) -> list[Row]:
    """The mean of the ratios over all series, between the smallest and the largest; and how far coverage is off."""
    found = []
    for metric in ("mae_ratio", "crps_ratio", "coverage_80"):
        for model in dict.fromkeys(row.model for row in rows if row.metric == metric):
            found_of = [row.value for row in rows if (row.model, row.metric) == (model, metric)]
            values: npt.NDArray[np.float64] = np.array(found_of)
            spread = float(values.min()), float(values.max())
            found.append(Row("mean of all", model, metric, float(values.mean()), *spread, n=len(values)))
    return found


SHOWN = {
    "mae_ratio": "MAE over that of the better\nreference or ridge",
    "coverage_80": "Share of outturns inside\nthe 80 % band",
}


def draw(rows: Sequence[Row], path: Path) -> None:
    """The mean and the range of the ratios of every model."""
    with picture(path, 2, width=5.2, height=4.2) as axes:
        for one, (metric, what) in zip(axes, SHOWN.items(), strict=True):
            shown = [row for row in rows if (row.task, row.metric) == ("mean of all", metric)]
            for n, row in enumerate(shown):
                shade = colour("gridahead" if "aggregate" in row.model else row.model)
                one.plot(row.value, n, "o", color=shade)
                one.plot([row.low, row.high], [n, n], color=shade, linewidth=1.5)
            one.set_yticks(range(len(shown)), [row.model for row in shown], fontsize=8)
            one.invert_yaxis()
            title(one, what)


if __name__ == "__main__":
    measure(run, draw)
