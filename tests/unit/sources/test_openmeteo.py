"""Open-Meteo: recorded answers of its forecast, and specification examples of its archives of runs.

There are recordings of `/v1/forecast` and of the ensemble alone. What is said here of single runs, of forecasts of a
fixed age and of the service's own word on its runs follows its documentation: specification examples.
"""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders.recordings import recording

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import ZONES
from gridahead.core.tables import FETCHED, Observations
from gridahead.core.time import Clock, TimeRange, now
from gridahead.settings.services import OpenMeteoSource
from gridahead.sources.base import RawPayload
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.openmeteo import OpenMeteo
from gridahead.sources.openmeteo_hosts import Hosts
from gridahead.sources.openmeteo_runs import MODELS, RUNS
from gridahead.sources.wanted import Wanted

NOON = pd.Timestamp("2026-11-10T12:00Z")
ONE = {"DE": [{"latitude": 52.5, "longitude": 13.4}]}
TWO = {"DE": [{"latitude": 52.5, "longitude": 13.4, "weight": 3}, {"latitude": 48.1, "longitude": 11.6, "weight": 1}]}


class Service:
    """Answers in the service's place, and keeps what it was asked."""

    base_url = "https://api.open-meteo.com"

    def __init__(self, newest: str = "2026-11-10T00:00Z", at: str = "2026-11-10T06:20Z", missing: tuple[str, ...] = ()):
        self.asked: list[Request] = []
        self.newest = [(pd.Timestamp(newest), pd.Timestamp(at))]
        self.missing = missing

    def get(self, request: Request, check: Any = None) -> Answer:
        self.asked.append(request)
        if request.path.endswith("meta.json"):
            said: Any = {}
            if self.newest:
                begun, at = self.newest[0] if len(self.newest) == 1 else self.newest.pop(0)
                said["last_run_initialisation_time"] = begun.timestamp()
                said["last_run_availability_time"] = at.timestamp()
        elif request.parameters.get("run") in self.missing:
            content = recording("_documented_errors/openmeteo_400_run_unavailable.json").content
            return self._checked(Answer(content, 400, "application/json", "", NOON), check)
        else:
            said = weather(request)
        return self._checked(Answer(json.dumps(said).encode(), 200, "application/json", "", NOON), check)

    def _checked(self, answer: Answer, check: Any) -> Answer:
        if check is not None:
            check(answer)
        return answer


def weather(request: Request) -> Any:
    """An answer in the documented form: hours from midnight on, point p has p, p + 1, p + 2 and so on."""
    asked: dict[str, str] = {name: str(value) for name, value in request.parameters.items()}
    begin = pd.Timestamp(asked.get("start_date") or asked.get("run", "2026-11-10T00:00")[:10], tz="UTC")
    count = 24 * int(asked.get("forecast_days", 1))
    if "end_date" in asked:
        count = int((pd.Timestamp(asked["end_date"], tz="UTC") - begin) / pd.Timedelta(hours=1)) + 24
    times = [int(begin.timestamp()) + 3600 * hour for hour in range(count)]
    units = {"temp": "°C", "wind": "m/s", "shor": "W/m²", "clou": "%"}
    names = asked["hourly"].split(",")
    of_points = [
        {
            "utc_offset_seconds": 0,
            "hourly_units": {"time": "unixtime", **{name: units[name[:4]] for name in names}},
            "hourly": {"time": times, **{name: [point + hour for hour in range(count)] for name in names}},
        }
        for point, _ in enumerate(asked["latitude"].split(","))
    ]
    return of_points if len(of_points) > 1 else of_points[0]


def source(
    service: Service | None = None, zones: tuple[str, ...] = ("DE",), clock: Clock = now, **said: Any
) -> OpenMeteo:
    settings = OpenMeteoSource.model_validate(
        {"kind": "openmeteo", "zones": zones, "quantities": ["temperature"], "points": ONE, **said}
    )
    transport: Any = service or Service()
    return OpenMeteo(settings, [ZONES[zone] for zone in zones], transport, clock)


