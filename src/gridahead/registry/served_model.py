"""The model as MLflow serves it: tensors in, quantiles out. MLflow runs this file to make the model.

What a group has been trained to is one model for many series: it is told by `params` which series is meant, and which
of its candidates. Logged as code, with the package beside it and the weights as safetensors: nothing is unpickled when
it is loaded.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from gridahead.core.errors import ModelError
from gridahead.core.vintages import micros
from gridahead.features.windows import Windows
from gridahead.models.base import Forecaster, Quantiles, predict_each
from gridahead.models.determinism import deterministic
from gridahead.models.storage import load
from gridahead.registry.bundled import BUNDLE, BUNDLES, PARAMS

_SHOWN = 20
"""Of a group of hundreds, so many series are named in an error."""


class ServedModel(PythonModel):
    """A bundle, or those of a group, behind MLflow's interface."""

    # Our schema is the signature that the tracking logs; MLflow would read another from type hints, or ask for them.
    _skip_type_hint_validation = True

    def __init__(self) -> None:
        self.model: Forecaster | None = None
        self._bundles: dict[tuple[str, str], Path] = {}
        self._read: dict[tuple[str, str], Forecaster] = {}

    def load_context(self, context: Any) -> None:
        """Read the bundle from the artifacts; of a group, each when it is asked for."""
        if BUNDLE in context.artifacts:
            self.model = load(Path(context.artifacts[BUNDLE]))
            return
        folders = sorted(Path(context.artifacts[BUNDLES]).glob("*/*/*"))
        self._bundles = {(f"{one.parts[-3]}/{one.parts[-2]}", one.name): one for one in folders}

    def _asked_for(self, params: dict[str, Any] | None) -> Forecaster:
        """The model that is meant.

        Raises:
            ModelError: it is one of a group and not named, or not there; says which there are.
        """
        if self.model is not None:
            return self.model
        series, model = asked = tuple(str((params or {}).get(name) or "") for name in PARAMS)
        if asked not in self._bundles:
            raise ModelError("the model of a group", self._way_out(series, model))
        if asked not in self._read:
            self._read[asked] = load(self._bundles[asked])
        return self._read[asked]

    def _way_out(self, series: str, model: str) -> str:
        """What can be asked for instead."""
        known = sorted({of for of, _ in self._bundles})
        models = sorted({name for of, name in self._bundles if series not in known or of == series})
        whose = f"models of {series}" if series in known else "models"
        named = " ".join(filter(None, (series, model)))
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        return (
            f"{f'has no {named!r}' if named else 'serves many series'}: say which series and which of its models are "
            f'meant, predict(…, params={{"series": "{known[0]}", "model": "{models[0]}"}}). '
            f"Series: {', '.join(known[:_SHOWN])}{more}; {whose}: {', '.join(models)}"
        )

    @deterministic()
    def predict(self, context: Any, model_input, params: dict[str, Any] | None = None) -> Quantiles:  # type: ignore[no-untyped-def]
        """Quantiles (N, H, Q) [MW] of `past` (N, C, P) and `future` (N, H, F), NaN where something is not known.

        `valid_time` (N, H) is when each unit of the horizon begins, in microseconds since 1970 UTC, and `delivery`
        (N, H) whether it belongs to the delivery day. What stands behind the last such unit pads a shorter day, and is
        answered by NaN. Whoever else is asked about beside it, a day is answered as `gridahead forecast` does it.
        """
        past, future = (np.asarray(model_input[name], np.float32) for name in ("past", "future"))
        delivery = np.asarray(model_input["delivery"], bool)
        valid_time = np.asarray(model_input["valid_time"], np.int64)
        empty = np.full(delivery.shape, np.nan, np.float32)
        model = self._asked_for(params)
        spec = model.spec
        windows = Windows(spec, valid_time[:, 0], valid_time, past, future, empty, delivery)
        if spec.known_to_midnight:  # the horizon does not say when it was issued
            deadlines = pd.DatetimeIndex([spec.deadline.for_delivery(day) for day in windows.days])
            windows = replace(windows, issue_time=micros(deadlines))
        return predict_each(model, windows)


mlflow.models.set_model(ServedModel())
