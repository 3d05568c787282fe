"""The demonstration hands the job to Prefect, which needs a folder for its database."""

import tomllib
from pathlib import Path

import pytest
import typer

from gridahead.checkout import CHECKOUT
from gridahead.commands import scripts


def test_prefect_finds_its_folder_where_the_data_folder_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f'data_folder = "{tmp_path / "new" / "data"}"\n', encoding="utf-8")
    monkeypatch.delenv("PREFECT_HOME", raising=False)
    homes = []

    def failing(file, arguments, environment):
        homes.append(Path(environment["PREFECT_HOME"]))
        assert homes[0].is_dir()
        return 3

    monkeypatch.setattr(scripts, "run_script", failing)
    with pytest.raises(typer.Exit) as ended:
        scripts.demo(settings)
    assert ended.value.exit_code == 3
    assert homes == [tmp_path / "new" / "data" / "prefect"]


def test_prefect_has_two_minutes_to_start_on_a_busy_machine() -> None:
    from prefect.settings import get_current_settings

    told = tomllib.loads((CHECKOUT / "prefect.toml").read_text(encoding="utf-8"))
    assert told["server"]["ephemeral"]["startup_timeout_seconds"] == 120
    assert "startup_timeout_seconds" in type(get_current_settings().server.ephemeral).model_fields
