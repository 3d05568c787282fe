"""How `gridahead --help` is divided, and how an example is told below the help of a command."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SET_UP, EVERY_DAY, LOOK_CLOSER = "Set up", "Every day", "Look closer"
MODELS, DATA, STUDY = "Models", "Data", "Study"
PANELS = (SET_UP, EVERY_DAY, LOOK_CLOSER, MODELS, DATA, STUDY)
"""In the order in which a person needs them."""
EXAMPLE = "Example: "


class InPanels(TyperGroup):
    """Commands by panel; within one as they are declared."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, in the order in which help shows them."""
        return sorted(self.commands, key=lambda name: _place(self.commands[name]))


def _place(command: Any) -> int:
    """Of its panel; one without a panel comes last."""
    return PANELS.index(command.rich_help_panel) if command.rich_help_panel in PANELS else len(PANELS)


def example(line: str) -> str:
    """The last line of a command's help: how it is called, which a test does as it is written."""
    return f"{EXAMPLE}`gridahead {line}`"
