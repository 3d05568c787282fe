"""The model as MLflow serves it: tensors in, quantiles out. MLflow runs this file to make the model.

Logged as code, with the package beside it and the weights as safetensors: nothing is unpickled when it is loaded.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from gridahead.core.vintages import micros
from gridahead.features.windows import Windows
from gridahead.models.base import Quantiles, predict_each
from gridahead.models.determinism import deterministic
from gridahead.models.storage import load


class ServedModel(PythonModel):
    """A bundle behind MLflow's interface."""

    # Our schema is the signature that the tracking logs; MLflow would read another from type hints, or ask for them.
    _skip_type_hint_validation = True

    def load_context(self, context: Any) -> None:
        """Read the bundle from the artifacts."""
        self.model = load(Path(context.artifacts["bundle"]))

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
        spec = self.model.spec
        windows = Windows(spec, valid_time[:, 0], valid_time, past, future, empty, delivery)
        if spec.known_to_midnight:  # the horizon does not say when it was issued
            deadlines = pd.DatetimeIndex([spec.deadline.for_delivery(day) for day in windows.days])
            windows = replace(windows, issue_time=micros(deadlines))
        return predict_each(self.model, windows)


mlflow.models.set_model(ServedModel())
