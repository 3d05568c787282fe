"""The model card tells the errors of holidays and of the days around them, few as they are."""

import re

import numpy as np
import pandas as pd

from gridahead.reports.model_card import CardView, render_card


def card(slices):
    empty = pd.DataFrame({"model": []})
    return CardView(
        title="Load DE: gru v1",
        summary=[],
        facts={},
        data={},
        measured_on="30 days.",
        figures=empty,
        comparisons=[],
        own="gru v1",
        unit="MW",
        all_figures=pd.DataFrame(columns=["model", "metric", "value", "unit"]),
        slices=slices,
        reliability={},
        importance=None,
        how_to_measure="gridahead models card",
        gradients=None,
        history=[],
        attribution="",
    )


def test_kinds_of_days_stand_beside_both_official_forecasts_holidays_first():
    kinds = {
        "none": [("all", 900.0)],
        "day_kind": [("bridge_day", 2000.0), ("holiday", 1500.0), ("working_day", 800.0)],
    }
    slices = pd.DataFrame(
        [
            {"by": by, "slice": name, "n": 48, "mae": mae, "crps": mae / 2, "bias": 0.0, "coverage": 0.75}
            for by, rows in kinds.items()
            for name, mae in rows
        ]
    ).assign(official=2500.0, official_corrected=np.nan)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", render_card(card(slices))))
    text = text.replace("\u202f", " ").replace(" %", "%")
    table = text[text.index("Mean absolute error by kind of day") :]
    assert "holiday 48 1 500 2 500 – 75% bridge day 48 2 000 2 500 – 75% working day 48 800 2 500" in table


def test_without_figures_there_is_no_such_table():
    assert "by kind of day" not in render_card(card(pd.DataFrame()))
