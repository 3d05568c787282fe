"""Which settings a fit came from: the same data, settings and code give the same model, so it is trained once."""

from __future__ import annotations

import hashlib
import json

from gridahead.code import code_hash
from gridahead.config import Settings
from gridahead.features.windows import WindowSpec

NO_MATTER = frozenset({"workers", "checkpoint_steps", "holdout_start"})
"""Settings of a training that do not change what it gives; the holdout shows in the days, which are data."""


def settings_hash(settings: Settings, name: str, spec: WindowSpec, start: str = "") -> str:
    """Fingerprint of everything but the data that decides what a fit of a model gives, 16 digits.

    Args:
        settings: what the name means, and how networks are trained.
        name: of a model, an ensemble or a shared network.
        spec: what is read, and when.
        start: what the weights begin with: another version, or nothing.
    """
    shared = {group.name: (group.model,) for group in settings.shared}
    parts = settings.ensembles.get(name) or shared.get(name, (name,))
    decisive = {
        "code": code_hash(),
        "networks": {part: settings.models[part].model_dump(mode="json") for part in parts},
        "training": settings.training.model_dump(mode="json", exclude=set(NO_MATTER)),
        "spec": repr(spec),
        "start": start,
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]
