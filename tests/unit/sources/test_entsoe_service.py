"""ENTSO-E over HTTP: what is asked, how pages and windows are cut, what an error says, and what is never shown."""

from __future__ import annotations

import gzip
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest
from builders.entsoe import Period, Series, acknowledgement, document, payload, service
from builders.recordings import recording

from gridahead.core.errors import AccessError, SettingsError, SourceError
from gridahead.core.grid import ZONES, BiddingZone
from gridahead.core.time import TimeRange
from gridahead.core.vintages import as_of
from gridahead.operate import ingest as ingest_module
from gridahead.operate.ingest import Ingestion, ingest
from gridahead.quality.report import empty_report
from gridahead.quarantine import inspection
from gridahead.settings.model import Settings
from gridahead.settings.services import LiveSource
from gridahead.sources.entsoe.service import Entsoe
from gridahead.sources.wanted import Wanted
from gridahead.workspace import Workspace

TOKEN = "0a1b2c3d-secret-token"
FR, DE, NL, BE = (ZONES[code] for code in ("FR", "DE", "NL", "BE"))
Query = dict[str, str]
Reply = tuple[int, dict[str, str], bytes]
XML = {"Content-Type": "text/xml"}


def xml(content: bytes, status: int = 200, content_type: str = "text/xml") -> Reply:
    return status, {"Content-Type": content_type, "Content-Encoding": "gzip"}, gzip.compress(content)


class Platform:
    """A server that answers as a function says, and keeps what it was asked."""

    def __init__(self, reply: Callable[[Query], Reply]) -> None:
        self.reply = reply
        self.asked: list[Query] = []
        self.headers: list[dict[str, str]] = []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = dict(parse_qsl(urlsplit(self.path).query))
                platform.asked.append(query)
                platform.headers.append(dict(self.headers))
                status, headers, body = platform.reply(query)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def source(self, *quantities: str, zones: tuple[BiddingZone, ...] = (FR,), attempts: int = 3) -> Entsoe:
        """The source that asks it."""
        settings = LiveSource(
            kind="entsoe",
            zones=tuple(zone.code for zone in zones),
            quantities=quantities,
            base_url=self.url,
            attempts=attempts,
            retry_wait_seconds=0.001,
        )
        return Entsoe(settings, zones)


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[[Callable[[Query], Reply]], Platform]]:
    """Starts platforms, and stops them after the test."""
    monkeypatch.setenv("ENTSOE_TOKEN", TOKEN)
    started: list[Platform] = []

    def start(reply: Callable[[Query], Reply]) -> Platform:
        started.append(Platform(reply))
        return started[-1]

    yield start
    for platform in started:
        platform.server.shutdown()
        platform.server.server_close()


