"""`gridahead backup` and `gridahead restore`, as an operator gives them."""

import json
from pathlib import Path

from builders.commands import run, settings_in


def test_an_installation_is_kept_and_put_back_by_one_command_each(tmp_path: Path) -> None:
    file = settings_in(tmp_path, load="MW")
    kept, there = str(tmp_path / "kept"), tmp_path / "there" / "settings.toml"
    done = run(file, "backup", kept)
    assert done.code == 0 and "Backup 2" in done.said and "MLflow: its file is in the backup" in done.said
    again = json.loads(run(there, "restore", kept, "--json").said)
    assert again["settings"] == str(there)
    assert there.read_bytes() == file.read_bytes()
    assert "gridahead forecast" in again["next_step"]
    refused = run(there, "restore", str(tmp_path / "nowhere"))
    assert refused.code == 6 and "`gridahead backup" in refused.error
