"""Three days of operation with a fault each: the month of `gridahead bench month` in small, with all of its checks."""

import datetime as dt

import pytest
from month import AUTUMN, operate, rows_of, table_of

INGEST_AT = (1, 7, 9, 10, 13, 18)
DAYS = 3
FAULTS = {
    "champion's file damaged": "2025-10-24",
    "disk full for an hour": "2025-10-25",
    "official forecast of DE four hours late": "2025-10-26",
}


@pytest.mark.long
def test_three_days_with_a_fault_each_are_published_in_time_labelled_and_told_once(tmp_path):
    faults = [one.on(dt.date.fromisoformat(FAULTS[one.name])) for one in AUTUMN if one.name in FAULTS]
    part = operate(tmp_path, dt.date(2025, 10, 24), dt.date(2025, 10, 26), faults, INGEST_AT)
    assert {check: found for check, found in part.wrongs.items() if found} == {}, "\n".join(table_of({"small": part}))
    assert len(part.slots) == 2 * DAYS and all(slot.in_time for slot in part.slots)
    assert {"previous", "full"} < {slot.rung for slot in part.slots}
    figures = {(row.model, row.metric): row.value for row in rows_of({"small": part})}
    assert figures["champion's file damaged", "rung previous"] == 2
