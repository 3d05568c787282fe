"""EIA-930's half-year files, in the documented columns: no recording is at hand."""

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, now
from gridahead.sources.http.source import Job
from gridahead.sources.wanted import Wanted

CISO = BiddingZone("CISO", "America/Los_Angeles", "US")
HEAD_2019 = (
    "Balancing Authority,Data Date,Hour Number,UTC Time at End of Hour,Demand Forecast (MW),Demand (MW),"
    "Demand (MW) (Adjusted),Net Generation (MW) from Solar,Net Generation (MW) from Wind"
)
HEAD_2025 = (
    "Balancing Authority,UTC Time at End of Hour,Demand (MW),Net Generation (MW) from Solar without Integrated Battery "
    "Storage,Net Generation (MW) from Solar with Integrated Battery Storage"
)


def read(*lines: str) -> Observations:
    content = "\n".join(lines).encode()
    return service("eia_bulk", CISO).parse(payload_of("eia_bulk", content, "BALANCE", "CISO"))


def test_hours_are_named_by_their_end_and_numbers_may_have_commas():
    rows = read(
        HEAD_2019,
        'CISO,07/01/2019,1,7/1/2019 8:00:00 AM,"24,500","25,111","25,000",0,"1,234"',
        "CISO,07/01/2019,2,7/1/2019 9:00:00 AM,23000,23500,23500,,1200",
        "PJM,07/01/2019,2,7/1/2019 9:00:00 AM,1,1,1,1,1",
    )
    assert values_of(rows, "load") == {"2019-07-01T07:00Z": 25111.0, "2019-07-01T08:00Z": 23500.0}
    assert values_of(rows, "load_official")["2019-07-01T07:00Z"] == 24500.0
    # until 2022 generation of CISO was stamped an hour early
    assert values_of(rows, "wind") == {"2019-07-01T08:00Z": 1234.0, "2019-07-01T09:00Z": 1200.0}
    assert rows["value"].isna().sum() == 1


def test_kinds_of_solar_power_are_added_where_there_are_both():
    rows = read(
        HEAD_2025,
        "CISO,7/1/2025 8:00:00 PM,25000,100,11",
        "CISO,7/1/2025 9:00:00 PM,25000,90,",
    )
    assert values_of(rows, "solar") == {"2025-07-01T19:00Z": 111.0, "2025-07-01T20:00Z": 90.0}


def test_half_years_are_fetched_when_they_are_over():
    source = service("eia_bulk", CISO, told=lambda request: HEAD_2019.encode())
    window = TimeRange(pd.Timestamp("2018-12-31T12:00Z"), pd.Timestamp("2019-07-02T00:00Z"))
    source.answers_to(Job(source.items[0], (CISO,), window))
    assert [request.path for request in asked_of(source)] == [
        f"/sixMonthFiles/EIA930_BALANCE_{half}.csv" for half in ("2018_Jul_Dec", "2019_Jan_Jun", "2019_Jul_Dec")
    ]
    recent = TimeRange(now() - pd.Timedelta(days=1), now())
    assert source.answers_to(Job(source.items[0], (CISO,), recent)) == []


def test_a_half_year_that_is_not_over_is_not_missing_yet():
    source = service("eia_bulk", CISO)
    wanted = Wanted(now(), start=pd.Timestamp("2025-03-01T00:00Z"))
    (job,) = source.jobs(wanted)
    assert job.window.start == pd.Timestamp("2025-03-01T00:00Z")
    assert job.window.end.strftime("%m-%d") in ("01-01", "07-01")
    assert job.window.end + pd.Timedelta(days=3) < now()


def test_another_file_is_refused():
    with pytest.raises(SourceError, match="no Balancing Authority, UTC Time at End of Hour"):
        read("a,b", "1,2")
    with pytest.raises(SourceError, match="a time that cannot be read"):
        read(HEAD_2025, "CISO,2025-07-01 20:00,25000,100,11")
