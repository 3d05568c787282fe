"""The trained model: weights, window spec, scaler, quantile levels and calibration in one bundle, replaced as a whole.

It may have two sets of weights: those of the members, and the same tuned on windows without inputs. Each window is
answered by the set for its condition, in training, back-tests and operation alike.

On disk it is two files without pickle: `model.json` and `weights.safetensors`. A bundle that was saved and loaded
predicts the same bits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from gridahead.core.errors import ModelError
from gridahead.features.linear import LinearForecast
from gridahead.features.normal import Scores
from gridahead.features.scaling import Inputs, Scaler
from gridahead.features.windows import Array, Windows, WindowSpec
from gridahead.models.base import Kind, Quantiles, possible, read_about, write_about
from gridahead.models.calibration import calibration_on
from gridahead.models.conditions import NONE, Conditions, incomplete
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.networks import Segment

_WEIGHTS = "weights.safetensors"
_LINEAR = "anchor."
_DEGRADED = "degraded."
_BATCH = 32
"""Windows that go through a network together, always so many: in a product of matrices of another size the same sums
are rounded in another order, and the end of an array that does not fill the registers of a processor (32 numbers) is
computed by other instructions. They cost what five cost one by one; more at a time are hardly faster."""


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
    """What identifies this series among those that share the weights; empty for a model of its own."""
    conditions: Conditions = NONE
    """The calibrations for other issue times, and for what may be missing."""
    degraded: tuple[Network, ...] = ()
    """The members, tuned on windows without inputs: they answer where something is missing. Without them, as in bundles
    that were made before there were any, the members answer everything."""

    @property
    def label(self) -> str:
        """Series and name, for messages."""
        return f"{self.spec.series} {self.name}"

    @property
    def kind(self) -> Kind:
        """That of networks of one shape."""
        return "network"

    @property
    def known_share(self) -> dict[str, float]:
        """Share of each input that was known in training."""
        return self.scaler.known_share

    @property
    def networks(self) -> tuple[TrainedModel, ...]:
        """The model itself, as the only network."""
        return (self,)

    def raw(self, windows: Windows) -> Array:
        """The mean answer of the members, (N, H, Q) in scaled units; of the degraded ones where inputs are missing."""
        if (windows.spec.inputs, windows.spec.mtu) != (self.spec.inputs, self.spec.mtu):
            trained, given = (f"{', '.join(map(str, spec.inputs))} in {spec.mtu}" for spec in (self.spec, windows.spec))
            raise ModelError(
                self.label, f"was trained on {trained}, the windows hold {given}; train it again with `gridahead train`"
            )
        inputs = self._inputs(windows)
        if not self.degraded:
            return _mean_answer(self.members, inputs, np.arange(len(windows)))
        is_incomplete = incomplete(windows, self.conditions.usual_age, self.known_share)
        answers = np.empty((*windows.target.shape, len(self.quantiles)), np.float32)
        for members, rows in ((self.members, ~is_incomplete), (self.degraded, is_incomplete)):
            if rows.any():
                answers[rows] = _mean_answer(members, inputs, np.flatnonzero(rows))
        return answers

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
        return self.published(self.uncalibrated(windows), windows)

    def published(self, answers: Quantiles, windows: Windows) -> Quantiles:
        """Answers (N, H, Q) [MW] of its members to N windows, calibrated, as physics allows them."""
        calibrated = self.conditions.published(answers, windows, self.calibration, self.quantiles, self.known_share)
        return possible(calibrated, windows)

    def uncalibrated(self, windows: Windows) -> Quantiles:
        """The mean answer of the members, (N, H, Q) [MW]."""
        return self.scaler.megawatts(self.raw(windows), windows)

    def calibrated(self, answers: Quantiles, windows: Windows) -> TrainedModel:
        """The same model, its levels published from where the outturns of some windows lie.

        Args:
            answers: (N, H, Q) [MW] uncalibrated, of networks like these that had not learnt the windows.
            windows: N of them.
        """
        return replace(self, calibration=calibration_on(answers, windows, self.quantiles))

    def save(self, folder: Path) -> None:
        """Write the bundle into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = _weights(self.members) | _weights(self.degraded, _DEGRADED)
        if self.scaler.linear is not None:
            arrays = asdict(self.scaler.linear)
            weights |= {f"{_LINEAR}{name}": torch.from_numpy(array).contiguous() for name, array in arrays.items()}
        save_file(weights, folder / _WEIGHTS)
        about = {
            "name": self.name,
            "spec": self.spec.to_dict(),
            "scaler": self.scaler.to_dict(),
            "quantiles": self.quantiles,
            "config": self.config.to_dict(),
            "members": len(self.members),
            "degraded": len(self.degraded),
            "calibration": self.calibration.tolist(),
            "conditions": self.conditions.to_dict(),
            "segment": self.segment,
            "static": self.static,
        }
        write_about(folder, self.kind, about)

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """Read a bundle.

        Raises:
            ModelError: the folder holds none, or one of another make.
        """
        try:
            about = read_about(folder)
            weights = load_file(folder / _WEIGHTS)
            config = NetworkConfig.from_dict(about["config"])
            members = tuple(_member(config, weights, f"{number}.") for number in range(about["members"]))
            degraded = (_member(config, weights, f"{_DEGRADED}{number}.") for number in range(about.get("degraded", 0)))
            return cls(
                name=about["name"],
                spec=WindowSpec.from_dict(about["spec"]),
                scaler=replace(Scaler.from_dict(about["scaler"]), linear=_linear(weights)),
                quantiles=tuple(about["quantiles"]),
                config=config,
                members=members,
                calibration=np.array(about["calibration"]),
                segment=about["segment"],
                static=tuple(about["static"]),
                conditions=Conditions.from_dict(about.get("conditions")),
                degraded=tuple(degraded),
            )
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(str(folder), f"is no bundle that this version can read ({error}); train again") from error


def _linear(weights: dict[str, torch.Tensor]) -> LinearForecast | None:
    arrays = {name.removeprefix(_LINEAR): array.numpy() for name, array in weights.items() if name.startswith(_LINEAR)}
    return LinearForecast(**arrays) if arrays else None


def _mean_answer(members: tuple[Network, ...], inputs: Inputs, rows: npt.NDArray[np.int64]) -> Array:
    """The mean answer of some members to some rows of the inputs, (R, H, Q); to each as if it were alone."""
    answers = []
    with torch.inference_mode():
        for begin in range(0, len(rows), _BATCH):
            chosen = rows[begin : begin + _BATCH]
            filled = np.resize(chosen, _BATCH)  # repeats them
            parts = inputs.encoder, inputs.decoder, inputs.static, inputs.length
            batch = [torch.from_numpy(part[filled]) for part in parts]
            answers.append(torch.stack([member(*batch) for member in members]).mean(0)[: len(chosen)].numpy())
    return np.concatenate(answers)


def _weights(members: tuple[Network, ...], prefix: str = "") -> dict[str, torch.Tensor]:
    return {
        f"{prefix}{number}.{name}": tensor.cpu().contiguous()
        for number, member in enumerate(members)
        for name, tensor in member.state_dict().items()
    }


def _member(config: NetworkConfig, weights: dict[str, torch.Tensor], prefix: str) -> Network:
    network = Network(config)
    network.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    return network.eval()
