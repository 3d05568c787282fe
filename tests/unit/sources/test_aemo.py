"""AEMO NEMWEB: a recorded forecast of operational demand and recorded lists; actual demand as documented."""

import io
import zipfile

import pandas as pd
import pytest
from builders.answers import asked_of, payload_of, service, values_of
from builders.recordings import recording

from gridahead.core.errors import SourceError
from gridahead.core.grid import BiddingZone
from gridahead.core.tables import Observations
from gridahead.core.time import TimeRange, now
from gridahead.sources.aemo import Aemo, _made
from gridahead.sources.http.request import Answer
from gridahead.sources.http.source import Job

NSW = BiddingZone("NSW1", "Australia/Sydney", "AU")
VIC = BiddingZone("VIC1", "Australia/Melbourne", "AU")
NAME = "PUBLIC_FORECAST_OPERATIONAL_DEMAND_HH_202504011800_20250401173353"
FORECAST = recording(f"operators/AEMO/{NAME}.zip").content
HEAD = "C,NEMP.WORLD,ACTUAL_OPERATIONAL_DEMAND_HH,AEMO,PUBLIC,2026/01/19,00:00:07,1,DEMAND,1"
COLUMNS = "I,OPERATIONAL_DEMAND,ACTUAL,3,REGIONID,INTERVAL_DATETIME,OPERATIONAL_DEMAND"


def read(content: bytes, item: str, *zones: BiddingZone) -> Observations:
    return service("aemo", *zones).parse(payload_of("aemo", content, item, *(zone.code for zone in zones)))


