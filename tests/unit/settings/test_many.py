"""Many zones and series from few lines: the zone table, patterns, exceptions, and what is wrong with them."""

import pytest

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.core.time import Deadline
from gridahead.settings.file import parse_settings

TABLE = """\
code,timezone,country,group,latitude,longitude,name_in_files
ALPHA,America/New_York,US,east,40.7,-74.0,Alpha & Sons
BETA,America/Chicago,US,mid,,,
GAMMA,America/New_York,US,east,,,
"""
SETTINGS = """\
data_folder = "data"
zone_table = "zones.csv"
[[sources]]
kind = "file"
path = "load.csv"
value_column = "{zone}"
quantity = "load"
time_column = "time"
timezone = "UTC"
"""
ALL = '[[series]]\nseries = "*/load"\ndeadline = "D-1T1000[local]"\n'


@pytest.fixture
def read(tmp_path):
    """Settings with more lines, beside a zone table."""

    def settings(more=ALL, table=TABLE, begin=SETTINGS):
        (tmp_path / "zones.csv").write_text(table, encoding="utf-8")
        return parse_settings(begin + more, tmp_path / "settings.toml")

    return settings


def names(settings):
    return [str(entry.series) for entry in settings.series]


def test_a_pattern_is_a_block_for_each_zone_of_the_table_with_a_deadline_by_its_own_clock(read):
    settings = read()
    assert names(settings) == ["ALPHA/load", "BETA/load", "GAMMA/load"]
    deadlines = [str(entry.deadline) for entry in settings.series]
    assert deadlines == ["D-1T1000[America/New_York]", "D-1T1000[America/Chicago]", "D-1T1000[America/New_York]"]
    assert settings.zone("BETA").timezone == "America/Chicago"
    assert settings.place_of("ALPHA") == (40.7, -74.0)
    assert settings.place_of("BETA") is None
    assert settings.name_in_files("ALPHA") == "Alpha & Sons"
    assert settings.name_in_files("BETA") == "BETA"


def test_what_stands_nearer_to_one_series_counts(read):
    more = """
[[series]]
series = "BETA/load"
deadline = "D-2T0900[local]"
[[series]]
series = "*/load"
group = "east"
deadline = "D-1T1100[local]"
unit = "GW"
"""
    settings = read(ALL + more)
    by_name = {str(entry.series): entry for entry in settings.series}
    assert sorted(by_name) == ["ALPHA/load", "BETA/load", "GAMMA/load"]
    assert by_name["BETA/load"].deadline == Deadline.parse("D-2T0900[America/Chicago]")
    assert by_name["BETA/load"].unit is None
    assert [by_name[f"{zone}/load"].unit for zone in ("ALPHA", "GAMMA")] == ["GW", "GW"]


def test_a_zone_of_the_settings_says_more_than_its_row_of_the_table(read):
    settings = read('[[zones]]\ncode = "BETA"\ntimezone = "America/Denver"\n' + ALL)
    assert settings.zone("BETA").timezone == "America/Denver"
    assert settings.zone("BETA").country == "US"
    assert str(settings.series_settings(Series("BETA", "load")).deadline) == "D-1T1000[America/Denver]"


def test_series_are_left_out_by_name_and_covariates_are_of_their_own_zone(read):
    weather = '[[sources]]\nkind = "file"\npath = "weather/{zone}.csv"\ntime_column = "time"\ntimezone = "UTC"\n'
    weather += 'covariates = [{column = "t", name = "temperature", unit = "°C", known_ahead = true}]\n'
    more = ALL + 'leave_out = ["GAM*/load"]\nfuture_covariates = ["{zone}/temperature"]\n'
    settings = read(more, begin=SETTINGS + weather)
    assert names(settings) == ["ALPHA/load", "BETA/load"]
    assert settings.series[1].future_covariates == (Series("BETA", "temperature"),)


