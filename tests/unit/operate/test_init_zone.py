"""Settings for a zone, from its code alone: which service is asked for what, and by when it is forecast."""

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from gridahead.cli.main import app
from gridahead.core.errors import SettingsError
from gridahead.core.grid import ZONES, Series
from gridahead.core.time import Deadline
from gridahead.operate import init_zone
from gridahead.operate.init_zone import Wishes, catalogue_lines, init_zones, since_of, zone_of
from gridahead.settings.file import load_settings
from gridahead.settings.source_catalogue import SOURCE_INFOS, Key
from gridahead.sources.offers import Offer, offers_of

CHARTS = Wishes(sources=("energy_charts",))


def written(folder, *codes, wishes=CHARTS, add=False, force=False):
    """The settings of some zones, and what was said of them."""
    done = init_zones(codes, wishes, folder / "settings.toml", "gridahead init zone", add=add, force=force)
    return load_settings(folder / "settings.toml"), done


def deadlines(settings):
    """The deadline of every series, as text."""
    return {str(entry.series): str(entry.deadline) for entry in settings.series}


def test_a_code_is_enough(tmp_path):
    settings, done = written(tmp_path, "FR")
    (source,) = settings.sources
    assert (source.kind, source.zone_codes) == ("energy_charts", ("FR",))
    assert source.quantities == ("load", "load_official")
    assert deadlines(settings) == {"FR/load": "D-1T1100[Europe/Paris]"}
    assert done.series == [Series("FR", "load")]
    for told in ("France", "10YFR-RTE------C", "No key is needed", "Data: energy-charts.info", "wind_onshore"):
        assert told in done.text, told


def test_several_zones_are_asked_of_one_service(tmp_path):
    settings, _ = written(tmp_path, "FR", "BE", "FR")
    assert [source.zone_codes for source in settings.sources] == [("FR", "BE")]
    assert list(deadlines(settings)) == ["FR/load", "BE/load"]


def test_wishes_decide(tmp_path):
    wishes = Wishes(("energy_charts",), ("solar", "wind_onshore"), dt.date(2022, 6, 1))
    settings, _ = written(tmp_path, "DE", wishes=wishes)
    (source,) = settings.sources
    assert source.since == dt.date(2022, 6, 1)
    assert set(source.quantities) == {
        "solar",
        "solar_official",
        "wind_onshore",
        "wind_onshore_official",
        "load_official",
    }
    assert list(deadlines(settings)) == ["DE/solar", "DE/wind_onshore"]


def test_a_forecast_that_comes_after_our_deadline_is_not_read_for_load(tmp_path):
    """EU law: load two hours before the gate closes at 12:00, wind and solar power by 18:00."""
    settings, _ = written(tmp_path, "DE")
    assert not settings.series[0].future_covariates
    assert "solar_official" not in settings.sources[0].quantities


def test_a_zone_is_added_to_settings_that_are_there(tmp_path):
    written(tmp_path, "FR")
    with pytest.raises(SettingsError, match="--add"):
        written(tmp_path, "BE")
    settings, done = written(tmp_path, "BE", add=True)
    assert done.added
    assert list(deadlines(settings)) == ["FR/load", "BE/load"]
    same, _ = written(tmp_path, "BE", add=True)  # nothing is there twice
    assert deadlines(same) == deadlines(settings)
    assert len(same.sources) == len(settings.sources) == 2
    anew, _ = written(tmp_path, "AT", force=True)
    assert list(deadlines(anew)) == ["AT/load"]


@pytest.mark.parametrize(
    ("said", "answered"),
    [("france", "FR (France)"), ("DK3", "DK1"), ("Kyushu", "JP-KY (Kyushu)"), ("pjn", "PJM (PJM Interconnection)")],
)
def test_an_unknown_code_is_answered_with_near_ones_and_all_of_them(said, answered):
    with pytest.raises(SettingsError) as refused:
        zone_of(said)
    assert answered in str(refused.value).partition("Known:")[0]
    assert "NSW1" in str(refused.value).partition("Known:")[2]


def test_a_code_may_be_in_small_letters():
    assert zone_of(" it-nord ") is ZONES["IT-NORD"]


@pytest.mark.parametrize(
    ("codes", "wishes", "said"),
    [
        (["FR"], Wishes(sources=("energycharts",)), "did you mean 'energy_charts'?"),
        (["NSW1"], CHARTS, "NSW1"),
        (["FR"], Wishes(("energy_charts",), ("nuclear",)), "no service has FR/nuclear"),
        (["FR"], Wishes(("energy_charts",), ("laod",)), "did you mean 'load'?"),
    ],
)
def test_what_no_service_has_is_refused_and_nothing_is_written(tmp_path, codes, wishes, said):
    with pytest.raises(SettingsError, match=said.replace("?", "[?]")):
        written(tmp_path, *codes, wishes=wishes)
    assert not (tmp_path / "settings.toml").exists()


@pytest.mark.parametrize(("text", "day"), [("2022", dt.date(2022, 1, 1)), ("2022-06-05", dt.date(2022, 6, 5))])
def test_history_begins_with_a_year_or_a_day(text, day):
    assert since_of(text) == day


