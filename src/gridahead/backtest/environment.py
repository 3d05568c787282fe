"""What computes here: the stamp on what a back-test makes."""

from __future__ import annotations

import torch

from gridahead.core.fingerprint import code_hash


def made_with() -> str:
    """Code, torch and processor: other code, another release or another kind of processor may give other bits."""
    processor = torch.backends.cpu.get_cpu_capability()
    return f"gridahead with code {code_hash()}, torch {torch.__version__}, {processor}"
