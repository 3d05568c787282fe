"""`gridahead --help` has a panel for every command, and every command an example that can be typed."""

import resource
import shlex
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.cli.panels import EXAMPLE, PANELS
from gridahead.core.release import CHECKOUT
from gridahead.settings.file import load_settings

ROOT: Any = typer.main.get_command(app)


def commands_of(group, *above):
    """Every command that does something, by the words that call it."""
    for name, command in group.commands.items():
        words = (*above, name)
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield words, command
        if hasattr(command, "commands"):
            yield from commands_of(command, *words)


COMMANDS = dict(commands_of(ROOT))
EXAMPLES = {words: command.epilog or "" for words, command in COMMANDS.items()}


def arguments_of(words):
    return shlex.split(EXAMPLES[words].removeprefix(f"{EXAMPLE}`gridahead ").removesuffix("`"))


def test_every_command_stands_in_a_panel_and_the_panels_in_the_order_in_which_they_are_needed():
    told = [command.rich_help_panel for command in map(ROOT.commands.get, ROOT.list_commands(None))]
    assert tuple(dict.fromkeys(told)) == PANELS
    shown = CliRunner().invoke(app, ["--help"]).output
    places = [shown.index(f"─ {panel} ─") for panel in PANELS]
    assert places == sorted(places)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_example_of_a_command_calls_it_and_is_understood(words):
    assert EXAMPLES[words].startswith(f"{EXAMPLE}`gridahead ")
    arguments = arguments_of(words)
    assert tuple(arguments[: len(words)]) == words
    with COMMANDS[words].make_context(words[-1], arguments[len(words) :]) as context:  # a strange option raises
        assert context.params.keys() >= {"as_json"} & {parameter.name for parameter in COMMANDS[words].params}


def test_the_series_of_the_examples_are_in_the_sample():
    series = {str(one.series) for one in load_settings(CHECKOUT / "flows" / "settings.toml").series}
    named = {word for words in COMMANDS for word in arguments_of(words) if word.startswith("DE/")}
    assert named and named <= series


def test_an_example_that_the_command_does_not_understand_would_be_found():
    with pytest.raises(Exception, match="No such option"):
        COMMANDS["forecast",].make_context("forecast", ["--delivery", "tomorrow"])


def test_help_costs_no_more_than_half_a_second_and_loads_nothing_heavy():
    heavy = "[name for name in ('torch', 'mlflow', 'pandas', 'pydantic', 'matplotlib') if name in sys.modules]"
    call = "import sys\nfrom gridahead.cli.main import app\napp(['--help'], standalone_mode=False)"
    code = f"{call}\nprint('loaded', {heavy})"
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert done.stdout.splitlines()[-1] == "loaded []"
        if spent[-1] <= 0.5:
            return
    pytest.fail(f"{min(spent):.2f} s of CPU")
