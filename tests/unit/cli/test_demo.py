"""The demonstration hands the job to Prefect, which needs a folder for its database."""

import subprocess
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from gridahead.cli import scripts
from gridahead.core.errors import SettingsError
from gridahead.core.release import CHECKOUT
from gridahead.operate.sample import write_sample
from gridahead.settings.file import load_settings
from gridahead.settings.sources import SmardSource


def test_prefect_finds_its_folder_where_the_data_folder_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'data_folder = "{tmp_path / "new" / "data"}"\n', encoding="utf-8")
    monkeypatch.delenv("PREFECT_HOME", raising=False)
    homes = []

    def failing(command, *, cwd, env, check):
        homes.append(Path(env["PREFECT_HOME"]))
        assert homes[0].is_dir()
        assert cwd == tmp_path
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(typer.Exit) as ended:
        scripts.demo(settings)
    assert ended.value.exit_code == 3
    assert homes == [tmp_path / "new" / "data" / "prefect"]


def test_without_settings_the_sample_is_written_once_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDAHEAD_SETTINGS", raising=False)
    used = []

    def failing(command, *, cwd, env, check):
        used.append((cwd, env["GRIDAHEAD_SETTINGS"]))
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(subprocess, "run", failing)
    for _ in range(2):
        with pytest.raises(typer.Exit):
            scripts.demo(None)
    folder = tmp_path / "gridahead-sample"
    assert used == [(folder, str(folder / "settings.toml"))] * 2
    settings = load_settings(folder / "settings.toml")
    assert settings.data_folder == folder / "data"
    source = settings.sources[0]
    assert isinstance(source, SmardSource)
    assert len(list(source.folder.glob("*.csv.gz"))) == 7
    with pytest.raises(SettingsError, match="is there already; choose another folder, or write over it with --force"):
        write_sample(folder)
    write_sample(folder, force=True)


def test_prefect_has_two_minutes_to_start_on_a_busy_machine() -> None:
    from prefect.settings import get_current_settings

    told = tomllib.loads((CHECKOUT / "prefect.toml").read_text(encoding="utf-8"))
    assert told["server"]["ephemeral"]["startup_timeout_seconds"] == 120
    assert int(scripts.PREFECT["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"]) == 120
    assert "startup_timeout_seconds" in type(get_current_settings().server.ephemeral).model_fields