def fetched(one: OpenMeteo, **wanted: Any) -> list[RawPayload]:
    return list(one.fetch(Wanted(**{"now": NOON, **wanted})))


def payload_of(content: bytes, item: str = "runs", **asked: Any) -> RawPayload:
    """A payload as if it had been fetched for Berlin."""
    said = {
        "item": item,
        "zones": ["DE"],
        "status": 200,
        "parameters": {"latitude": "52.5", "longitude": "13.4", "models": "ecmwf_ifs"},
        "run": "2026-02-27T12:00+00:00",
        "available_at": None,
        **asked,
    }
    return RawPayload("openmeteo", "answer.json", content, {}, NOON, asked=said)


def of(rows: Observations, quantity: str) -> pd.DataFrame:
    return rows[rows["quantity"] == quantity].set_index("valid_time")


# -- recorded answers -----------------------------------------------------------------------------------------------


def test_a_recorded_forecast_in_local_time_is_read_at_its_instants():
    """Recorded for 2026-03-02 in Berlin, an hour ahead of UTC: 3.2 °C at 00:00 and 2.3 °C at 01:00."""
    answer = recording("openmeteo/eos_forecast.json")
    assert answer.is_genuine
    temperature = of(source().parse(payload_of(answer.content)), "temperature")
    assert temperature.index[0] == pd.Timestamp("2026-03-01T23:00Z")
    assert temperature["value"].iloc[0] == pytest.approx(2.75)
    assert set(temperature["unit"]) == {"degC"}


def test_recorded_radiation_is_of_the_hour_before_its_time():
    """487.2 W/m² at 12:00 in Berlin is the mean from 10:00 to 11:00 UTC."""
    answer = recording("openmeteo/eos_forecast.json")
    rows = source(quantities=["shortwave_radiation"]).parse(payload_of(answer.content))
    assert of(rows, "shortwave_radiation")["value"].loc[pd.Timestamp("2026-03-02T10:00Z")] == 487.2


def test_recorded_wind_in_kilometres_an_hour_is_refused():
    answer = recording("openmeteo/eos_forecast.json")
    with pytest.raises(SourceError, match="wind_speed_10m is in km/h, not in m/s as it was asked for"):
        source(quantities=["wind_speed_10m"]).parse(payload_of(answer.content))


def test_recorded_answers_of_one_hour_have_no_mean_and_give_no_row():
    for name in ("php_forecast", "php_historical"):
        answer = recording(f"openmeteo/{name}.json")
        assert source().parse(payload_of(answer.content)).empty, name


def test_a_recorded_answer_without_hourly_values_is_refused():
    for name in ("ruby_general", "ruby_general_one_model", "ruby_general_more_models", "ruby_dwd_icon"):
        content = recording(f"openmeteo/{name}.json").content
        reason = "no temperature_2m in the answer; it has weather_code"
        with pytest.raises(SourceError, match=reason):
            source().parse(payload_of(content))


def test_members_of_a_recorded_ensemble_are_series_of_their_own():
    """The recording is trimmed to one hour: a second one is added, ten degrees warmer, to have a mean."""
    answer = json.loads(recording("openmeteo/php_ensemble.json").content)
    hourly = answer["hourly"]
    time = pd.Timestamp(hourly["time"][0])
    first = {name: values[0] for name, values in hourly.items() if name != "time"}
    answer["hourly"] = {"time": [f"{time:%Y-%m-%dT%H:%M}", f"{time + pd.Timedelta(hours=1):%Y-%m-%dT%H:%M}"]}
    answer["hourly"] |= {name: [value, value + 10] for name, value in first.items()}
    begun = (time - pd.Timedelta(hours=12)).tz_localize("UTC").isoformat()
    asked = {"available_at": begun, "run": begun}
    rows = source(members=2).parse(payload_of(json.dumps(answer).encode(), "members", **asked))
    assert sorted(rows["quantity"]) == ["temperature_m01", "temperature_m02"]
    at = time.tz_localize("Europe/Amsterdam").tz_convert("UTC")
    for number in ("01", "02"):
        row = of(rows, f"temperature_m{number}").loc[at]
        assert row["value"] == pytest.approx(first[f"temperature_2m_member{number}"] + 5)
        assert row["availability"] == "recorded"


