"""The trained model: weights, window spec, scaler, quantile levels and calibration in one bundle, replaced as a whole.

On disk it is two files without pickle: `bundle.json` and `weights.safetensors`. A bundle that was saved and loaded
predicts the same bits.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from gridahead.config import Segment
from gridahead.errors import ModelError
from gridahead.features.linear import LinearForecast
from gridahead.features.normal import Scores
from gridahead.features.scaling import Inputs, Scaler
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.grid import BiddingZone, Series
from gridahead.models.base import Quantiles, possible
from gridahead.models.calibration import calibrate, calibration_on, units_of_block
from gridahead.models.network import Network, NetworkConfig
from gridahead.timeline import Deadline, Mtu

_WEIGHTS = "weights.safetensors"
_ABOUT = "bundle.json"
_LINEAR = "anchor."
_BATCH = 512


@dataclass(frozen=True)
class TrainedModel:
    """A fitted ensemble of networks that differ in their seed only."""

    name: str
    """Name in the settings, such as lstm."""
    spec: WindowSpec
    scaler: Scaler
    quantiles: tuple[float, ...]
    config: NetworkConfig
    members: tuple[Network, ...]
    calibration: Scores
    """(B, Q) the score from which each level is published by block of lead time, fitted after the weights."""
    segment: Segment = "day"
    """What one step of the encoder spans."""
    static: tuple[float, ...] = ()
    """What tells this series from the others that share the weights; empty for a model of its own."""

    @property
    def label(self) -> str:
        """Series and name, for messages."""
        return f"{self.spec.series} {self.name}"

    @property
    def known(self) -> dict[str, float]:
        """Share of each input that was known in training."""
        return self.scaler.known

    def raw(self, windows: Windows) -> Array:
        """The mean answer of the members, (N, H, Q) in scaled units."""
        if (windows.spec.inputs, windows.spec.mtu) != (self.spec.inputs, self.spec.mtu):
            trained, given = (f"{', '.join(map(str, one.inputs))} in {one.mtu}" for one in (self.spec, windows.spec))
            raise ModelError(
                self.label, f"was trained on {trained}, the windows hold {given}; train it again with `gridahead train`"
            )
        inputs = self._inputs(windows)
        answers = []
        with torch.inference_mode():
            for begin in range(0, len(windows), _BATCH):
                rows = slice(begin, begin + _BATCH)
                parts = inputs.encoder, inputs.decoder, inputs.static, inputs.length
                read = [torch.from_numpy(part[rows]) for part in parts]
                answers.append(torch.stack([member(*read) for member in self.members]).mean(0).numpy())
        return np.concatenate(answers)

    def _inputs(self, windows: Windows) -> Inputs:
        """What the members read, checked against what they were built for."""
        inputs = self.scaler.inputs(windows, self.segment, self.static)
        expected = (self.config.encoder_features, self.config.decoder_features)
        if (inputs.encoder.shape[-1], inputs.decoder.shape[-1]) != expected:
            raise ModelError(
                self.label,
                f"was trained on {expected} encoder and decoder features, the windows give "
                f"{inputs.encoder.shape[-1], inputs.decoder.shape[-1]}; train it again with `gridahead train`",
            )
        return inputs

    def predict(self, windows: Windows) -> Quantiles:
        """Calibrated quantiles of every unit of the horizon, (N, H, Q) [MW], rising along Q.

        Raises:
            ModelError: the windows are not what the model was trained on.
        """
        said = calibrate(self.uncalibrated(windows), self.calibration, self.quantiles, units_of_block(self.spec))
        return possible(said, windows)

    def uncalibrated(self, windows: Windows) -> Quantiles:
        """What the members say, (N, H, Q) [MW]."""
        return self.scaler.megawatts(self.raw(windows), windows)

    def calibrated(self, answers: Quantiles, windows: Windows) -> TrainedModel:
        """The same model, its levels published from where the outturns of some windows say.

        Args:
            answers: (N, H, Q) [MW] uncalibrated, of networks like these that had not learnt the windows.
            windows: N of them.
        """
        return replace(self, calibration=calibration_on(answers, windows, self.quantiles))

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {
            f"{number}.{name}": tensor.cpu().contiguous()
            for number, member in enumerate(self.members)
            for name, tensor in member.state_dict().items()
        }
        if self.scaler.linear is not None:
            arrays = asdict(self.scaler.linear)
            weights |= {f"{_LINEAR}{name}": torch.from_numpy(array).contiguous() for name, array in arrays.items()}
        save_file(weights, folder / _WEIGHTS)
        about = {
            "name": self.name,
            "spec": spec_to_dict(self.spec),
            "scaler": self.scaler.to_dict(),
            "quantiles": self.quantiles,
            "config": self.config.to_dict(),
            "members": len(self.members),
            "calibration": self.calibration.tolist(),
            "segment": self.segment,
            "static": self.static,
        }
        (folder / _ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """Read a bundle.

        Raises:
            ModelError: the folder holds none, or one of another make.
        """
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            weights = load_file(folder / _WEIGHTS)
            config = NetworkConfig.from_dict(about["config"])
            members = tuple(_member(config, weights, number) for number in range(about["members"]))
            return cls(
                name=about["name"],
                spec=spec_from_dict(about["spec"]),
                scaler=replace(Scaler.from_dict(about["scaler"]), linear=_linear(weights)),
                quantiles=tuple(about["quantiles"]),
                config=config,
                members=members,
                calibration=np.array(about["calibration"]),
                segment=about["segment"],
                static=tuple(about["static"]),
            )
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(str(folder), f"is no bundle that this version can read ({error}); train again") from error


def _linear(weights: dict[str, torch.Tensor]) -> LinearForecast | None:
    arrays = {name.removeprefix(_LINEAR): array.numpy() for name, array in weights.items() if name.startswith(_LINEAR)}
    return LinearForecast(**arrays) if arrays else None


def _member(config: NetworkConfig, weights: dict[str, torch.Tensor], number: int) -> Network:
    network = Network(config)
    prefix = f"{number}."
    network.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    return network.eval()


def spec_to_dict(spec: WindowSpec) -> dict[str, Any]:
    """As plain values."""
    return {
        "series": str(spec.series),
        "zone": asdict(spec.zone),
        "mtu": str(spec.mtu),
        "deadline": str(spec.deadline),
        "context_days": spec.context_days,
        "use_reference": spec.use_reference,
        "past_covariates": [str(one) for one in spec.past_covariates],
        "future_covariates": [str(one) for one in spec.future_covariates],
    }


def spec_from_dict(stored: dict[str, Any]) -> WindowSpec:
    """The spec of such values."""
    return WindowSpec(
        series=Series.parse(stored["series"]),
        zone=BiddingZone(**stored["zone"]),
        mtu=Mtu(stored["mtu"]),
        deadline=Deadline.parse(stored["deadline"]),
        context_days=stored["context_days"],
        use_reference=stored["use_reference"],
        past_covariates=tuple(Series.parse(text) for text in stored["past_covariates"]),
        future_covariates=tuple(Series.parse(text) for text in stored["future_covariates"]),
    )
