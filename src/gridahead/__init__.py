"""gridahead: day-ahead forecasts of electricity load, wind and solar, with honest uncertainty.

>>> import gridahead as ga
>>> lab = ga.open("settings.toml")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridahead.core.release import VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from gridahead.api import Lab

__version__ = VERSION
__all__ = ["Lab", "__version__", "open"]


def open(settings: str | Path | None = None) -> Lab:
    """The lake, the models and the settings of one settings file, to work with in Python.

    Args:
        settings: its path; else $GRIDAHEAD_SETTINGS, settings.toml here, or flows/settings.toml.

    Raises:
        SettingsError: there is none, or it says something that cannot be meant.

    >>> import gridahead as ga
    >>> ga.open("settings.toml").series
    ('DE/load',)
    """
    from gridahead.api import Lab
    from gridahead.workspace import Workspace

    return Lab(Workspace.open(settings))


def __getattr__(name: str) -> Any:
    """`gridahead.Lab` without the half second that pandas needs where nobody asks for it."""
    if name == "Lab":
        from gridahead.api import Lab

        return Lab
    raise AttributeError(f"module 'gridahead' has no attribute {name!r}")