# -- what is wrong with an answer ------------------------------------------------------------------------------------


def small(**changed: Any) -> bytes:
    """Three hours from 2026-03-01T00:00Z, as the documentation has answers."""
    hourly = {"time": [1772323200 + 3600 * n for n in range(3)], "temperature_2m": [1.0, 3.0, None]}
    return json.dumps(
        {"hourly_units": {"time": "unixtime", "temperature_2m": "°C"}, "hourly": {**hourly, **changed}}
    ).encode()


def test_null_at_the_end_is_no_row():
    rows = source().parse(payload_of(small()))
    assert rows["value"].tolist() == [2.0]
    assert rows["valid_time"].tolist() == [pd.Timestamp("2026-03-01T00:00Z")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (small(temperature_2m=[1.0, 3.0]), "2 values of temperature_2m and 3 times"),
        (small(time=[1772323200, 1772326800, 1772334000]), "not an hour apart"),
        (small(temperature_2m=["a", "b", "c"]), "no numbers"),
        (b"[]", "answers for 0 points, 1 were asked"),
        (b"{}", "without hourly values"),
    ],
)
def test_a_damaged_answer_is_refused_by_its_name(content, reason):
    with pytest.raises(SourceError, match=f"answer.json: .*{reason}"):
        source().parse(payload_of(content))


def test_a_variable_may_carry_the_name_of_its_model():
    content = json.loads(small())
    content["hourly"]["temperature_2m_ecmwf_ifs"] = content["hourly"].pop("temperature_2m")
    content["hourly_units"]["temperature_2m_ecmwf_ifs"] = content["hourly_units"].pop("temperature_2m")
    assert source().parse(payload_of(json.dumps(content).encode()))["value"].tolist() == [2.0]


def test_a_point_without_a_value_is_made_up_for_by_the_others_if_they_are_half():
    """Berlin has the weight 3 and Munich 1: without Munich Berlin stands for both, without Berlin nobody does."""
    parameters = {"latitude": "52.5,48.1", "longitude": "13.4,11.6", "models": "ecmwf_ifs"}

    def mean(berlin: list[float | None], munich: list[float | None]) -> list[float]:
        points = [json.loads(small(temperature_2m=values)) for values in (berlin, munich)]
        payload = payload_of(json.dumps(points).encode(), parameters=parameters)
        return source(points=TWO).parse(payload)["value"].tolist()

    assert mean([1.0, 3.0, 5.0], [5.0, 7.0, 9.0]) == [3.0, 5.0]  # (3 × 2 + 6) / 4
    assert mean([1.0, 3.0, 5.0], [5.0, 7.0, None]) == [3.0, 4.0]
    assert mean([1.0, 3.0, None], [5.0, 7.0, 9.0]) == [3.0]


def test_points_changed_since_the_answer_was_asked_for_are_an_error():
    with pytest.raises(SourceError, match="asked for other points than the settings have now"):
        source(points=TWO).parse(payload_of(small()))


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_units_clock_and_model_are_asked_for_by_name():
    service = Service()
    fetched(source(service, points=TWO, quantities=["temperature", "wind_speed_100m"]))
    live = next(request for request in service.asked if request.path == "api/v1/forecast")
    wanted = {
        "latitude": "52.5,48.1",
        "longitude": "13.4,11.6",
        "hourly": "temperature_2m,wind_speed_100m",
        "models": "ecmwf_ifs",
        "wind_speed_unit": "ms",
        "timeformat": "unixtime",
        "timezone": "GMT",
        "forecast_days": "5",
    }
    assert dict(live.parameters) == wanted
    assert live.weight == 2  # two points, and no more than ten variables and fourteen days