def test_what_is_no_day_is_refused():
    with pytest.raises(SettingsError, match="is no year and no day"):
        since_of("soon")


@pytest.mark.parametrize(
    ("code", "deadline"),
    [
        ("FI", "D-1T1200[Europe/Helsinki]"),  # the auction closes at 12:00 in Brussels, 13:00 in Helsinki
        ("PT", "D-1T1000[Europe/Lisbon]"),
        ("GB", "D-1T0850[Europe/London]"),
        ("MISO", "D-1T0830[Etc/GMT+5]"),  # 10:30 in New York is 9:30 standard time in summer
        ("NYIS", "D-1T0400[America/New_York]"),
        ("AESO", "D-1T1100[America/Edmonton]"),  # no auction
    ],
)
def test_a_zone_is_forecast_an_hour_before_its_auction_by_its_own_clock(code, deadline):
    assert init_zone._deadline(ZONES[code])[0] == Deadline.parse(deadline)


def test_every_service_says_itself_which_zones_it_has():
    assert "energy_charts" in [offer.kind for offer in offers_of(ZONES["FR"])]
    assert "energy_charts" not in [offer.kind for offer in offers_of(ZONES["JP-TK"])]


# -- services that are not there yet ----------------------------------------------------------------------------------


@pytest.fixture
def other_services(monkeypatch):
    """Energy-Charts beside a service with a key whose forecasts tell their time, and one of weather."""
    info = SOURCE_INFOS["energy_charts"]
    key = Key(("GRID_TOKEN",), "https://grid.example/register")
    grid = replace(info, kind="grid", title="Grid", key=key, note="")
    offers = [
        Offer(grid, ("load", "load_official", "solar_official"), (), {}),
        Offer(info, ("load",), (), {}),
        Offer(
            replace(info, kind="sky", note="For non-commercial use only."),
            ("temperature", "dew_point"),
            ("temperature",),
            {},
        ),
    ]
    monkeypatch.setattr(init_zone, "offers_of", lambda zone: offers)
    monkeypatch.setattr(init_zone, "SERVICES", {"grid": "", "energy_charts": "", "sky": ""})
    monkeypatch.setattr(init_zone, "write_settings", lambda target, text, before: target.write_text(text))


def text_of(folder, wishes):
    """The settings file as it is written; nothing reads it, as the services are invented."""
    return init_zones(["FR"], wishes, folder / "settings.toml", "gridahead init zone FR", add=False, force=False)


def test_a_service_that_needs_a_key_gives_way_to_one_that_answers_at_once(tmp_path, other_services):
    done = text_of(tmp_path, Wishes())
    assert list(done.sources) == ["energy_charts", "sky"]
    assert 'future_covariates = ["FR/temperature"]' in done.text
    assert any("non-commercial" in note for note in done.notes)


def test_a_service_that_is_asked_for_says_where_its_key_comes_from(tmp_path, other_services):
    done = text_of(tmp_path, Wishes(("grid",)))
    assert list(done.sources) == ["grid"]
    assert 'future_covariates = ["FR/solar_official"]' in done.text  # it tells when each was published
    assert done.notes == [
        "Grid needs a key. Get one at https://grid.example/register, and set GRID_TOKEN in the environment."
    ]
    assert "sky: temperature, dew_point" in done.text  # said, though not asked


def test_how_long_the_history_of_weather_takes_is_said(tmp_path, monkeypatch):
    """From 14 March 2024 on, when runs began to be kept, 730 days of two runs at 7 points, at 9000 calls a day."""
    monkeypatch.setattr(init_zone, "now", lambda: pd.Timestamp("2026-03-14T12:00Z"))
    for since, told in ((dt.date(2020, 1, 1), True), (dt.date(2026, 3, 1), False)):
        _, done = written(tmp_path, "FR", wishes=Wishes(("energy_charts", "openmeteo"), (), since), force=True)
        assert any("take about 1.1 days" in note for note in done.notes) == told


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_ends_with_the_next_ones(tmp_path):
    target = tmp_path / "fr.toml"
    told = CliRunner().invoke(app, ["init", "zone", "FR", "--source", "energy_charts", "-o", str(target)])
    assert told.exit_code == 0, told.output
    steps = [line.split()[1] for line in told.output.splitlines() if line.startswith("  gridahead")]
    assert steps == ["backfill", "train", "forecast", "report"]
    assert f"--settings {target}" in told.output
    assert load_settings(target).series[0].series == Series("FR", "load")


def test_the_command_tells_programs(tmp_path):
    target = tmp_path / "fr.toml"
    command = [
        "init",
        "zone",
        "FR",
        "--source=energy_charts",
        "--quantities=load,price",
        "--since=2021",
        "-o",
        str(target),
    ]
    said = json.loads(CliRunner().invoke(app, [*command, "--json"]).output)
    assert said["sources"] == {"energy_charts": "Data: energy-charts.info, Fraunhofer ISE"}
    assert said["series"] == ["FR/load", "FR/price"]
    assert said["keys"] == []


def test_the_list_is_of_all_zones_or_of_those_with_a_word():
    assert len(list(catalogue_lines())) == len(ZONES)
    assert [line.split()[0] for line in catalogue_lines(["kyushu", "Okinawa"])] == ["JP-KY", "JP-ON"]
