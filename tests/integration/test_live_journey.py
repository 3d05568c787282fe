"""From an empty folder to tomorrow's forecast, as a user goes, by the commands that `init zone` names.

The services are answered for by generators on this machine: synthetic histories in their formats, no recordings.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from builders.american_generators import isone
from builders.generators import HOUR, entsoe, values
from builders.replay import Asked, Host
from builders.services import limits
from builders.weather_generators import openmeteo, weather
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.grid import Series
from gridahead.core.time import now
from gridahead.core.weather_points import weather_points
from gridahead.features.windows import build_windows
from gridahead.models.base import predict_each
from gridahead.settings.file import load_settings
from gridahead.workspace import Workspace

pytestmark = pytest.mark.server  # that answers as services do

TOKEN = "2f9c1d7e-journey-token-4711"
PARIS = "Europe/Paris"
SMALL = """
epochs = 1
validation_days = 28
context_days = 8
refit = false

[models.gru]
hidden = 12
decoder_hidden = 8
members = 1
"""
"""What follows the last section that `init zone` writes, `[training]`."""


def present_of(timezone: str) -> pd.Timestamp:
    """The last 11:30 of a zone: the present of a service that has nothing later, whatever the hour of the test is.

    Half an hour after the deadline the auction of tomorrow is not held yet, and its official forecast is there.
    """
    day = (now().tz_convert(timezone) - pd.Timedelta(hours=11.5)).normalize()
    return (day + pd.DateOffset(hours=11, minutes=30)).tz_convert("UTC")


@dataclass(frozen=True)
class Journey:
    """A folder after the whole way, and what was said and asked on it."""

    folder: Path
    present: pd.Timestamp
    """The newest instant of which the services know."""
    said: dict[str, str]
    """By command what it said."""
    again: Sequence[Asked]
    """What a second back-fill asked."""

    @property
    def workspace(self) -> Workspace:
        """The folder as use cases see it."""
        return Workspace(load_settings(self.folder / "settings.toml"))

    def manifest(self, series: str) -> dict[str, str]:
        """What is said of the newest forecast."""
        found: dict[str, str] = json.loads((self.published(series) / "latest.json").read_text())
        return found

    def published(self, series: str) -> Path:
        """Where the forecasts of a series are."""
        return self.folder / "data" / "published" / series.replace("/", ".")


def travelled(folder: Path, host: Host, init: str, edits: Mapping[str, str], present: pd.Timestamp) -> Journey:
    """The way of a user: `init zone`, some of the settings edited, then the commands that it has named.

    Args:
        folder: an empty one.
        host: the services.
        init: what follows `gridahead init zone`.
        edits: what stands for what, wherever it does in the settings that were written.
        present: the newest instant of which the services know.
    """
    home = Path.cwd()
    os.chdir(folder)
    try:
        said = {"init": command("init", "zone", *init.split())}
        settings = Path("settings.toml")
        text = settings.read_text()
        changes = {"deadline = ": 'models = ["gru"]\ndeadline = ', "workers = 2": "workers = 1"}
        # The services of this test have nothing after their own present, so that now is the end of the data.
        for old, new in {'mode = "live"': 'mode = "demo"', **changes, **edits}.items():
            assert old in text, text
            text = text.replace(old, new)
        settings.write_text(text + SMALL)
        steps = re.findall(r"^  gridahead (.+)$", said["init"], flags=re.MULTILINE)
        said |= {step: command(*step.split()) for step in (*steps, "status")}
        before = len(host.asked)
        said["backfill again"] = command("backfill")
        return Journey(folder, present, said, host.asked[before:])
    finally:
        os.chdir(home)


def at(host: Host, kind: str, path: str = "") -> dict[str, str]:
    """The edit by which a service of the settings is this host."""
    kind_line = f'kind = "{kind}" #'
    return {kind_line: f'base_url = "{host.url}{path}"\n{kind_line}'}


def months_before(present: pd.Timestamp, months: int) -> str:
    """A day so long before the present, as the command line takes it."""
    return f"{present - pd.DateOffset(months=months):%Y-%m-%d}"


def command(*arguments: str) -> str:
    """What `gridahead ARGUMENTS` says; it has to end well."""
    ended = CliRunner().invoke(app, arguments)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.fixture(scope="module")
def france(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """Load and price of France from ENTSO-E, fourteen months; what its wind made is an input of load."""
    present = present_of(PARIS)
    init = f"FR --source entsoe --quantities load,price --since {months_before(present, 14)}"
    with pytest.MonkeyPatch.context() as patch, Host([entsoe(lambda: present)], token=TOKEN) as host:
        patch.setenv("ENTSOE_TOKEN", TOKEN)
        edits = at(host, "entsoe") | {
            "quantities = [": 'quantities = ["wind_onshore", ',
            'series = "FR/load"': f'series = "FR/load"\npast_covariates = ["{WIND}"]',
        }
        yield travelled(tmp_path_factory.mktemp("france"), host, init, edits, present)


FORECAST, WIND = ("FR/load", "FR/price"), "FR/wind_onshore"


def test_the_next_commands_are_those_that_lead_to_a_forecast(france: Journey) -> None:
    assert list(france.said)[1:5] == ["backfill", "train", "forecast", "report"]
    assert "https://transparency.entsoe.eu" in france.said["init"] and "ENTSOE_TOKEN" in france.said["init"]


@pytest.mark.parametrize("series", [*FORECAST, WIND])
def test_the_lake_has_what_the_service_said(france: Journey, series: str) -> None:
    zone, quantity = series.split("/")
    rows = france.workspace.lake.read_accepted(Series.parse(series))
    hourly = rows[rows["valid_time"] < pd.Timestamp("2025-10-01", tz=PARIS)] if quantity == "price" else rows
    assert np.allclose(hourly["value"], values(zone, quantity, pd.DatetimeIndex(hourly["valid_time"])))
    assert rows["valid_time"].min() == pd.Timestamp(months_before(france.present, 14), tz=PARIS)


@pytest.mark.parametrize("series", FORECAST)
def test_the_forecast_is_for_tomorrow_in_the_time_of_the_zone(france: Journey, series: str) -> None:
    """As of today's 11:00, an hour before the auction closes; of nothing that usually is there, anything is missing."""
    today = france.present.tz_convert(PARIS).normalize()
    manifest = france.manifest(series)
    assert pd.Timestamp(manifest["issue_time"]) == today + pd.DateOffset(hours=11)
    assert manifest["rung"] == "full"
    table = pd.read_csv(france.published(series) / "latest.csv")
    tomorrow = pd.date_range(today + pd.DateOffset(days=1), today + pd.DateOffset(days=2), freq="h", inclusive="left")
    if series == "FR/price":  # in quarters, as the auction has been since October 2025
        tomorrow = pd.date_range(tomorrow[0], periods=4 * len(tomorrow), freq="15min")
    assert list(table[f"start ({PARIS})"].str[:16]) == list(tomorrow.strftime("%Y-%m-%dT%H:%M"))
    assert table.filter(regex=r"^P\d\d").notna().all(axis=None)