def test_a_year_of_ten_variables_at_twenty_points_counts_520_times():
    """The service's own example: 365 / 14 days, 10 / 10 variables, 20 points."""
    points = {"DE": [{"latitude": 48 + n / 10, "longitude": 10} for n in range(20)]}
    names = ["temperature", "dew_point", "humidity", "cloud_cover", "pressure", "snow_depth", "wind_gusts"]
    names += ["wind_speed_10m", "wind_speed_100m", "precipitation"]
    one = source(points=points, quantities=names, vintages="hindcast", since="2024-01-01")
    jobs = [job for job in one.jobs(Wanted(NOON, end=pd.Timestamp("2024-12-31T00:00Z"))) if job.item is not RUNS]
    weight = sum(request.weight for job in jobs for request in one.ask(job.item, job.zones, job.window))
    assert weight == pytest.approx(520, rel=0.05)  # a window of a month asks for a day more than it has


def test_every_run_is_asked_for_once_and_only_when_it_is_to_be_expected():
    """At noon the run of 00:00 is to be expected, and the one of 12:00 has only begun."""
    one = source(since="2026-11-08")
    runs = [job.window.start for job in one.jobs(Wanted(NOON))]
    assert [f"{run:%d %H}" for run in runs] == ["08 00", "08 12", "09 00", "09 12", "10 00"]
    rows = [
        {"source": "openmeteo", "item": "runs", "zone": "DE", "start": run, "end": run + pd.Timedelta(hours=1)}
        for run in runs[1:]
    ]
    there = FETCHED.check(pd.DataFrame(rows).assign(retrieved_at=NOON))
    (left,) = one.jobs(Wanted(NOON, fetched=there))
    assert left.window.start == runs[0]


def test_before_the_archive_of_runs_older_forecasts_stand_for_them():
    one = source(since="2024-03-12", before_runs="previous_day2")
    jobs = one.jobs(Wanted(NOON, end=pd.Timestamp("2024-03-15T00:00Z")))
    assert [(job.item.name, str(job.window)) for job in jobs[-1:]] == [
        ("previous_day2", "[2024-03-11T23:00Z, 2024-03-14T00:00Z)")
    ]
    assert [job.window.start for job in jobs[:-1]] == [
        pd.Timestamp("2024-03-14T00:00Z"),
        pd.Timestamp("2024-03-14T12:00Z"),
    ]
    assert [job.item.name for job in source(since="2024-03-12", before_runs="none").jobs(Wanted(NOON))][-1] == "runs"


# -- vintages: specification examples ----------------------------------------------------------------------------------


def test_a_single_run_is_asked_for_by_its_beginning_and_known_after_the_delay_of_its_model():
    service = Service()
    one = source(service, since="2026-11-09")
    payload = fetched(one)[0]
    request = next(request for request in service.asked if request.path == "single-runs-api/v1/forecast")
    assert request.parameters["run"] == "2026-11-09T00:00"
    rows = one.parse(payload)
    assert set(rows["available_at"]) == {pd.Timestamp("2026-11-09T07:00Z")}
    assert set(rows["availability"]) == {"assumed"}
    assert payload.asked["run"] == "2026-11-09T00:00:00+00:00"
    assert rows["valid_time"].agg(["min", "max"]).tolist() == [
        pd.Timestamp("2026-11-09T07:00Z"),  # what it says of hours that had begun by then is no forecast
        pd.Timestamp("2026-11-12T23:00Z"),
    ]
    assert MODELS["ecmwf_ifs"].delay == pd.Timedelta(hours=7)


def test_the_newest_run_is_known_from_when_the_service_had_it():
    one = source(Service())
    rows = one.parse(fetched(one)[-1])
    assert set(rows["available_at"]) == {pd.Timestamp("2026-11-10T06:20Z")}
    assert set(rows["availability"]) == {"recorded"}
    assert set(rows["source"]) == {"openmeteo"}


def test_a_run_that_comes_while_it_is_fetched_is_not_taken_for_the_one_before():
    """Its values would seem to have been known six hours before they were."""
    service = Service()
    service.newest.append((pd.Timestamp("2026-11-10T06:00Z"), pd.Timestamp("2026-11-10T12:00Z")))
    one = source(service)
    payload = fetched(one)[-1]
    assert payload.asked["path"] == "single-runs-api/v1/forecast"
    assert payload.asked["run"] == "2026-11-10T00:00:00+00:00"
    assert set(one.parse(payload)["available_at"]) == {pd.Timestamp("2026-11-10T07:00Z")}


