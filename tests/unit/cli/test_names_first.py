"""A name or a date that cannot be meant is told before anything heavy is loaded."""

import subprocess
import sys

import pytest
from builders.commands import run, settings_in

WITH_SERIES = [
    ("score",),
    ("score", "--by", "all"),
    ("score", "--compare"),
    ("train",),
    ("forecast",),
    ("drift",),
    ("diagnose",),
    ("value", "--short", "1", "--long", "1"),
    ("backtest", "--start", "2025-01-01", "--end", "2025-01-02"),
    ("explain",),
    ("search",),
    ("models", "list"),
    ("models", "card"),
    ("models", "compare", "1", "2"),
    ("models", "promote"),
    ("models", "rollback", "--reason", "x"),
    ("models", "refresh-test", "--run", "a", "--against", "b"),
    ("lake", "export", "-o", "x.csv"),
    ("reproduce", "--list"),
    ("quarantine", "release", "--reason", "x", "--start", "2025-01-01", "--end", "2025-01-02"),
    ("models", "export", "x.zip"),
    ("history", "-o", "x"),
    ("revisions", "DE/laod"),
    ("annotate", "DE/laod", "--from", "2025-01-01", "--to", "2025-01-02", "--kind", "outage", "--reason", "x"),
    ("correct", "DE/laod", "--day", "today", "--add", "1", "--reason", "x"),
    ("train", "--warm-from", "DE/laod"),
]
HEAVY = ("torch", "mlflow", "great_expectations", "sklearn")

ALL_IN_ONE = f"""
import sys
from gridahead.core import errors
from gridahead.cli.main import app
for arguments in {WITH_SERIES!r}:
    try:
        named = () if "DE/laod" in arguments else ("--series", "DE/laod")
        app([*arguments, *named, "--settings", sys.argv[1]], standalone_mode=False)
        print(arguments, "went through")
    except errors.SettingsError as error:
        if "no series DE/laod; did you mean 'DE/load'?" not in str(error):
            print(arguments, error)
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    if loaded:
        print(arguments, loaded)
"""


def test_every_command_names_the_nearest_series_and_has_loaded_nothing_heavy(tmp_path):
    file = settings_in(tmp_path, load="MW", solar="MW")
    done = subprocess.run([sys.executable, "-c", ALL_IN_ONE, str(file)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("DE/laod", "no series DE/laod; did you mean 'DE/load'? known: DE/load, DE/solar"),
        ("de/load", "no series de/load; did you mean 'DE/load'? known: DE/load, DE/solar"),
        ("XX/xyzzy", "no series XX/xyzzy; known: DE/load, DE/solar"),
        (
            "DEload",
            "'DEload' is no series; write it as ZONE/QUANTITY, such as DE/load; did you mean 'DE/load'? known: "
            "DE/load, DE/solar",
        ),
    ],
)
def test_a_series_that_is_not_there_is_told_with_those_that_are(tmp_path, name, told):
    done = run(settings_in(tmp_path, load="MW", solar="MW"), "score", "--series", name)
    assert (done.code, done.error) == (2, told)


@pytest.mark.parametrize("module", ["gridahead", "gridahead.cli.main"])
def test_the_package_is_the_command(module):
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("gridahead ")
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("backtest", "--start", "05/01/2025", "--end", "today"), "--start: '05/01/2025' may be 5 January 2025 or"),
        (("backtest", "--start", "2025-1-5", "--end", "soon"), "--end: 'soon' is no day; write it as 2025-12-30"),
        (("forecast", "--issue-time", "2025-12-30T99:00"), "--issue-time: '2025-12-30T99:00' is no instant"),
        (
            ("lake", "export", "-o", "x.csv", "--as-of", "1 Jan 2025"),
            "--as-of: 1 Jan 2025 needs an offset, such as 2025-01-01T00:00+01:00 or 2025-01-01T00:00Z",
        ),
    ],
)
def test_a_date_that_cannot_be_meant_is_told_with_what_to_type(tmp_path, arguments, told):
    done = run(settings_in(tmp_path, load="MW"), *arguments)
    assert done.code == 2
    assert done.error.startswith(told)
