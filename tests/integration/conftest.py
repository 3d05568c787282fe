"""One small run of the whole job, shared by the tests that look at its traces."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "data" / "sample"

SETTINGS = """
data_folder = "data"

[[sources]]
kind = "smard"
folder = "portal"

[[series]]
series = "DE/load"
deadline = "D-1T1100[Europe/Berlin]"
models = ["lstm", "gru"]

[models.lstm]
cell = "lstm"
hidden = 12
decoder_hidden = 8
members = 1
anchor = "official"

[models.gru]
cell = "gru"
hidden = 12
decoder_hidden = 8
members = 1

[training]
holdout_start = 2025-10-01
validation_days = 60
epochs = 3
workers = 2
"""


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings over two real years of load and its official forecast, with networks small enough for a test."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "portal").mkdir()
    for kind in ("Actual", "Forecasted"):
        name = f"{kind}_consumption_202401010000_202601010000_Hour.csv.gz"
        shutil.copy(SAMPLE / name, folder / "portal" / name)
    path = folder / "settings.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture(scope="session")
def gridahead_command(settings_file: Path) -> Iterator[object]:
    """Runs `gridahead ARGUMENTS` in this process; gives exit code and standard output."""
    from typer.testing import CliRunner

    from gridahead.cli.main import app

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments, "--settings", str(settings_file)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    yield run


@pytest.fixture(scope="session")
def done(gridahead_command, settings_file: Path) -> Path:
    """The folder after ingest, validate, train, forecast, score and report."""
    for command in ("ingest", "validate", "train", "forecast", "score", "report"):
        code, _ = gridahead_command(command)
        assert code == 0, command
    return settings_file.parent