def test_a_run_that_is_late_is_asked_for_again():
    late = source(Service(newest="2026-11-09T12:00Z", at="2026-11-09T18:00Z"))
    assert [payload.asked["run"] for payload in fetched(late)][-1] == "2026-11-09T12:00:00+00:00"


def test_a_run_that_is_early_is_fetched_before_its_usual_delay_has_passed():
    """The run of 06:00 is usually there at 13:00; at noon the service says that it has it since 11:40."""
    early = source(Service(newest="2026-11-10T06:00Z", at="2026-11-10T11:40Z"), clock=lambda: NOON, run_hours=[6])
    last = fetched(early)[-1]
    assert last.asked["run"] == "2026-11-10T06:00:00+00:00"
    assert set(early.parse(last)["available_at"]) == {pd.Timestamp("2026-11-10T11:40Z")}
    just_there = source(Service(newest="2026-11-10T06:00Z", at="2026-11-10T11:55Z"), clock=lambda: NOON, run_hours=[6])
    assert fetched(just_there)[-1].asked["run"] == "2026-11-09T06:00:00+00:00"  # not all of its servers have it


def test_without_a_word_of_the_service_a_run_is_asked_for_after_its_usual_delay():
    service = Service()
    service.newest = []  # its answer is damaged
    for instant, last in (("2026-11-10T12:59Z", "2026-11-09T06:00"), ("2026-11-10T13:00Z", "2026-11-10T06:00")):
        one = source(service, clock=partial(pd.Timestamp, instant), run_hours=[6])
        runs = [payload.asked["run"] for payload in fetched(one, now=pd.Timestamp(instant))]
        assert str(runs[-1]).startswith(last)


def test_a_recent_run_that_the_service_does_not_have_is_no_gap_yet():
    one = source(Service(missing=("2026-11-09T12:00", "2026-10-01T12:00")), clock=lambda: NOON, since="2026-10-01")
    payloads = fetched(one)
    runs = [payload.asked["run"] for payload in payloads]
    assert "2026-11-09T12:00:00+00:00" not in runs
    gap = next(payload for payload in payloads if payload.asked["run"] == "2026-10-01T12:00:00+00:00")
    assert one.parse(gap).empty
    assert gap.completes


@pytest.mark.parametrize(
    ("policy", "hour", "known"),
    [
        # 05:00 to 06:00 of the 9th: at its end the newest run two days old began at 06:00 of the 7th.
        ("previous_day2", "2026-11-09T05:00Z", "2026-11-07T13:00Z"),
        ("previous_day2", "2026-11-09T04:00Z", "2026-11-07T07:00Z"),
        # The optimistic bound: at the first midnight in Berlin of the day before.
        ("previous_day1", "2026-11-09T22:00Z", "2026-11-07T23:00Z"),
        ("hindcast", "2026-11-09T04:00Z", "2026-11-09T07:00Z"),
        ("reanalysis", "2026-10-09T04:00Z", "2026-10-14T05:00Z"),
    ],
)
def test_weather_of_a_fixed_age_is_known_from_when_its_run_was(policy, hour, known):
    one = source(vintages=policy, since=hour[:10])
    payload = next(payload for payload in fetched(one) if payload.asked["item"] == policy)
    rows = of(one.parse(payload), "temperature")
    assert rows.loc[pd.Timestamp(hour), "available_at"] == pd.Timestamp(known)
    assert set(rows["source"]) == {f"openmeteo {policy}"}
    assert set(rows["availability"]) == {"assumed"}


def test_forecasts_of_a_fixed_age_are_never_used_before_their_run_but_for_the_optimistic_bound():
    one = source(vintages="previous_day2", since="2026-11-01")
    rows = one.parse(next(payload for payload in fetched(one) if payload.asked["item"] == "previous_day2"))
    gate = rows["valid_time"].dt.normalize() - pd.Timedelta(hours=14)  # 10:00 UTC of the day before
    assert (rows["available_at"] <= gate).all()
    names = {request.parameters["hourly"] for request in one.transport.asked if "previous" in request.path}  # type: ignore[attr-defined]
    assert names == {"temperature_2m_previous_day2"}


