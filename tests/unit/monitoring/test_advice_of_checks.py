"""Whoever follows the advice of an alert finds the command, its options and the key of the settings."""

import ast
import re
from pathlib import Path

import pytest
import typer

import gridahead
from gridahead.cli.main import app
from gridahead.settings.keys import keys

ROOT = Path(gridahead.__file__).parent / "monitoring"


def texts(node):
    """Every text of a syntax tree; what is filled into one later is X."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


CODE = [
    (ROOT / f"{name}.py").read_text(encoding="utf-8") for name in ("checks", "checks_of_data", "checks_of_machines")
]
QUOTED = sorted(
    {quoted for code in CODE for text in texts(ast.parse(code)) for quoted in re.findall(r"`([^`]+)`", text)}
)
COMMANDS = [text.split()[1:] for text in QUOTED if text.startswith("gridahead ")]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_that_an_alert_names_is_there_with_its_options(words):
    command = typer.main.get_command(app)
    while hasattr(command, "commands") and words:
        name, *words = words
        assert name in command.commands, f"no command {name}"
        command = command.commands[name]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_key_that_an_alert_names_is_one():
    named = {text for text in QUOTED if not text.startswith("gridahead ") and "." in text}
    assert named <= {key.name for key in keys()}
    assert len(COMMANDS) > 5