def window(start: str, end: str) -> TimeRange:
    return TimeRange(pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC"))


def questions(quantity: str, zone: BiddingZone, over: TimeRange) -> list[Query]:
    """What is asked for a quantity of a zone."""
    source = service(quantity, zones=[zone])
    return [dict(one.parameters) for item in source.wanted_items() for one in source.ask(item, (zone,), over)]  # type: ignore[arg-type]


JUNE = window("2024-06-01T22:00", "2024-06-02T22:00")
PERIOD = {"periodStart": "202406012200", "periodEnd": "202406022200"}


@pytest.mark.parametrize(
    ("quantity", "parameters"),
    [
        ("load", {"documentType": "A65", "processType": "A16", "outBiddingZone_Domain": FR.eic}),
        ("load_official", {"documentType": "A65", "processType": "A01", "outBiddingZone_Domain": FR.eic}),
        ("nuclear", {"documentType": "A75", "processType": "A16", "in_Domain": FR.eic}),
        ("solar_official", {"documentType": "A69", "processType": "A01", "in_Domain": FR.eic}),
        ("solar_intraday", {"documentType": "A69", "processType": "A40", "in_Domain": FR.eic}),
        ("solar_current", {"documentType": "A69", "processType": "A18", "in_Domain": FR.eic}),
        (
            "price",
            {
                "documentType": "A44",
                "in_Domain": FR.eic,
                "out_Domain": FR.eic,
                "contract_MarketAgreement.type": "A01",
                "offset": "0",
            },
        ),
    ],
)
def test_each_quantity_is_asked_for_as_the_guide_says(quantity, parameters):
    assert questions(quantity, FR, JUNE) == [{**parameters, **PERIOD}]


def test_capacity_is_asked_for_by_local_years():
    asked = questions("solar_capacity", FR, window("2024-12-01T00:00", "2025-02-01T00:00"))
    assert [(one["periodStart"], one["periodEnd"]) for one in asked] == [
        ("202312312300", "202412312300"),
        ("202412312300", "202512312300"),
    ]


def test_the_german_price_is_that_of_its_bidding_zone_and_power_that_of_the_country():
    assert questions("load", DE, JUNE)[0]["outBiddingZone_Domain"] == "10Y1001A1001A83F"
    assert questions("price", DE, JUNE)[0]["in_Domain"] == "10Y1001A1001A82H"


def test_a_zone_goes_by_its_eic_and_the_settings_may_say_another():
    own = BiddingZone("FR", "Europe/Paris", "FR", FR.eic, codes={"entsoe": "10YOTHER:10YPRICE"})
    assert questions("load", own, JUNE)[0]["outBiddingZone_Domain"] == "10YOTHER"
    assert questions("price", own, JUNE)[0]["out_Domain"] == "10YPRICE"
    with pytest.raises(SettingsError, match=r'\[\[zones\]\] code = "XX", eic = "10Y…"'):
        service(zones=[BiddingZone("XX", "Europe/Paris")])


def test_a_history_is_cut_into_years_that_meet_and_months_of_generation():
    wanted = Wanted(
        pd.Timestamp("2026-01-01T00:00Z"), pd.Timestamp("2023-01-01T00:00Z"), pd.Timestamp("2025-01-01T00:00Z")
    )
    for quantity, days in (("load", 365), ("nuclear", 31), ("solar_official", 92), ("price", 365)):
        windows = [job.window for job in service(quantity, zones=[FR]).jobs(wanted)]
        assert (windows[0].start, windows[-1].end) == (wanted.start, wanted.end)
        assert all(before.end == after.start for before, after in pairwise(windows))
        assert max(one.end - one.start for one in windows) == pd.Timedelta(days=days)


def prices(days: int, first: str = "2024-01-01") -> list[Series]:
    """Days of prices from the local midnight of a day on, each a Period of its own and as high as its number."""
    starts = pd.date_range(first, periods=days + 1, freq="D", tz="Europe/Paris").tz_convert("UTC")
    texts = [f"{one:%Y-%m-%dT%H:%MZ}" for one in starts]
    return [
        Series([Period(start, end, {1: float(number)})], sequence="1")
        for number, (start, end) in enumerate(pairwise(texts))
    ]


def test_prices_are_paged_until_the_platform_says_that_there_are_no_more(serve):
    every = prices(200)

    def reply(query: Query) -> Reply:
        offset = int(query["offset"])
        page = every[offset : offset + 100]
        return xml(document("A44", "", FR.eic or "", page) if page else acknowledgement())

    platform = serve(reply)
    start, end = pd.Timestamp("2023-12-31T23:00Z"), pd.Timestamp("2024-07-18T22:00Z")
    source = platform.source("price")
    payloads = list(source.fetch(Wanted(pd.Timestamp("2025-01-01T00:00Z"), start, end)))
    assert [one["offset"] for one in platform.asked] == ["0", "100", "200"]
    rows = pd.concat([source.parse(one) for one in payloads])
    assert rows["valid_time"].is_unique
    assert len(rows) == 200 * 24 - 1  # an hour is skipped in March
    assert [len(one.completes) for one in payloads] == [0, 0, 1]


def test_a_page_that_is_not_full_is_the_last(serve):
    platform = serve(lambda _: xml(document("A44", "", FR.eic or "", prices(99))))
    list(platform.source("price").fetch(Wanted(pd.Timestamp("2024-03-01T00:00Z"), pd.Timestamp("2024-01-01T00:00Z"))))
    assert len(platform.asked) == 1


def test_where_the_platform_cuts_off_a_long_answer_it_is_asked_for_short_ones(serve):
    """As it did in November and December 2025: after 1000 values, and the last one holds to the end of the Period."""

    def reply(query: Query) -> Reply:
        start, end = (pd.Timestamp(query[name], tz="UTC") for name in ("periodStart", "periodEnd"))
        hours = int((end - start) / pd.Timedelta(hours=1))
        since = int((start - pd.Timestamp("2025-01-01T00:00Z")) / pd.Timedelta(hours=1))
        points = {hour: 50_000.0 + since + hour for hour in range(1, min(4 * hours, 1000) + 1)}
        period = Period(f"{start:%Y-%m-%dT%H:%MZ}", f"{end:%Y-%m-%dT%H:%MZ}", points, "PT15M")
        return xml(document("A65", "A16", FR.eic or "", [Series([period])]))

    platform = serve(reply)
    source = platform.source("load")
    wanted = Wanted(
        pd.Timestamp("2026-01-01T00:00Z"), pd.Timestamp("2025-11-01T00:00Z"), pd.Timestamp("2025-12-01T00:00Z")
    )
    payloads = list(source.fetch(wanted))
    assert [one["periodStart"] for one in platform.asked] == [
        "202511010000",
        "202511010000",
        "202511110000",
        "202511210000",
    ]
    rows = pd.concat([source.parse(one) for one in payloads])
    assert len(rows) == 30 * 96
    assert [one.completes[0].window.start.day for one in payloads] == [1, 11, 21]


def ask_load(platform: Platform, attempts: int = 3) -> list[bytes]:
    wanted = Wanted(
        pd.Timestamp("2024-06-10T00:00Z"), pd.Timestamp("2024-06-01T00:00Z"), pd.Timestamp("2024-06-02T00:00Z")
    )
    return [one.content for one in platform.source("load", attempts=attempts).fetch(wanted)]


LOAD = document("A65", "A16", FR.eic or "", [Series([Period("2024-06-01T00:00Z", "2024-06-02T00:00Z", {1: 5.0})])])


def test_the_token_goes_in_a_header_and_stands_nowhere_else(serve):
    platform = serve(lambda _: xml(LOAD))
    source = platform.source("load")
    wanted = Wanted(pd.Timestamp("2024-06-10T00:00Z"), pd.Timestamp("2024-06-01T00:00Z"))
    fetched = list(source.fetch(wanted))
    assert platform.headers[0]["SECURITY_TOKEN"] == TOKEN
    assert TOKEN not in json.dumps([platform.asked, [dict(one.asked) for one in fetched]], default=str)


def test_without_a_token_the_error_says_where_to_get_one(serve, monkeypatch):
    platform = serve(lambda _: xml(LOAD))
    monkeypatch.delenv("ENTSOE_TOKEN")
    with pytest.raises(AccessError, match=r"ask transparency@entsoe\.eu .* set ENTSOE_TOKEN in the environment"):
        ask_load(platform)
    assert platform.asked == []


def test_a_refused_token_fails_at_once_and_is_not_shown(serve):
    body = acknowledgement(f"Unauthorized. Invalid security token {TOKEN}")
    platform = serve(lambda _: xml(body, 401))
    with pytest.raises(AccessError, match=r"the key is refused .* Get one at") as error:
        ask_load(platform)
    assert len(platform.asked) == 1
    assert TOKEN not in str(error.value)
    assert TOKEN not in repr(error.value)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("content_type", ["text/xml", "text/xml;charset=UTF-8", "application/xml"])
def test_an_acknowledgement_without_data_is_an_empty_answer(serve, status, content_type):
    said = recording("entsoe/jl/load61_d_month_ahead_total_load_forecast.xml").content
    (content,) = ask_load(serve(lambda _: xml(said, status, content_type)))
    assert service().parse(payload(content, "load", "FR")).empty


def test_a_fault_of_the_platform_is_asked_about_again(serve):
    replies = [
        xml(acknowledgement("Unexpected error occurred.")),
        (503, {"Content-Type": "application/xml"}, b""),
        xml(LOAD),
    ]
    platform = serve(lambda _: replies.pop(0))
    assert ask_load(platform) == [LOAD]
    assert len(platform.asked) == 3


def test_a_web_page_that_says_429_is_asked_about_again_and_told_in_words(serve):
    page = recording("_documented_errors/entsoe_429.html").content
    platform = serve(lambda _: (429, {"Content-Type": "text/html"}, page))
    with pytest.raises(SourceError, match="status 429, 429 Too Many Requests, 2 times"):
        ask_load(platform, attempts=2)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("entsoe_400_unknown_param.xml", "Input parameter does not exist: asOf"),
        ("entsoe_400_too_many_instances.xml", r"exceeds the allowed maximum \(200\). Ask for a shorter window"),
    ],
)
def test_a_request_that_is_refused_is_not_repeated(serve, name, said):
    platform = serve(lambda _: xml(recording(f"_documented_errors/{name}").content, 400))
    with pytest.raises(SourceError, match=said) as error:
        ask_load(platform)
    assert len(platform.asked) == 1
    assert not error.value.retryable


