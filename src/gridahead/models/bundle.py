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

from gridahead.errors import ModelError
from gridahead.features.scaling import Scaler
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.grid import BiddingZone, Series, quantity_of
from gridahead.models.base import Quantiles, within
from gridahead.models.recurrent import NetworkConfig, RecurrentNetwork
from gridahead.timeline import Deadline, Mtu

_WEIGHTS = "weights.safetensors"
_ABOUT = "bundle.json"
_BATCH = 512


@dataclass(frozen=True)
class TrainedModel:
    """A fitted ensemble of recurrent networks that differ in their seed only."""

    name: str
    """Name in the settings, such as lstm."""
    spec: WindowSpec
    scaler: Scaler
    quantiles: tuple[float, ...]
    config: NetworkConfig
    members: tuple[RecurrentNetwork, ...]
    calibration: Array
    """(Q,) factors on the distance of each quantile to the median, fitted after the weights."""

    @property
    def label(self) -> str:
        """Series and name, for messages."""
        return f"{self.spec.series} {self.name}"

    def raw(self, windows: Windows) -> Array:
        """The mean answer of the members before calibration, (N, H, Q) in scaled units."""
        if (windows.spec.inputs, windows.spec.mtu) != (self.spec.inputs, self.spec.mtu):
            trained, given = (f"{', '.join(map(str, one.inputs))} in {one.mtu}" for one in (self.spec, windows.spec))
            raise ModelError(
                self.label, f"was trained on {trained}, the windows hold {given}; train it again with `gridahead train`"
            )
        inputs = self.scaler.inputs(windows)
        expected = (self.config.encoder_features, self.config.decoder_features)
        if (inputs.encoder.shape[-1], inputs.decoder.shape[-1]) != expected:
            raise ModelError(
                self.label,
                f"was trained on {expected} encoder and decoder features, the windows give "
                f"{inputs.encoder.shape[-1], inputs.decoder.shape[-1]}; train it again with `gridahead train`",
            )
        answers = []
        with torch.inference_mode():
            for begin in range(0, len(windows), _BATCH):
                rows = slice(begin, begin + _BATCH)
                encoder, decoder = (torch.from_numpy(part[rows]) for part in (inputs.encoder, inputs.decoder))
                answers.append(torch.stack([member(encoder, decoder) for member in self.members]).mean(0).numpy())
        return np.concatenate(answers)

    def predict(self, windows: Windows) -> Quantiles:
        """Calibrated quantiles of every unit of the horizon, (N, H, Q) [MW], rising along Q.

        Raises:
            ModelError: the windows are not what the model was trained on.
        """
        stretched = stretch(self.raw(windows), self.calibration)
        low = quantity_of(self.spec.series.quantity).low
        return within(self.scaler.megawatts(stretched, windows), low)

    def calibrated(self, windows: Windows) -> TrainedModel:
        """The same model with its intervals stretched so that they cover what they promise on these windows."""
        inputs = self.scaler.inputs(windows)
        factors = calibration_factors(self.raw(windows), inputs.target, windows.delivery, self.quantiles)
        return replace(self, calibration=factors)

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {
            f"{number}.{name}": tensor.contiguous()
            for number, member in enumerate(self.members)
            for name, tensor in member.state_dict().items()
        }
        save_file(weights, folder / _WEIGHTS)
        about = {
            "name": self.name,
            "spec": _spec_to_dict(self.spec),
            "scaler": self.scaler.to_dict(),
            "quantiles": self.quantiles,
            "config": self.config.to_dict(),
            "members": len(self.members),
            "calibration": [float(factor) for factor in self.calibration],
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
            config = NetworkConfig(**about["config"])
            members = tuple(_member(config, weights, number) for number in range(about["members"]))
            return cls(
                name=about["name"],
                spec=_spec_from_dict(about["spec"]),
                scaler=Scaler.from_dict(about["scaler"]),
                quantiles=tuple(about["quantiles"]),
                config=config,
                members=members,
                calibration=np.array(about["calibration"], np.float32),
            )
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(str(folder), f"is no bundle that this version can read ({error}); train again") from error


def stretch(answer: Array, factors: Array) -> Array:
    """Quantiles (…, Q) with the distances to the median multiplied, kept in order by the outermost seen so far."""
    middle = answer.shape[-1] // 2
    median = answer[..., middle : middle + 1]
    distance = np.abs(answer - median) * factors
    above = np.maximum.accumulate(distance[..., middle:], axis=-1)
    below = np.maximum.accumulate(distance[..., middle::-1], axis=-1)[..., ::-1]
    return np.concatenate([median - below[..., :-1], median + above], axis=-1)


def calibration_factors(answer: Array, target: Array, chosen: np.ndarray[Any, Any], levels: tuple[float, ...]) -> Array:
    """The factor for each quantile level with which the share of outturns below it is what the level says.

    The empirical quantile of (outturn − median) / (quantile − median), the split-conformal score of Romano, Patterson
    and Candès (2019), "Conformalized quantile regression", in its multiplicative form.

    Args:
        answer: (N, H, Q) in scaled units.
        target: (N, H) in scaled units, NaN where unknown.
        chosen: (N, H) which units count.
        levels: Q levels.

    Returns:
        (Q,)
    """
    middle = len(levels) // 2
    counted = chosen & ~np.isnan(target)
    error = (target - answer[..., middle])[counted]
    factors = np.ones(len(levels), np.float32)
    for n, level in enumerate(levels):
        distance = (answer[..., n] - answer[..., middle])[counted]
        if n == middle or len(error) == 0 or np.abs(distance).max() == 0:
            continue
        # Share below is rising in the factor for levels above the median, and share above for levels below it.
        ratio = np.where(np.abs(distance) > 0, error / np.where(distance == 0, 1, distance), 0.0)
        factors[n] = max(0.0, float(np.quantile(ratio, max(level, 1 - level))))
    return factors


def _member(config: NetworkConfig, weights: dict[str, torch.Tensor], number: int) -> RecurrentNetwork:
    network = RecurrentNetwork(config)
    prefix = f"{number}."
    network.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    return network.eval()


def _spec_to_dict(spec: WindowSpec) -> dict[str, Any]:
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


def _spec_from_dict(stored: dict[str, Any]) -> WindowSpec:
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
