"""Where a training runs: on a CPU or a GPU, with the same code."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from gridahead.core.errors import SettingsError
from gridahead.settings.training import TrainingSettings


def training_device(settings: TrainingSettings) -> torch.device:
    """The device that the settings choose, made ready.

    On a GPU float32 products run as TF32: 10 bits of mantissa are more than the noise of a mini-batch needs.

    Raises:
        SettingsError: there is no GPU where one is asked for, or a precision that the device is slow in.
    """
    has_gpu = torch.cuda.is_available()
    if settings.device == "cuda" and not has_gpu:
        raise SettingsError(
            'training.device = "cuda", but torch sees no GPU: install its driver and a CUDA build of torch, '
            'or set training.device = "auto"'
        )
    device = torch.device("cuda" if has_gpu and settings.device != "cpu" else "cpu")
    if device.type == "cpu" and settings.precision == "bfloat16":
        raise SettingsError(
            'training.precision = "bfloat16" is for GPUs; on a CPU it is slower than float32. '
            'Set training.precision = "float32"'
        )
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    return device


def precision(device: torch.device, settings: TrainingSettings) -> AbstractContextManager[object]:
    """Products in bfloat16 where the settings ask for it; weights and losses stay float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bfloat16")
