"""The clock of a workspace is that of everything below it: what is read in it came when it says."""

import pandas as pd
from builders.generators import energy_charts
from builders.replay import Host
from builders.services import limits

from gridahead.operate.ingest import ingest
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

AT = pd.Timestamp("2025-03-03T09:00:00.123456Z")


def test_files_and_services_are_read_at_the_time_of_the_clock(tmp_path):
    (tmp_path / "load.csv").write_text("time,load\n2025-03-03 06:00,1000\n2025-03-03 07:00,1100\n")
    file = {"kind": "file", "path": tmp_path / "load.csv", "zone": "DE", "quantity": "load"}
    file |= {"time_column": "time", "value_column": "load", "timezone": "UTC"}
    with limits(), Host([energy_charts(lambda: AT)]) as host:
        service = {"kind": "energy_charts", "zones": ["FR"], "quantities": ["load"], "base_url": host.url}
        said = {"data_folder": tmp_path / "data", "sources": [file, service]}
        workspace = Workspace(Settings.model_validate(said), clock=lambda: AT)
        done = ingest(workspace)
    assert not done.failed
    assert {receipt.retrieved_at for receipt in workspace.lake.receipts.all()} == {AT}
    rows = workspace.lake.read_observations()
    assert set(rows["zone"]) == {"DE", "FR"}
    assert rows["valid_time"].max() < AT, "nothing of a later hour is asked for, whatever the machine's own clock says"