@pytest.mark.parametrize("series", FORECAST)
def test_the_forecast_was_made_from_what_was_known_at_the_issue_time(france: Journey, series: str) -> None:
    """Whatever came later may say anything: the published quantiles stay."""
    workspace, tested = france.workspace, Series.parse(series)
    champion = workspace.registry.champion(tested)
    spec, observations = workspace.inputs(tested)
    day = france.present.tz_convert(PARIS).date() + pd.Timedelta(days=1)
    poisoned = observations.copy()
    later = poisoned["available_at"] > spec.deadline.for_delivery(day)
    assert later.any()
    poisoned.loc[later, "value"] = 1e9
    windows = build_windows(poisoned, spec, [day])
    ahead = predict_each(champion.model, windows)[0][windows.delivery[0]]
    published = pd.read_csv(france.published(series) / "latest.csv").filter(regex=r"^P\d\d").to_numpy()
    assert np.allclose(published, ahead, rtol=1e-4, atol=0.6)


def test_load_is_known_until_an_hour_before_the_issue_time_and_the_official_forecast_for_tomorrow(
    france: Journey,
) -> None:
    """The hour from 9:00 ends at 10:00 and is there at 11:00."""
    spec, observations = france.workspace.inputs(Series("FR", "load"))
    today = france.present.tz_convert(PARIS).normalize()
    windows = build_windows(observations, spec, [today.date() + pd.Timedelta(days=1)])
    past, issued = windows.target_past[0], pd.DateOffset(hours=11)
    times = pd.date_range(end=today + issued, periods=len(past) + 1, freq="h", inclusive="left").tz_convert("UTC")
    assert list(np.flatnonzero(np.isnan(past))) == [len(past) - 1]
    assert np.allclose(past[:-1], values("FR", "load", times[:-1]), rtol=1e-5)
    tomorrow = pd.to_datetime(windows.valid_time[0][windows.delivery[0]], unit="us", utc=True)
    ahead = windows.input_ahead("FR/load_official")[0][windows.delivery[0]]
    assert np.allclose(ahead, values("FR", "load_official", tomorrow), rtol=1e-5)


