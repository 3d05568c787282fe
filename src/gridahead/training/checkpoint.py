"""A checkpoint on disk: whole or not there, and of exactly this training.

It holds tensors, numbers and texts only, so that reading one runs no code of it. The fingerprint in it covers
everything that decides what a training gives: the inputs, the settings, the weights it begins with, the code and torch.
"""

from __future__ import annotations

import io
import logging
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gridahead.core.files import write_whole
from gridahead.core.fingerprint import code_hash, digest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """One file that holds the state of one training."""

    path: Path
    fingerprint: str

    def read(self) -> dict[str, Any] | None:
        """What was kept; None if there is nothing, or something that is of another training or damaged."""
        try:
            stored = torch.load(io.BytesIO(self.path.read_bytes()), map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            log.warning("%s cannot be read (%s): this training begins anew", self.path, error)
            return None
        if not isinstance(stored, dict) or stored.get("fingerprint") != self.fingerprint:
            return None
        kept: dict[str, Any] = stored["state"]
        return kept

    def write(self, state: dict[str, Any]) -> None:
        """Replace what was kept.

        Raises:
            LakeError: the folder cannot be written.
        """
        content = io.BytesIO()
        torch.save({"fingerprint": self.fingerprint, "state": state}, content)
        write_whole(self.path, content.getvalue())


def fingerprint(tensors: Iterable[Tensor], about: dict[str, Any]) -> str:
    """Changes with any of the tensors, with the facts about them, with the code and with torch."""
    parts: list[object] = [about, code_hash(), torch.__version__]
    for tensor in tensors:
        parts += [str(tuple(tensor.shape)), tensor.detach().cpu().contiguous().numpy().data]
    return digest(*parts)
