"""Commands whose lines programs read."""

import json
import os
import subprocess
import sys

import pytest
from builders.commands import settings_in


@pytest.mark.parametrize("said", ["environment", "settings"])
def test_an_error_is_a_line_as_all_others_and_the_exit_code_stays(tmp_path, said):
    file, environment = settings_in(tmp_path, load="MW"), dict(os.environ)
    environment.pop("GRIDAHEAD_LOG", None)
    if said == "environment":
        environment["GRIDAHEAD_LOG"] = "json"
    else:
        file.write_text(file.read_text() + '\n[logging]\nformat = "json"\n')
    command = [sys.executable, "-m", "gridahead", "forecast", "--series", "DE/laod", "-s", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert (done.returncode, lines[-1]["level"], lines[-1]["logger"]) == (2, "ERROR", "gridahead")
    assert lines[-1]["message"].startswith("no series DE/laod; did you mean 'DE/load'?")