def test_page_and_files_name_the_licence(france: Journey) -> None:
    licence = "Data: ENTSO-E Transparency Platform, CC BY 4.0"
    page = (france.folder / "data/published/report.html").read_text()
    assert licence in page
    assert all(title in page for title in ("Load FR", "Day-ahead price FR"))
    assert [france.manifest(series)["attribution"] for series in FORECAST] == [licence] * 2
    cards = [path.read_text() for path in france.folder.rglob("*card*.html")]
    assert cards and all(licence in card for card in cards)


def test_status_is_in_order(france: Journey) -> None:
    assert "✓" in france.said["status"] and "✗" not in france.said["status"], france.said["status"]


def test_a_second_backfill_asks_for_nothing_that_is_settled(france: Journey) -> None:
    """Values of the last three days may be revised yet, and are asked for again."""
    begins = [pd.Timestamp(f"{one.query['periodStart'][:8]}T{one.query['periodStart'][8:]}Z") for one in france.again]
    assert begins and min(begins) > now() - pd.Timedelta(days=4)
    assert "up to date" in france.said["backfill again"]


def test_the_token_is_nowhere(france: Journey) -> None:
    require_absent(TOKEN, france)


def require_absent(secret: str, journey: Journey) -> None:
    """It is in no file, in no payload as it was before it was packed, and in nothing that was said."""
    archive = journey.workspace.lake.archive
    payloads = [archive.read(name) for name in archive.payloads()]
    files = [path.read_bytes() for path in journey.folder.rglob("*") if path.is_file()]
    assert payloads and not [content[:100] for content in [*payloads, *files] if secret.encode() in content]
    assert not [step for step, text in journey.said.items() if secret in text]


# -- weather --------------------------------------------------------------------------------------------------------

WEATHER = tuple(f"FR/{name}" for name in ("temperature", "wind_speed_100m"))


@pytest.fixture(scope="module")
def weathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """Load of France with the runs of a weather model, four months, a run a day."""
    present = present_of(PARIS)
    init = f"FR --source entsoe --source openmeteo --since {months_before(present, 4)}"
    answers = [entsoe(lambda: present), openmeteo(lambda: present)]
    with pytest.MonkeyPatch.context() as patch, limits(kind="openmeteo"), Host(answers) as host:
        patch.setenv("ENTSOE_TOKEN", TOKEN)
        edits = at(host, "entsoe") | at(host, "openmeteo", "/{host}")
        edits['kind = "openmeteo" #'] += (
            ' one run a day\nrun_hours = [0]\nquantities = ["temperature", "wind_speed_100m"] #'
        )
        edits[', "FR/wind_speed_10m", "FR/shortwave_radiation", "FR/cloud_cover"]'] = ']\nweather = ["degrees"]'
        yield travelled(tmp_path_factory.mktemp("weathered"), host, init, edits, present)


