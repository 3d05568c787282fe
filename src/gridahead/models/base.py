"""What every model has in common: windows in, non-crossing quantiles out, and a folder of files without pickle.

A bundle is a folder with a `model.json`, which says what kind of model it is, and the files of that kind beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from gridahead.core.grid import quantity_of
from gridahead.features.sun import dark
from gridahead.features.windows import Windows, WindowSpec

if TYPE_CHECKING:
    from gridahead.models.bundle import TrainedModel

Quantiles = npt.NDArray[np.float32]
"""(N, H, Q) [MW], rising along Q."""
Kind = Literal["network", "ensemble", "aggregate", "ridge", "lightgbm", "reference"]
"""Of models; `models.storage.load` knows the class of each."""
ABOUT = "model.json"
"""The file by which a folder is a bundle."""
AT_ONCE = 256
"""Windows that a model is asked for together: what a regression reads of them fills 10 MB."""


class Forecaster(Protocol):
    """A fitted model."""

    @property
    def name(self) -> str:
        """Name in the settings, in forecasts and in scores."""
        ...

    @property
    def kind(self) -> Kind:
        """The kind of model that makes the forecasts."""
        ...

    @property
    def spec(self) -> WindowSpec:
        """The series that it forecasts, and what it reads."""
        ...

    @property
    def known_share(self) -> Mapping[str, float]:
        """Share of each input that was known in training, as `Windows.known_share` gives it; empty for a reference."""
        ...

    @property
    def networks(self) -> tuple[TrainedModel, ...]:
        """The networks that it is made of; none for a regression or a reference."""
        ...

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The quantile levels along axis Q, rising."""
        ...

    def predict(self, windows: Windows) -> Quantiles:
        """Quantiles of every unit of the horizon, (N, H, Q) [MW].

        Raises:
            ModelError: the windows are not what the model was trained on.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder; what is loaded from there predicts the same bits."""
        ...


def write_about(folder: Path, kind: Kind, about: Mapping[str, Any]) -> None:
    """Write the description of a bundle's model as plain values; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).write_text(about_text({"kind": kind, **about}), encoding="utf-8")


def about_text(about: Mapping[str, Any]) -> str:
    """What a bundle says of its model, as its file has it."""
    return json.dumps(about, indent=2) + "\n"


def read_about(folder: Path) -> dict[str, Any]:
    """The description of a bundle's model, `kind` among it."""
    return dict(json.loads((folder / ABOUT).read_text(encoding="utf-8")))


def possible(values: Quantiles, windows: Windows) -> Quantiles:
    """The quantiles (N, H, Q) [MW] as physics allows them: no negative wind power, no solar power at night.

    NaN in padding, of which no model says anything.
    """
    low = quantity_of(windows.spec.series.quantity).low
    bounded = values if low is None else np.maximum(values, np.float32(low))
    lit = np.where(dark(windows)[..., None], np.float32(0), bounded)
    return np.where(windows.within[..., None], lit, np.float32(np.nan))


def predict_each(model: Forecaster, windows: Windows) -> Quantiles:
    """The forecasts of a model at each issue time alone, (N, H, Q) [MW]; NaN where a shorter day is padded.

    The one way from windows to a forecast, in operation as in every back-test, validation and benchmark. What a model
    says of a window does not depend on the windows beside it, to the bit: a back-test says what operation says, and a
    single forecast can be made again.
    """
    answers = np.full((*windows.target.shape, len(model.quantiles)), np.nan, np.float32)
    for rows, alike in of_equal_length(windows):
        answers[rows, : alike.target.shape[1]] = model.predict(alike)
    return answers


def of_equal_length(windows: Windows) -> Iterator[tuple[npt.NDArray[np.int64], Windows]]:
    """The windows whose horizons end in the same unit, so many at a time, with the rows where they stand.

    Each is as it would be built for its day alone: nothing pads it.
    """
    units = windows.within.sum(axis=1)
    for length in np.unique(units):
        rows = np.flatnonzero(units == length)
        for begin in range(0, len(rows), AT_ONCE):
            chosen = rows[begin : begin + AT_ONCE]
            yield chosen, windows.take(chosen).trimmed()