def test_documents_that_come_packed_are_read_together(serve):
    halves = [
        document("A65", "A16", FR.eic or "", [Series([Period(start, end, {1: 5.0})])])
        for start, end in (("2024-06-01T00:00Z", "2024-06-01T12:00Z"), ("2024-06-01T12:00Z", "2024-06-02T00:00Z"))
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, content in enumerate(halves):
            archive.writestr(f"{number}.xml", content)
    (content,) = ask_load(serve(lambda _: (200, {"Content-Type": "application/zip"}, packed.getvalue())))
    assert len(service().parse(payload(content, "load", "FR"))) == 24


def test_when_each_value_may_be_used_follows_the_law_or_the_lag():
    """2024-06-03 in France: local midnight is 22:00 UTC of the day before."""
    at = ("2024-06-02T22:00Z", "2024-06-02T23:00Z")
    power, price = Series([Period(*at, {1: 5.0})], psr_type="B16"), Series([Period(*at, {1: 5.0})])
    answers = {
        "load": ("A65", "A16", "2024-06-03T00:00Z"),  # an hour after its end
        "generation": ("A75", "A16", "2024-06-03T00:00Z"),
        "load_official": ("A65", "A01", "2024-06-02T08:00Z"),  # 10:00 in Brussels on the day before
        "wind_solar_official": ("A69", "A01", "2024-06-02T16:00Z"),  # 18:00
        "price": ("A44", "", "2024-06-02T11:00Z"),  # 13:00
        "wind_solar_intraday": ("A69", "A40", "2024-06-03T06:00Z"),  # 8:00 on the day
        "wind_solar_current": ("A69", "A18", "2024-06-03T00:00Z"),
    }
    for item, (kind, process, known) in answers.items():
        series = price if item.startswith(("load", "price")) else power
        rows = service().parse(payload(document(kind, process, FR.eic or "", [series]), item, "FR"))
        assert rows[["available_at", "availability"]].to_numpy().tolist() == [[pd.Timestamp(known), "assumed"]], item


@pytest.mark.parametrize("item", ["wind_solar_intraday", "wind_solar_current"])
def test_a_newer_forecast_that_was_seen_before_is_known_from_when_it_was_seen(item):
    seen = pd.Timestamp("2024-06-02T20:00Z")
    process = "A40" if item == "wind_solar_intraday" else "A18"
    content = document(
        "A69",
        process,
        FR.eic or "",
        [Series([Period("2024-06-02T18:00Z", "2024-06-03T00:00Z", {1: 5.0})], psr_type="B16")],
    )
    rows = service().parse(payload(content, item, "FR", retrieved_at=seen))
    assert rows["available_at"].max() == seen


def test_the_settings_choose_quantities():
    one = recording("entsoe/jl/tut_renewables_NL_2024_06_15.xml")
    rows = service("solar", "nuclear").parse(payload(one.content, "generation", "NL"))
    assert set(rows["quantity"]) == {"solar", "nuclear"}


def test_official_forecasts_say_by_when_they_are_there():
    source = service("load_official", "solar_official", "solar", zones=[FR, ZONES["CH"]])
    assert {series: str(by) for series, by in source.official_available.items()} == {
        "FR/load_official": "D-1T1000[Europe/Brussels]",
        "CH/load_official": "D-1T1000[Europe/Brussels]",
        "FR/solar_official": "D-1T1800[Europe/Brussels]",
        "CH/solar_official": "D-1T1800[Europe/Brussels]",
    }


@pytest.fixture
def no_rules(monkeypatch):
    """What the gate says of the values is no matter here, and takes seconds."""
    monkeypatch.setattr(inspection, "inspect", lambda new, *_, decided_at, **__: empty_report(decided_at))
    monkeypatch.setattr(inspection, "relearn", lambda *_, **__: None)
    monkeypatch.setattr(ingest_module, "publish_inspection", lambda *_: None)


def recorded(query: Query) -> Reply:
    """The recorded answers for a Dutch day, and that there is nothing of all else."""
    names = {
        ("A65", "A16"): "load_61a_actual_total_load_NL",
        ("A65", "A01"): "load_61b_day_ahead_forecast_NL",
        ("A75", "A16"): "generation_161bc_actual_per_psr_NL",
        ("A69", "A01"): "generation_141d_wind_solar_forecast_NL",
        ("A69", "A40"): "generation_141d_intraday_wind_solar_forecast_NL",
        ("A44", ""): "market_121d_day_ahead_prices_NL",
        ("A68", "A33"): "generation_141a_installed_capacity_NL",
    }
    name = names.get((query["documentType"], query.get("processType", "")))
    return xml(recording(f"entsoe/jl/{name}.xml").content if name else acknowledgement())


def test_a_recorded_day_goes_from_the_platform_to_the_lake_and_a_second_call_asks_for_nothing(
    serve, no_rules, tmp_path
):
    platform = serve(recorded)
    source = {"kind": "entsoe", "zones": ["NL"], "base_url": platform.url}
    workspace = Workspace(Settings.model_validate({"data_folder": tmp_path / "data", "sources": [source]}))
    day = Wanted(
        pd.Timestamp("2026-05-08T00:00Z"), pd.Timestamp("2024-09-01T22:00Z"), pd.Timestamp("2024-09-02T22:00Z")
    )
    done: Ingestion = ingest(workspace, day)
    assert not done.failed
    assert len(platform.asked) == 8
    rows = workspace.lake.observations.read({"zone": ["NL"]})
    known = as_of(rows, pd.Timestamp("2026-05-08T00:00Z"))
    of = {str(quantity): part for quantity, part in known.groupby("quantity")}
    # Read from the payloads: 96 quarters of load, the first 12156.45 MW; 24 hours of prices, the first 91.24 EUR/MWh.
    assert (len(of["load"]), len(of["price"]), len(of["solar_capacity"])) == (96, 24, 24)
    assert (of["load"]["value"].iloc[0], of["price"]["value"].iloc[0]) == (12156.45, 91.24)
    assert "solar_current" not in of
    assert len(done.warnings) == 3  # the day-ahead forecasts are the intraday ones
    kept = "".join(file.read_bytes().decode("latin-1") for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert TOKEN not in kept
    again = ingest(workspace, day)
    assert (len(platform.asked), again.new) == (8, 0)


def ahead(process: str, value: float) -> bytes:
    """A made-up forecast of solar power for the day that begins in 36 hours."""
    start = pd.Timestamp.now("UTC").floor("h") + pd.Timedelta(hours=36)
    first, last = (f"{one:%Y-%m-%dT%H:%MZ}" for one in (start, start + pd.Timedelta(hours=24)))
    return document("A69", process, FR.eic or "", [Series([Period(first, last, {1: value})], psr_type="B16")])


def test_a_newer_forecast_is_known_when_it_is_seen_and_an_official_one_when_a_back_test_knows_it(
    serve, no_rules, tmp_path
):
    """Seen twice, with a value that was changed between: the newest forecast counts from the moment, as it has no
    deadline; the official one from its deadline, in operation as in the history that models are trained on."""
    values = {"A01": 5.0, "A18": 5.0}
    platform = serve(lambda query: xml(ahead(query["processType"], values[query["processType"]])))
    chosen = ["solar_official", "solar_current"]
    source = {"kind": "entsoe", "zones": ["FR"], "quantities": chosen, "base_url": platform.url}
    workspace = Workspace(Settings.model_validate({"data_folder": tmp_path / "data", "sources": [source]}))
    counts = [ingest(workspace).new, ingest(workspace).new]
    values |= {"A18": 6.0}
    seen_again = pd.Timestamp.now("UTC")
    counts.append(ingest(workspace).new)
    assert counts == [48, 0, 24]
    rows = workspace.lake.observations.read({"zone": ["FR"]})
    newest, official = (rows[rows["quantity"] == quantity] for quantity in ("solar_current", "solar_official"))
    assert set(newest["availability"]) == {"recorded"}
    assert set(as_of(newest, seen_again)["value"]) == {5.0}
    assert set(as_of(newest, pd.Timestamp.now("UTC"))["value"]) == {6.0}
    assert set(official["availability"]) == {"assumed"}
    assert (official["available_at"] > pd.Timestamp.now("UTC")).any()
