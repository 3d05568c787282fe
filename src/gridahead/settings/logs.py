"""How log lines are written."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic
from pydantic import Field

from gridahead.core.logs import Format, write_logs
from gridahead.settings.section import Section


class LoggingSettings(Section):
    """How log lines are written; $GRIDAHEAD_LOG=json or text counts before `format`."""

    format: Format = "text"
    """`text` for people; `json` for programs: an object a line with time, level, logger, message, and series, issue
    time and run where they are known."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """From which level on lines are written; `--verbose` writes all."""
    file: Path | None = None
    """A file that has the lines as well, relative to the settings file."""
    max_mb: float = Field(10.0, gt=0)
    """When the file has so much it is renamed and a new one begun: about 50 000 lines."""
    keep: int = Field(5, ge=1)
    """How many of the renamed files stay."""

    @pydantic.field_validator("level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    def set_up(self) -> None:
        """Let the lines of this process be written so."""
        write_logs(self.format, self.level, self.file, int(self.max_mb * 1e6), self.keep)
