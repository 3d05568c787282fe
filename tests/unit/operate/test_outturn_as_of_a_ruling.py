"""What a person rules later takes nothing from the outturn of before, by which a forecast was judged."""

import numpy as np
import pandas as pd
from builders.rows import LOAD, judged, rulings_on
from builders.serving import DAY, issued, ready

from gridahead.features.windows import build_windows
from gridahead.forecasting.widening import recent_windows
from gridahead.operate.answer import windows_of


def test_a_row_that_was_released_is_outturn_as_of_then_though_it_is_rejected_later(tmp_path):
    workspace = ready(tmp_path, until=pd.Timestamp("2025-03-18T10:00Z"))
    lake, at = workspace.lake, issued(workspace)
    rows = lake.read_observations(LOAD)
    bad = rows[rows["valid_time"] >= pd.Timestamp("2025-03-17T00:00Z")].head(12)
    lake.verdicts.append(judged(bad, "quarantine").assign(known_at=at - pd.Timedelta(hours=2)))
    spec = workspace.exports.load(workspace.exports.versions(LOAD)[0]).model.spec

    def known() -> int:
        recent = recent_windows(lake.read_vintages(LOAD), windows_of(workspace, spec, [DAY], [at]))
        return int((~np.isnan(recent.target[recent.delivery])).sum())

    withheld = known()
    lake.rulings.append(rulings_on(bad, "release").assign(decided_at=at))
    assert known() == withheld + 12
    lake.rulings.append(rulings_on(bad, "reject").assign(decided_at=at + pd.Timedelta(minutes=1)))
    assert known() == withheld + 12
    later = at + pd.Timedelta(minutes=2)
    target = build_windows(lake.read_vintages(LOAD), spec, [DAY], issue_times=[at], outturn_as_of=later).target_past
    assert np.isnan(target).sum() == 1
