"""What lies beside the package in a checkout, and is run as scripts of its own: the benchmarks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gridahead.core.errors import SettingsError
from gridahead.core.release import CHECKOUT


def script(path: str) -> Path:
    """A script of the checkout.

    Raises:
        SettingsError: the package is not installed from a checkout.
    """
    file = CHECKOUT / path
    if not file.is_file():
        raise SettingsError(f"this runs {file}, which is not there; install a checkout with pip install -e")
    return file


def run_script(file: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a script of the checkout there; returns its exit code."""
    return subprocess.run(
        [sys.executable, str(file), *arguments], cwd=CHECKOUT, env=environment, check=False
    ).returncode


def benchmarks() -> dict[str, str]:
    """Every benchmark of the checkout and the first line of its docstring.

    Raises:
        SettingsError: the package is not installed from a checkout.
    """
    folder = script("benchmarks/common.py").parent
    parsed = {file.stem: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.py"))}
    return {
        name: (ast.get_docstring(module) or "").partition("\n")[0]
        for name, module in parsed.items()
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in module.body)
    }