def packed(**files: bytes | str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


def table(*lines: str, columns: str = COLUMNS) -> str:
    return "\n".join([HEAD, columns, *lines, f'C,"END OF REPORT",{len(lines) + 3}'])


def test_a_forecast_is_the_median_and_its_intervals_are_named_by_their_end():
    rows = read(FORECAST, "FORECAST_HH", NSW, VIC)
    south_wales, victoria = (values_of(rows, "load_official", zone) for zone in ("NSW1", "VIC1"))
    # NSW1 until 2025/04/01 18:00 at UTC+10: POE50 8407; VIC1 until 2025/04/10 00:00: 4934
    assert south_wales["2025-04-01T07:30Z"] == 8407.0
    assert victoria["2025-04-09T13:30Z"] == 4934.0
    assert (len(south_wales), len(victoria)) == (397, 397)
    assert set(rows["mtu"]) == {"PT30M"}


def test_it_is_known_from_when_its_file_was_made():
    rows = read(FORECAST, "FORECAST_HH", NSW)
    assert set(rows["available_at"]) == {pd.Timestamp("2025-04-01T07:33:53Z")}  # 17:33:53, LOAD_DATE is 17:27:41
    assert set(rows["availability"]) == {"recorded"}


def test_summer_has_the_same_offset():
    """In January clocks in Sydney are at UTC+11, the market's are not."""
    content = packed(A__CSV=table('D,OPERATIONAL_DEMAND,ACTUAL,3,NSW1,"2026/01/19 00:00:00",8239'))
    rows = read(content, "ACTUAL_HH", NSW)
    assert values_of(rows, "load") == {"2026-01-18T13:30Z": 8239.0}
    assert set(rows["available_at"]) == {pd.Timestamp("2026-01-18T14:00:07Z")}


def test_files_of_the_archive_are_zip_files_of_zip_files():
    ends = ("2026/01/18 23:30:00", "2026/01/19 00:00:00")
    files = {
        f"{number}__zip": packed(A__CSV=table(f'D,OPERATIONAL_DEMAND,ACTUAL,3,NSW1,"{end}",{number}'))
        for number, end in enumerate(ends, start=1)
    }
    assert values_of(read(packed(**files), "ACTUAL_HH", NSW), "load") == {
        "2026-01-18T13:00Z": 1.0,
        "2026-01-18T13:30Z": 2.0,
    }


def test_rows_of_an_intervention_do_not_count():
    columns = COLUMNS + ",INTERVENTION"
    lines = [
        f'D,OPERATIONAL_DEMAND,ACTUAL,3,NSW1,"2026/01/19 00:00:00",{value},{run}' for value, run in ((5, 1), (7, 0))
    ]
    rows = read(packed(A__CSV=table(*lines, columns=columns)), "ACTUAL_HH", NSW)
    assert list(rows["value"]) == [7.0]


def test_a_file_that_ends_too_early_is_refused():
    text = table('D,OPERATIONAL_DEMAND,ACTUAL,3,NSW1,"2026/01/19 00:00:00",8239')
    for damaged in (text.rsplit("\n", 1)[0], text.replace("D,OPER", "X\nD,OPER")):
        with pytest.raises(SourceError, match="ends before it is complete"):
            read(packed(A__CSV=damaged), "ACTUAL_HH", NSW)
    with pytest.raises(SourceError, match="no table OPERATIONAL_DEMAND FORECAST"):
        read(packed(A__CSV=text), "FORECAST_HH", NSW)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (f"{NAME}.zip", "2025-04-01T07:33:53Z"),
        ("PUBLIC_DISPATCHSCADA_202108311255_0000000348260618.zip", "2021-08-31T02:55Z"),
        ("PUBLIC_ACTUAL_OPERATIONAL_DEMAND_HH_20260118.zip", "2026-01-17T14:00Z"),
    ],
)
def test_names_say_when_a_file_was_made(name, made):
    assert _made(name) == pd.Timestamp(made)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        (
            "nemweb_dirlisting.html",
            "DISPATCHIS_202111081435_0000000352251582",
            "DISPATCHIS_202111101435_0000000352367891",
        ),
        (
            "nemweb_dispatch_scada_dirlisting.html",
            "DISPATCHSCADA_202108311255_0000000348260618",
            "DISPATCHSCADA_202109021300_0000000348376390",
        ),
    ],
)
def test_recorded_lists_give_their_files_in_order(name, first, last):
    content = recording(f"operators/opennem/{name}").content
    source = service("aemo", NSW)
    assert isinstance(source, Aemo)
    answer = Answer(content, 200, "text/html", "", now())
    source.check(answer)
    every = TimeRange(pd.Timestamp("2021-01-01T00:00Z"), pd.Timestamp("2022-01-01T00:00Z"))
    names = [request.path.rpartition("/")[2] for request in source.listed(source.items[0], answer, every)]
    assert (names[0], names[-1]) == (f"PUBLIC_{first}.zip", f"PUBLIC_{last}.zip")
    assert len(names) == len(set(names)) == content.lower().count(b'.zip">')
    hour = TimeRange(pd.Timestamp("2021-08-31T03:00Z"), pd.Timestamp("2021-08-31T04:00Z"))
    assert len(list(source.listed(source.items[0], answer, hour))) == (12 if "scada" in name else 0)


def test_files_are_fetched_from_the_list_of_the_current_ones():
    made = now().tz_convert("Etc/GMT-10").floor("30min")
    name = f"PUBLIC_FORECAST_OPERATIONAL_DEMAND_HH_{made:%Y%m%d%H%M}_{made:%Y%m%d%H%M%S}.zip"
    folder = "/Reports/CURRENT/Operational_Demand/FORECAST_HH/"
    page = f'<html><A HREF="/Reports/CURRENT/">[To Parent Directory]</A><A HREF="{folder}{name}">{name}</A></html>'
    source = service("aemo", NSW, told=lambda request: page.encode() if request.path == folder else FORECAST)
    window = TimeRange(made - pd.Timedelta(hours=1), made + pd.Timedelta(minutes=1))
    payloads = source.answers_to(Job(source.items[1], (NSW,), window))
    assert [request.path for request in asked_of(source)] == [folder, folder + name]
    assert len(payloads[0].completes) == 1


def test_what_is_no_list_is_refused():
    source = service("aemo", NSW, told=lambda request: b"<html><title>403 - Forbidden</title></html>")
    with pytest.raises(SourceError, match="no list of files"):
        source.answers_to(Job(source.items[0], (NSW,), TimeRange(now() - pd.Timedelta(hours=1), now())))
