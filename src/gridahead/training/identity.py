"""Which settings a fit came from: the same data, settings and code give the same model, so it is trained once."""

from __future__ import annotations

from typing import Any

from gridahead.core.fingerprint import code_hash, digest
from gridahead.features.windows import WindowSpec
from gridahead.settings.model import Settings
from gridahead.settings.training import TrainingSettings

_WITHOUT_EFFECT = {"workers", "checkpoint_steps", "holdout_start"}
"""Settings of a training that do not change its result; the holdout shows in the days, which are data."""


def decisive(settings: TrainingSettings) -> dict[str, Any]:
    """The settings of a training that its result depends on, as JSON has them."""
    return settings.model_dump(mode="json", exclude=_WITHOUT_EFFECT)


def settings_hash(settings: Settings, name: str, spec: WindowSpec, start: str = "") -> str:
    """Fingerprint of everything but the data that decides what a fit of a model gives.

    Args:
        settings: what the name means, and how networks are trained.
        name: of a model, an ensemble or a shared network.
        spec: what is read, and when.
        start: what the weights begin with: another version, or nothing.
    """
    group = next((group for group in settings.shared if name in group.candidates), None)
    parts = settings.ensembles.get(name) or ((name,) if group is None else (group.model,))
    identity = {
        "code": code_hash(),
        "networks": {part: config_of(settings, part) for part in parts},
        "training": decisive(settings.training),
        **({} if group is None else {"shared": group.model_dump(mode="json")}),
        "spec": repr(spec),
        "start": start,
    }
    return digest(identity)


def config_of(settings: Settings, part: str) -> dict[str, Any]:
    """What the settings say of a part; of what is no network they say nothing."""
    return settings.models[part].model_dump(mode="json") if part in settings.models else {}
