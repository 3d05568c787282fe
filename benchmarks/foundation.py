"""Where do our models stand beside foundation models? Prices by fev-bench's protocol and ERCOT's load, in one picture.

Nothing is trained here. Ours are the committed results of `epf` and `ercot`; what others have published is copied as
figures, with its source. Foundation models are zero-shot: they have not learnt these series, though what they were
trained on may hold some of them. TFT, DeepAR, PatchTST and LightGBM of fev-bench were trained on each series, as ours
were. The three price tasks are 20 days each, too few to tell neighbours in the list apart.

Source: fev-bench, github.com/autogluon/fev at commit 1bc95fd, tables of SQL; for ERCOT see `ercot`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from common import RESULTS, Bench, Row, measure, read_results
from one_year_scores import SERVED
from pictures import colour, picture, title

from gridahead.core.errors import SettingsError
from gridahead.reports.palette import LIGHT

FEV: Mapping[str, Mapping[str, float]] = {
    "TabPFN-TS-3": {"NP": 0.633, "PJM": 0.382, "DE": 0.437},
    "PatchTST": {"NP": 0.635, "PJM": 0.369, "DE": 0.460},
    "TiRex-2": {"NP": 0.612, "PJM": 0.375, "DE": 0.488},
    "Chronos-2": {"NP": 0.658, "PJM": 0.382, "DE": 0.491},
    "TFT": {"NP": 0.690, "PJM": 0.346, "DE": 0.509},
    "DeepAR": {"NP": 0.817, "PJM": 0.357, "DE": 0.632},
    "LightGBM, fev-bench": {"NP": 1.302, "PJM": 0.598, "DE": 1.096},
    "Seasonal naive": {"NP": 1.530, "PJM": 0.515, "DE": 1.388},
}
"""Published scaled quantile losses of the tasks epf_np, epf_pjm and epf_de."""
OURS = (SERVED, "ensemble", "lightgbm", "ridge")
PRICES, LOAD = "prices, fev-bench", "ERCOT load"


def run(bench: Bench) -> list[Row]:
    """The scaled quantile loss of three price tasks and their mean, and the error of ERCOT's load."""
    return [*prices(_results("epf", bench)), *load(_results("ercot", bench))]


def _results(name: str, bench: Bench) -> list[Row]:
    """The results of another benchmark: of the same folder, else those that are committed.

    Raises:
        SettingsError: there are none.
    """
    for folder in (bench.output, RESULTS):
        if (folder / f"{name}.json").is_file():
            return read_results(name, folder)
    raise SettingsError(f"there are no results of {name} yet: `gridahead bench {name} --data FOLDER` makes them")


def prices(rows: Sequence[Row]) -> list[Row]:
    """Published and our scaled quantile losses, a row a market, and their mean where a model has all of them."""
    markets = tuple(next(iter(FEV.values())))
    found = {model: dict(losses) for model, losses in FEV.items()}
    for row in rows:
        if row.metric == "sql" and row.task in markets and row.model in OURS:
            found.setdefault(row.model, {})[row.task] = row.value
    single = [
        Row(f"{PRICES} {market}", model, "sql", value, n=480)
        for model, of in found.items()
        for market, value in of.items()
    ]
    whole = {model: [of[market] for market in markets] for model, of in found.items() if len(of) == len(markets)}
    return single + [
        Row(PRICES, model, "sql", float(np.mean(values)), min(values), max(values), 480 * len(markets))
        for model, values in whole.items()
    ]


def load(rows: Sequence[Row]) -> list[Row]:
    """The mean absolute errors over all windows [MW]."""
    return [
        Row(LOAD, row.model, row.metric, row.value, row.low, row.high, row.n)
        for row in rows
        if (row.task, row.metric) == ("all", "mae")
    ]


def draw(rows: Sequence[Row], path: Path) -> None:
    """Two lists, the best at the top; ours in colour."""
    panels = {
        PRICES: "Prices of Nord Pool, PJM and Germany, 20 days each:\nmean scaled quantile loss (strokes: markets)",
        LOAD: "ERCOT's load, 30 days:\nMAE [MW] (strokes: ten days each at best and worst)",
    }
    with picture(path, 2, width=5.6, height=4.2) as both:
        for axes, (task, words) in zip(both, panels.items(), strict=True):
            shown = sorted((row for row in rows if row.task == task), key=lambda row: -row.value)
            for n, row in enumerate(shown):
                axes.barh(n, row.value, 0.7, color=colour(row.model) if row.model in OURS else LIGHT["soft"])
                number = f" {row.value:,.0f}" if task == LOAD else f" {row.value:.3f}"
                axes.text(0, n, number, va="center", fontsize=8, color="white")
                for end in (row.low, row.high):
                    if end is not None:
                        axes.plot(end, n, "|", color=LIGHT["ink"], markersize=7)
            axes.set_yticks(range(len(shown)), [row.model for row in shown], fontsize=8)
            axes.grid(visible=False)
            title(axes, words)


if __name__ == "__main__":
    measure(run, draw)
