"""How `gridahead --help` is divided, and how an example is told below the help of a command."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SET_UP, EVERY_DAY, LOOK_CLOSER = "Set up", "Every day", "Look closer"
MODELS, DATA, STUDY = "Models", "Data", "Study"
PANELS = (SET_UP, EVERY_DAY, LOOK_CLOSER, MODELS, DATA, STUDY)
"""In the order in which a person needs them."""
EXAMPLE = "Example: "
_PLACES = {name: place for place, name in enumerate(PANELS)}


class InPanels(TyperGroup):
    """Commands by panel; within one as they are declared."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, in the order in which help shows them."""
        return sorted(
            self.commands, key=lambda name: _PLACES.get(getattr(self.commands[name], "rich_help_panel", None), 99)
        )


def example(line: str) -> str:
    """The last line of a command's help: how it is called, which a test does as it is written."""
    return f"{EXAMPLE}`gridahead {line}`"
