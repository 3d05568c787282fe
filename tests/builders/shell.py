"""Runs the commands of the documentation in a folder: ours in this process, as starting each takes seconds."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from gridahead.cli.main import app, exit_code
from gridahead.core.errors import GridaheadError


@dataclass
class Shell:
    """A folder, and what names in capitals stand for there, such as FORECAST_ID."""

    folder: Path
    names: Mapping[str, str] = field(default_factory=dict)

    def said(self, text: str) -> str:
        """A text with what its names stand for."""
        for name, value in self.names.items():
            text = re.sub(rf"\b{name}\b", value, text)
        return text

    def run(self, line: str) -> tuple[int, str]:
        """The exit code of a line and what it writes to standard output; `&&` ends at the first that fails."""
        said = ""
        for part in self.said(line).split(" && "):
            code, text = self._ours(part) if part.lstrip().startswith("gridahead") else self._others(part)
            said += text
            if code:
                return code, said
        return 0, said

    def _ours(self, command: str) -> tuple[int, str]:
        arguments = shlex.split(command, comments=True)[1:]
        target = None
        if ">" in arguments:
            arguments, target = arguments[: arguments.index(">")], arguments[-1]
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, GridaheadError):
            return exit_code(result.exception), f"error: {result.exception}"
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        if target is not None:
            (self.folder / target).write_text(result.stdout, encoding="utf-8")
        return result.exit_code, result.stdout if result.exit_code == 0 else result.output

    def _others(self, command: str) -> tuple[int, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        return done.returncode, done.stdout
