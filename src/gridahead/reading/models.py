"""Which model serves a series, what else there is, and how it was decided: from the exports, never from MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gridahead.core.grid import Series
from gridahead.core.tables import Promotions
from gridahead.registry.versions import Version
from gridahead.workspace import Workspace


@dataclass(frozen=True, eq=False)
class ModelsOf:
    """The versions of a series and their roles."""

    series: Series
    roles: Mapping[str, str]
    """Number of the version by role: champion, challenger, previous."""
    versions: tuple[Version, ...]
    """Newest first, as they are exported."""
    scores: pd.DataFrame
    """`version`, `metric`, `value`, `low`, `high`, `n`: on the evidence that decides, with 95 % intervals."""
    decisions: Promotions
    """Newest first: when, what, why and by whom."""


def models_of(workspace: Workspace, series: Series) -> ModelsOf:
    """The models of a series.

    Raises:
        LakeError: the exports or the lake cannot be read.
    """
    raise NotImplementedError
