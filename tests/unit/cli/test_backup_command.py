"""`gridahead backup` and `gridahead restore`, as an operator gives them."""

import json
import subprocess
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


def test_what_a_restore_has_moved_aside_is_removed_by_the_line_that_it_prints(tmp_path: Path) -> None:
    file = settings_in(tmp_path, load="MW")
    note = tmp_path / "data" / "a note.txt"
    note.parent.mkdir(exist_ok=True)
    note.write_text("of the backup")
    kept = str(tmp_path / "kept")
    assert run(file, "backup", kept).code == 0
    note.write_text("of later")
    done = run(file, "restore", kept, "--force")
    aside = [path for path in tmp_path.iterdir() if ".before-restore-" in path.name]
    assert done.code == 0 and [(path / note.name).read_text() for path in aside] == ["of later"]
    (remove,) = (line for line in done.said.splitlines() if line.startswith("rm -r "))
    subprocess.run(remove, shell=True, check=True)
    assert not any(path.exists() for path in aside) and note.read_text() == "of the backup"
