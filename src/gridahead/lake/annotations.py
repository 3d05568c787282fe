"""What people say of stretches of a series: what training and scores leave out of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridahead.core.tables import Annotations, JudgedObservations, Observations

Use = Literal["training", "scores"]
NOT_SCORED = "not_scored"
"""The flag of rows that scores leave out, and that are learnt from as if nothing had been said."""
FLAGS: dict[Use, str] = {"training": "not_trained", "scores": NOT_SCORED}
"""By what leaves a row out, the flag that says so beside the rules of the quality gate."""


def with_annotations(rows: JudgedObservations, annotations: Annotations) -> JudgedObservations:
    """The rows, flagged where a person has excluded them from something."""
    if annotations.empty or rows.empty:
        return rows
    flags = rows["flags"].astype(object).to_numpy().copy()
    for annotation in annotations.to_dict("records"):
        inside = _inside(rows["valid_time"], annotation)
        inside = (
            inside & (rows[["zone", "quantity"]] == [annotation["zone"], annotation["quantity"]]).all(axis=1).to_numpy()
        )
        for use, flag in FLAGS.items():
            if use in annotation["excluded"].split(","):
                flags[inside] = [",".join(sorted({*text.split(","), flag} - {""})) for text in flags[inside]]
    return JudgedObservations(Observations(rows.assign(flags=pd.Series(flags, rows.index, dtype="str"))))


def excluded_from(annotations: Annotations, use: Use, times: pd.DatetimeIndex) -> pd.Series:
    """By those of the valid times that something leaves out, what it was and why, such as `strike: rail workers`."""
    reasons = pd.Series("", index=times, dtype=object)
    for annotation in annotations.to_dict("records"):
        if use in annotation["excluded"].split(","):
            reasons.loc[_inside(times, annotation)] = f"{annotation['kind']}: {annotation['reason']}"
    return reasons[reasons != ""]


def _inside(times: pd.DatetimeIndex | pd.Series, annotation: Mapping[Any, Any]) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = np.asarray((times >= annotation["start"]) & (times < annotation["end"]))
    return inside