def test_a_shared_network_has_the_series_of_its_pattern_and_group(read):
    shared = '[[shared]]\nname = "one"\nmodel = "gru"\nseries = ["*/load"]\ngroup = "east"\n'
    (one,) = read(ALL + shared).shared
    assert one.series == (Series("ALPHA", "load"), Series("GAMMA", "load"))
    with pytest.raises(SettingsError, match=r"shared one: '\*/solar' fits no series"):
        read(ALL + shared.replace("*/load", "*/solar"))


def test_a_source_has_the_zones_that_it_names_by_code_or_pattern(read):
    settings = read(begin=SETTINGS + 'zones = ["A*", "GAMMA"]\n')
    assert settings.sources[0].zone_codes == ("ALPHA", "GAMMA")
    assert names(settings) == ["ALPHA/load", "GAMMA/load"]


def test_a_place_of_the_table_is_where_the_weather_of_a_zone_is_asked_for(read):
    weather = '[[sources]]\nkind = "openmeteo"\nzones = ["ALPHA"]\n'
    (_, source) = read(begin=SETTINGS + weather).sources
    (point,) = source.points["ALPHA"]
    assert (point.latitude, point.longitude) == (40.7, -74.0)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            '[[series]]\nseries = "*/solar"\ndeadline = "D-1T1000[local]"\n',
            r"\*/solar: fits no zone .* no source brings",
        ),
        (ALL + 'group = "west"\n', r"fits no zone of group 'west' .* Groups of the zone table: east, mid"),
        (ALL + 'modles = ["gru"]\n', "series ALPHA/load: modles: unknown key; did you mean 'models'"),
    ],
)
def test_a_pattern_that_means_nothing_or_says_something_unknown_is_named(read, more, message):
    with pytest.raises(SettingsError, match=message):
        read(more)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("name,timezone\nX,UTC\n", "no column 'code'"),
        (TABLE + "ALPHA,UTC,,,,,\n", r"zones.csv, row 5 \(ALPHA\): the zone is there twice"),
        (TABLE.replace("America/Chicago", "America/Chikago"), r"row 3 \(BETA\): .*unknown time zone.*America/Chicago"),
        (TABLE.replace("group", "region"), r"row 2 \(ALPHA\): region: .*known columns: .*group"),
        (TABLE.replace("40.7", "140.7"), r"row 2 \(ALPHA\): latitude: .*90"),
    ],
)
def test_a_zone_table_that_cannot_be_meant_is_told_by_row(read, table, message):
    with pytest.raises(SettingsError, match=message):
        read(table=table)


def test_a_zone_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"zone_table = .*zones.csv' cannot be read"):
        parse_settings(SETTINGS + ALL, tmp_path / "settings.toml")


def test_one_zone_or_many(read):
    with pytest.raises(SettingsError, match=r"is one zone, and .* is of many"):
        read(begin=SETTINGS + 'zone = "ALPHA"\n')
    with pytest.raises(SettingsError, match="zone is missing; whose values are they"):
        read(begin=SETTINGS.replace('"{zone}"', '"load"'), more="")
    with pytest.raises(SettingsError, match=r"of which zones.*zone_table"):
        read(begin=SETTINGS + 'zones = ["X*"]\n', more="")
    with pytest.raises(SettingsError, match=r"official_available = \"D-1T1000\[local\]\""):
        read(begin=SETTINGS + 'official_column = "{zone} f"\n', more="")


def test_a_thousand_series_are_few_lines_and_found_at_once(read):
    rows = "".join(f"Z{n:04d},Europe/Berlin,DE,g{n % 3},,,\n" for n in range(1000))
    settings = read(table=TABLE.splitlines(keepends=True)[0] + rows)
    assert len(settings.series) == 1000
    assert settings.series_settings(Series("Z0999", "load")).deadline.timezone == "Europe/Berlin"
    changed = settings.model_copy(update={"series": settings.series[:1]})
    assert changed.series_settings(Series("Z0999", "load")).models == ("lstm", "gru", "ensemble", "aggregate")
    assert len((SETTINGS + ALL).splitlines()) <= 30
