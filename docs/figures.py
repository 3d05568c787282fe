"""Fills in the figures of the README from the committed results: `python docs/figures.py`."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- figures: made by docs/figures.py -->", "<!-- end of figures -->"
OURS = "gridahead as a user gets it"
OTHERS = ("OpenSTEF", "mlforecast", "neuralforecast", "statsforecast", "fracast")


def values(file: str) -> dict[tuple[str, str, str], float]:
    """The figures of a benchmark by task, model and metric."""
    rows = json.loads((RESULTS / file).read_text(encoding="utf-8"))["rows"]
    return {(row["task"], row["model"], row["metric"]): row["value"] for row in rows}


def figures() -> str:
    """The figures in words and tables."""
    alone, served = values("tasks/smard_load_2025-with-official.json"), values("tasks/accurate-with-official.json")
    mae = {
        model: value
        for (of, model, metric), value in {**alone, **served}.items()
        if (of, metric) == ("with_official", "mae")
    }
    gone = {model: percent(1 - mae["served"] / mae[model]) for model in ("official", "official_corrected", "lightgbm")}
    band = percent(served["with_official", "served", "coverage_80"])
    shown = ("gru", "lstm", "lightgbm", "ridge", "official_corrected", "official", "naive")
    titles = ("**gridahead**", "GRU", "LSTM", "LightGBM", "ridge", "official, corrected", "official", "last week")
    peers = values("peers.json")
    tasks = {"load": "German load 2025", "wind_solar": "German wind and solar 2025", "solar": "Belgian solar 2024"}
    one_year = values("one_year.json")
    of_error, of_crps = (
        one_year["mean of all", "served", f"{metric}_ratio_to_better{which}"]
        for metric, which in (("mae", "_official"), ("crps", ""))
    )
    return "\n".join(
        [
            "Average error (MAE) of every hour of German load in 2025, each issued at 11:00 on the day before [MW]:",
            "",
            _row(titles),
            _row(["---"] * len(titles)),
            _row([f"**{mae['served']:,.0f}**", *(f"{mae[model]:,.0f}" for model in shown)]),
            "",
            'The first is what a user gets with `models = "accurate"` and ten minutes of training, by the path from',
            f"`ingest` to the published forecast: {gone['official']} less than the system operators' own forecast,",
            f"{gone['official_corrected']} less than the same without its recent bias, and {gone['lightgbm']} less",
            f"than boosted trees on the same inputs. Inside the 80 % band were {band} of the outturns.",
            "",
            "Against other libraries, with settings that name no model, error of the whole distribution (CRPS) [MW]:",
            "",
            _row(["", "**gridahead**", "best of the others", "official, corrected", "official"]),
            _row(["---"] * 5),
            *(_peers(peers, task, title) for task, title in tasks.items()),
            "",
            "With one year to learn from, on thirteen series of three countries, what serves has",
            f"{of_error:.2f} of the error of the better official forecast, as published or corrected,",
            f"and {of_crps:.2f} of the CRPS of the better of a regression and the corrected one.",
        ]
    )


def percent(share: float) -> str:
    """A share as people write it."""
    return f"{100 * share:.0f} %"


def _peers(crps: dict[tuple[str, str, str], float], task: str, title: str) -> str:
    others = {
        model: value
        for (of, model, metric), value in crps.items()
        if (of, metric) == (task, "crps") and model.startswith(OTHERS)
    }
    best = min(others, key=lambda model: others[model])
    ours, corrected, official = (crps[task, name, "crps"] for name in (OURS, "official_corrected", "official"))
    best_of_others = f"{others[best]:,.0f} ({best.split()[0]})"
    return _row([title, f"**{ours:,.0f}**", best_of_others, f"{corrected:,.0f}", f"{official:,.0f}"])


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def filled(text: str) -> str:
    """A page whose marked block has the figures of the results."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{figures()}\n{END}{after}"


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