def test_of_the_ensemble_the_newest_run_alone_is_asked_for():
    service = Service()
    payloads = fetched(source(service, members=2, since="2026-11-08"))
    members = [payload for payload in payloads if payload.asked["item"] == "members"]
    (request,) = (request for request in service.asked if request.path == "ensemble-api/v1/ensemble")
    assert [payload.asked["run"] for payload in members] == ["2026-11-10T00:00:00+00:00"]
    assert request.parameters["models"] == "ecmwf_ifs025"
    metas = [request.path for request in service.asked if "meta.json" in request.path]
    assert "api/data/ecmwf_ifs025_ensemble/static/meta.json" in metas
    late = Service(newest="2026-11-09T12:00Z", at="2026-11-09T18:00Z")
    assert {payload.asked["item"] for payload in fetched(source(late, members=2))} == {"runs"}


# -- errors and limits: the texts of the service's own source ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "reason", "again"),
    [
        ("400_date_range", 400, "out of allowed range from 2016-01-01", False),
        ("429_minutely", 429, "Minutely API request limit exceeded", True),
        ("429_concurrent", 429, "Too many concurrent requests", True),
        ("429_hourly", 429, "Hourly API request limit exceeded.*next ingest", False),
        ("429_daily", 429, "Daily API request limit exceeded.*next ingest", False),
    ],
)
def test_an_error_says_what_the_service_says(name, status, reason, again):
    content = recording(f"_documented_errors/openmeteo_{name}.json").content
    with pytest.raises(SourceError, match=reason) as caught:
        source().check(Answer(content, status, "application/json", "", NOON))
    assert caught.value.retryable is again


def settings_of(**said: Any) -> OpenMeteoSource:
    return OpenMeteoSource.model_validate({"kind": "openmeteo", "zones": ["DE"], **said})


def test_customers_have_hosts_and_a_key_of_their_own(monkeypatch):
    monkeypatch.setenv("OPENMETEO_API_KEY", "hush")
    free, paid = Hosts(settings_of()), Hosts(settings_of(customer=True))
    assert free._of(free._addresses["single-runs-api"]).base_url == "https://single-runs-api.open-meteo.com"
    assert paid._of(paid._addresses["single-runs-api"]).base_url == "https://customer-single-runs-api.open-meteo.com"
    assert (free.secret.values, paid.secret.values) == ((), ("hush",))
    assert "non-commercial" in settings_of().info.note


def test_all_hosts_count_against_one_limit():
    hosts = Hosts(settings_of())
    assert {hosts._of(address).limited_as for address in hosts._addresses.values()} == {"api.open-meteo.com"}


def test_an_installation_of_ones_own_is_asked_for_everything():
    hosts = Hosts(settings_of(base_url="http://127.0.0.1:8080/{host}"))
    assert hosts._addresses["previous-runs-api"] == "http://127.0.0.1:8080/previous-runs-api"


def test_a_zone_without_points_says_how_to_name_them():
    with pytest.raises(SettingsError, match=r"where is the weather of zone 'XX'.*points = \{XX = "):
        OpenMeteo(settings_of(points={}), [replace(ZONES["DE"], code="XX")], Service())  # type: ignore[arg-type]


def test_a_model_whose_delay_is_not_known_asks_for_it():
    with pytest.raises(SettingsError, match="delay_minutes"):
        source(model="icon_seamless")
    assert source(model="icon_seamless", delay_minutes=240).model.delay == pd.Timedelta(hours=4)


def test_the_same_window_is_not_wanted_of_two_zones_at_once():
    one = source(zones=("DE", "FR"), points={})
    assert {zone.code for job in one.jobs(Wanted(NOON)) for zone in job.zones} == {"DE", "FR"}
    window = TimeRange(NOON, NOON + pd.Timedelta(days=1))
    assert np.isfinite([request.weight for request in one.ask(one.items[2], one.zones[:1], window)]).all()
