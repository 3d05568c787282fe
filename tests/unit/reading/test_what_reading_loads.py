"""Reading is what a server does all day and a notebook first: it loads nothing that takes seconds or much memory."""

import subprocess
import sys

HEAVY = ("torch", "mlflow", "great_expectations", "prefect", "sklearn", "matplotlib")
READ = f"""
import sys
import pandas as pd
from gridahead.core.grid import Series
from gridahead.core.time import TimeRange, now
from gridahead.reading import change, errors, figures, models, normal, record
from gridahead.reading.card import card
from gridahead.reading.issues import issues
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace
series = [{{"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]"}}]
workspace = Workspace(Settings.model_validate({{"data_folder": sys.argv[1], "series": series}}))
found = card(workspace, Series("DE", "load"))
print(found.shown, issues(workspace, found.series), [name for name in {HEAVY!r} if name in sys.modules])
"""


def test_no_fact_needs_a_model_the_gate_the_registry_or_the_orchestrator(tmp_path):
    command = [sys.executable, "-c", READ, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("() [] []\n", 0), done.stderr