@pytest.mark.long
def test_weather_is_read_ahead_as_the_newest_run_at_the_issue_time_has_it(weathered: Journey) -> None:
    """At 11:00 in Paris the run of midnight is there; of an hour the mean of its two ends counts."""
    spec, observations = weathered.workspace.inputs(Series("FR", "load"))
    today = weathered.present.tz_convert(PARIS).normalize()
    windows = build_windows(observations, spec, [today.date() + pd.Timedelta(days=1)])
    hours = pd.to_datetime(windows.valid_time[0][windows.delivery[0]], unit="us", utc=True)
    places = weather_points()["FR"]
    for series, variable in zip(WEATHER, ("temperature_2m", "wind_speed_100m"), strict=True):
        run = weathered.present.floor("D")
        of_places = [
            (weather(variable, place.latitude, run, hours) + weather(variable, place.latitude, run, hours + HOUR)) / 2
            for place in places
        ]
        expected = np.average(of_places, axis=0, weights=[place.weight for place in places])
        assert np.allclose(windows.input_ahead(series)[0][windows.delivery[0]], expected, atol=1e-3), series


@pytest.mark.long
def test_the_champion_has_learnt_from_weather_and_the_page_names_who_gave_it(weathered: Journey) -> None:
    assert set(WEATHER) < set(weathered.manifest("FR/load")["inputs"])
    assert weathered.manifest("FR/load")["rung"] == "full"
    page = (weathered.folder / "data/published/report.html").read_text()
    assert "Weather: Open-Meteo.com, CC BY 4.0" in page and "Data: ENTSO-E" in page
    assert "non-commercial" in weathered.said["init"]
    assert "✗" not in weathered.said["status"], weathered.said["status"]


@pytest.mark.long
def test_no_run_is_asked_for_twice(weathered: Journey) -> None:
    assert not [one.target for one in weathered.again if one.path.endswith("/v1/forecast")]


# -- New England ----------------------------------------------------------------------------------------------------

NEW_ENGLAND = "America/New_York"
USER, PASSWORD = "journey@example.org", "journey-password-4711"


@pytest.fixture(scope="module")
def new_england(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """Load of New England with every vintage of its operator's forecast, four months."""
    present = present_of(NEW_ENGLAND)
    init = f"ISNE --source isone --since {months_before(present, 4)}"
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    with (
        pytest.MonkeyPatch.context() as patch,
        limits(kind="isone"),
        Host([isone(lambda: present)], token=basic) as host,
    ):
        patch.setenv("ISONE_USER", USER)
        patch.setenv("ISONE_PASSWORD", PASSWORD)
        yield travelled(tmp_path_factory.mktemp("new_england"), host, init, at(host, "isone"), present)


@pytest.mark.long
def test_new_england_is_forecast_by_its_own_clock_from_the_vintage_of_that_morning(new_england: Journey) -> None:
    """An hour before the auction closes at 10:30; the forecast of 4:00 is there, that of 10:00 is not."""
    today = new_england.present.tz_convert(NEW_ENGLAND).normalize()
    manifest = new_england.manifest("ISNE/load")
    assert pd.Timestamp(manifest["issue_time"]) == today + pd.DateOffset(hours=9, minutes=30)
    table = pd.read_csv(new_england.published("ISNE/load") / "latest.csv")
    tomorrow = today + pd.DateOffset(days=1)
    assert table[f"start ({NEW_ENGLAND})"].iloc[0].startswith(f"{tomorrow:%Y-%m-%d}T00:00-")
    spec, observations = new_england.workspace.inputs(Series("ISNE", "load"))
    windows = build_windows(observations, spec, [tomorrow.date()])
    hours = pd.to_datetime(windows.valid_time[0][windows.delivery[0]], unit="us", utc=True)
    ahead = windows.input_ahead("ISNE/load_official")[0][windows.delivery[0]]
    # Of five vintages the second; each is 0.2 % nearer to the last.
    assert np.allclose(ahead, values("ISNE", "load_official", hours) * 1.006, atol=1)


@pytest.mark.long
def test_new_england_is_named_in_order_and_keeps_its_password(new_england: Journey) -> None:
    page = (new_england.folder / "data/published/report.html").read_text()
    assert "Data: ISO New England Inc." in page
    assert "✗" not in new_england.said["status"], new_england.said["status"]
    require_absent(PASSWORD, new_england)


@pytest.mark.long
def test_settled_days_of_new_england_are_not_asked_for_again(new_england: Journey) -> None:
    days = [pd.Timestamp(one.path[-8:], tz=NEW_ENGLAND) for one in new_england.again]
    assert days and min(days) > now() - pd.Timedelta(days=5)
