from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.tables import Observations
from gridahead.core.time import now
from gridahead.operate.init_file import Initialised, init_file
from gridahead.settings.file import load_settings
from gridahead.settings.file_source import FileSource
from gridahead.settings.model import Settings
from gridahead.settings.place import find_settings
from gridahead.sources.catalogue import open_sources
from gridahead.sources.sniff.parts import GuessOptions, guess_options
from gridahead.sources.wanted import Wanted


def hourly(start: str, hours: int, level: float = 100.0) -> str:
    """`time,load_kw` in UTC: the level, and a thousandth of it more every hour."""
    times = pd.date_range(start, periods=hours, freq="h")
    rows = [f"{time:%Y-%m-%d %H:%M},{level * (1 + number / 1000):.3f}" for number, time in enumerate(times)]
    return "\n".join(["time,load_kw", *rows]) + "\n"


def init(
    folder: Path, *names: str, told: GuessOptions | None = None, add: bool = False, force: bool = False
) -> Initialised:
    paths = [folder / name for name in names]
    return init_file(
        paths, told or GuessOptions(), folder / "settings.toml", "gridahead init file", add=add, force=force
    )


def read(settings: Settings) -> Observations:
    blocks = [source.parse(payload) for source in open_sources(settings) for payload in source.fetch(Wanted(now()))]
    return Observations(pd.concat(blocks, ignore_index=True))


def test_the_settings_read_the_file_as_its_bytes_say(tmp_path: Path) -> None:
    (tmp_path / "meters.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    done = init(tmp_path, "meters.csv")
    rows = read(load_settings(tmp_path / "settings.toml"))
    assert list(rows["value"].iloc[:2]) == pytest.approx([0.1, 0.1001])
    assert rows["valid_time"].iloc[0] == pd.Timestamp("2024-01-01T00:00Z")
    (found,) = done.found
    assert (str(found.series), found.rows, found.gaps, found.mtu) == ("SITE/load", 2400, 0, "PT60M")
    assert found.low == pytest.approx(0.1)


def test_missing_hours_are_counted_in_the_preview(tmp_path: Path) -> None:
    lines = hourly("2024-01-01", 100).splitlines()
    (tmp_path / "meters.csv").write_text("\n".join(lines[:50] + lines[53:]) + "\n", encoding="utf-8")
    assert init(tmp_path, "meters.csv").found[0].gaps == 3


def test_what_is_guessed_stands_with_its_reason_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "meters.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    init(tmp_path, "meters.csv")
    text = (tmp_path / "settings.toml").read_text(encoding="utf-8")
    assert 'path = "meters.csv"' in text
    assert 'unit = "kW" # the file says so' in text
    assert "# - timezone: UTC" in text


def test_settings_that_are_there_stay_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "meters.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    (tmp_path / "settings.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="--add"):
        init(tmp_path, "meters.csv")
    assert (tmp_path / "settings.toml").read_text(encoding="utf-8") == "mine"
    init(tmp_path, "meters.csv", force=True)
    assert load_settings(tmp_path / "settings.toml").series[0].series.quantity == "load"


def test_a_second_file_is_added_and_the_first_part_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "load_DE.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    (tmp_path / "weather.csv").write_text(hourly("2024-01-01", 2400).replace("load_kw", "t2m"), encoding="utf-8")
    init(tmp_path, "load_DE.csv")
    before = (tmp_path / "settings.toml").read_text(encoding="utf-8")
    done = init(tmp_path, "weather.csv", add=True)
    after = (tmp_path / "settings.toml").read_text(encoding="utf-8")
    line = 'past_covariates = ["DE/temperature"]'
    named = 'series = "DE/load"\n'
    assert after.startswith(before.replace(named, f"{named}{line}\n"))
    assert [str(found.series) for found in done.found] == ["DE/temperature"]
    assert any(f"{line} was added" in text for text in done.advice)
    assert set(read(load_settings(tmp_path / "settings.toml"))["quantity"]) == {"load", "temperature"}


def test_a_line_of_covariates_that_is_there_is_not_changed_but_said_anew(tmp_path: Path) -> None:
    (tmp_path / "load_DE.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    (tmp_path / "weather.csv").write_text(hourly("2024-01-01", 2400).replace("load_kw", "t2m"), encoding="utf-8")
    init(tmp_path, "load_DE.csv")
    settings = tmp_path / "settings.toml"
    line = 'past_covariates = ["DE/solar"] # mine'
    written = settings.read_text(encoding="utf-8").replace('"DE/load"\n', f'"DE/load"\n{line}\n')
    settings.write_text(written, encoding="utf-8")
    done = init(tmp_path, "weather.csv", add=True)
    assert settings.read_text(encoding="utf-8").startswith(written)
    wanted = 'past_covariates = ["DE/solar", "DE/temperature"]'
    assert any(
        f"under the [[series]] of DE/load write its line past_covariates anew: {wanted}" in text for text in done.advice
    )
    settings.write_text(settings.read_text(encoding="utf-8").replace(line, wanted), encoding="utf-8")
    (entry,) = load_settings(settings).series
    assert [str(one) for one in entry.past_covariates] == ["DE/solar", "DE/temperature"]


@pytest.mark.parametrize("load", ["load_DE.csv", "load.csv"])
def test_a_series_that_is_added_to_weather_reads_it_and_is_trained_as_long_as_it_is(tmp_path: Path, load: str) -> None:
    (tmp_path / load).write_text(hourly("2024-01-01", 24 * 70), encoding="utf-8")
    (tmp_path / "weather.csv").write_text(hourly("2024-01-01", 2400).replace("load_kw", "t2m"), encoding="utf-8")
    alone = init(tmp_path, "weather.csv")
    assert not alone.has_series
    assert any("Add the series that is to be forecast" in text for text in alone.advice)
    assert init(tmp_path, load, add=True).has_series
    settings = load_settings(tmp_path / "settings.toml")
    (entry,) = settings.series
    assert [str(one) for one in entry.past_covariates] == ["SITE/temperature"]
    assert settings.training.context_days == 8


def test_load_and_weather_given_together_are_a_series_and_its_input(tmp_path: Path) -> None:
    (tmp_path / "load_FR.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    (tmp_path / "weather.csv").write_text(hourly("2024-01-01", 2400).replace("load_kw", "t2m"), encoding="utf-8")
    init(tmp_path, "load_FR.csv", "weather.csv")
    (entry,) = load_settings(tmp_path / "settings.toml").series
    assert [str(one) for one in entry.past_covariates] == ["FR/temperature"]


def test_an_unknown_zone_is_declared_with_the_clock_of_the_file(tmp_path: Path) -> None:
    times = pd.date_range("2024-03-01T00:00Z", periods=1000, freq="h").tz_convert("Europe/Berlin")
    rows = [f"{time:%d.%m.%Y %H:%M};{number},5" for number, time in enumerate(times)]
    (tmp_path / "lastgang.csv").write_text("\n".join(["Zeit;Leistung kW", *rows]) + "\n", encoding="utf-8")
    init(tmp_path, "lastgang.csv", told=GuessOptions())
    settings = load_settings(tmp_path / "settings.toml")
    assert settings.zone("SITE").timezone == "Europe/Berlin"
    assert read(settings)["valid_time"].iloc[0] == pd.Timestamp("2024-03-01T00:00Z")


def test_a_free_name_may_be_changed_where_the_file_says_and_a_country_added(tmp_path: Path) -> None:
    (tmp_path / "meters.csv").write_text(hourly("2024-01-01", 100), encoding="utf-8")
    init(tmp_path, "meters.csv")
    settings = tmp_path / "settings.toml"
    text = settings.read_text(encoding="utf-8")
    assert 'code = "SITE" # any name' in text
    changed = text.replace('code = "SITE"', 'code = "Plant7"').replace('zone = "SITE"', 'zone = "Plant7"')
    changed = changed.replace('"SITE/load"', '"Plant7/load"').replace('# country = "…"', 'country = "ES"')
    settings.write_text(changed, encoding="utf-8")
    assert load_settings(settings).zone("Plant7").country == "ES"
    assert set(read(load_settings(settings))["zone"]) == {"Plant7"}
    init(tmp_path, "meters.csv", told=guess_options("Plant7", None, None, None), force=True)
    assert load_settings(settings).zone("Plant7").timezone == "UTC"


def test_a_file_without_names_is_read_by_the_place_of_its_columns(tmp_path: Path) -> None:
    (tmp_path / "meters.csv").write_text(hourly("2024-01-01", 100).split("\n", 1)[1], encoding="utf-8")
    done = init(tmp_path, "meters.csv")
    assert "header = false" in done.text
    rows = read(load_settings(tmp_path / "settings.toml"))
    assert list(rows["value"].iloc[:2]) == pytest.approx([100.0, 100.1])
    assert len(rows) == 100


@pytest.mark.parametrize("first", [0, 1])
def test_dates_in_three_columns_and_hours_are_read_over_a_clock_change(tmp_path: Path, first: int) -> None:
    local = pd.date_range("2024-03-29T23:00Z", periods=71, freq="h").tz_convert("Europe/Paris")
    rows = [f"{time:%Y,%m,%d},{time.hour + first},{number}" for number, time in enumerate(local)]
    (tmp_path / "conso_FR.csv").write_text("\n".join(["annee,mois,jour,heure,MW", *rows]) + "\n", encoding="utf-8")
    init(tmp_path, "conso_FR.csv")
    read_rows = read(load_settings(tmp_path / "settings.toml"))
    assert list(read_rows["valid_time"]) == list(pd.date_range("2024-03-29T23:00Z", periods=71, freq="h"))
    assert list(read_rows["value"]) == list(range(71))


def test_a_short_history_looks_back_less_and_one_that_is_too_short_says_so(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text(hourly("2024-01-01", 24 * 70), encoding="utf-8")
    (tmp_path / "shorter.csv").write_text(hourly("2024-01-01", 24 * 68), encoding="utf-8")
    (tmp_path / "long.csv").write_text(hourly("2024-01-01", 24 * 75), encoding="utf-8")
    done = init(tmp_path, "short.csv")
    assert load_settings(tmp_path / "settings.toml").training.context_days == 8
    assert any("short" in text for text in done.advice)
    assert any("training needs 69" in text for text in init(tmp_path, "shorter.csv", force=True).advice)
    init(tmp_path, "long.csv", force=True)
    assert load_settings(tmp_path / "settings.toml").training.context_days == 14
    # 75 days end on the 15th of March; the last seven of them.
    assert "`holdout_start = 2024-03-08`" in (tmp_path / "settings.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("zone", "end", "day"),
    [
        # At 11:00 on the day of the end the newest value would be 9 hours old; a day before it is fresh.
        ("FR", "2024-06-15 02:00", "2024-06-15"),
        ("NSW1", "2024-06-15 10:00", "2024-06-16"),
    ],
)
def test_init_names_the_day_that_is_forecast_by_the_end_of_what_is_forecast(
    tmp_path: Path, zone: str, end: str, day: str
) -> None:
    (tmp_path / f"load_{zone}.csv").write_text(hourly("2024-04-01", 24 * 75), encoding="utf-8")
    (tmp_path / "weather.csv").write_text(hourly("2024-04-01", 24 * 80).replace("load_kw", "t2m"), encoding="utf-8")
    said = " ".join(
        init(tmp_path, f"load_{zone}.csv", "weather.csv", told=guess_options(zone, "UTC", None, None)).advice
    )
    assert f"the values of {zone}/load end at {end} local time: `gridahead forecast` is for {day}" in said
    assert "2024-06-20" not in said


def test_a_day_that_has_only_begun_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "short_FR.csv").write_text(hourly("2024-04-01", 24 * 60), encoding="utf-8")
    said = " ".join(init(tmp_path, "short_FR.csv", told=guess_options("FR", "UTC", None, None), force=True).advice)
    assert "FR/load has 60 days" in said


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("time,nsw1,sa1", "--timezone Australia/Adelaide or Australia/Sydney"),
        ("time,fr,pl", "--timezone Europe/Paris or Europe/Warsaw"),
        ("time,first,second", "--timezone with a name such as"),
    ],
)
def test_a_time_zone_is_hinted_at_only_where_the_file_names_a_place(tmp_path: Path, header: str, hint: str) -> None:
    lines = hourly("2024-01-01", 240).splitlines()[1:]
    rows = [f"{line.split(',')[0]},100,{50 + number % 24}" for number, line in enumerate(lines)]
    (tmp_path / "loads.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert any(hint in text for text in init(tmp_path, "loads.csv").uncertain)


def test_what_a_file_needs_besides_its_look_is_tried_and_said(tmp_path: Path) -> None:
    times = pd.date_range("2024-10-26", periods=72, freq="h")  # every hour once, on a day that has one twice
    rows = [f"{time:%Y-%m-%d %H:%M},{number}" for number, time in enumerate(times)]
    (tmp_path / "once.csv").write_text("\n".join(["time,load", *rows]) + "\n", encoding="utf-8")
    done = init(tmp_path, "once.csv", told=GuessOptions(timezone="Europe/Paris"))
    assert "repeated_hour" in (tmp_path / "settings.toml").read_text(encoding="utf-8")
    assert any("set so that the file can be read" in text for text in done.uncertain)
    assert done.found[0].rows == 72


def test_a_file_that_cannot_be_read_writes_no_settings(tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_text("time,load\n2024-01-01 00:00,5\n2024-01-01 01:00,6\n2024-01-01 00:00,7\n" * 3)
    with pytest.raises(SourceError, match=r"broken\.csv"):
        init(tmp_path, "broken.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["broken.csv"]


def test_settings_beside_a_person_are_found_without_naming_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meters.csv").write_text(hourly("2024-01-01", 2400), encoding="utf-8")
    init(tmp_path, "meters.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDAHEAD_SETTINGS", raising=False)
    assert find_settings() == tmp_path / "settings.toml"


@pytest.mark.parametrize(
    ("header", "zone", "unit"),
    [("price [€/MWh]", "FR", "€/MWh"), ("Spot Price", "GB", "GBP/MWh"), ("price (AUD/MWh)", "NSW1", "AUD/MWh")],
)
def test_prices_may_be_what_is_forecast(tmp_path, header, zone, unit):
    times = pd.date_range("2025-01-01", periods=24 * 80, freq="h")
    values = 50.0 - 60.0 * (times.hour == 13)
    table = pd.DataFrame({"time": times, "load": 40_000.0 + times.hour, header: values})
    (tmp_path / "prices.csv").write_text(table.to_csv(index=False))
    told = guess_options(zone, "UTC", "price", None)
    init_file(
        [tmp_path / "prices.csv"], told, tmp_path / "settings.toml", "gridahead init file", add=False, force=False
    )
    settings = load_settings(tmp_path / "settings.toml")
    (source,) = settings.sources
    assert isinstance(source, FileSource)
    assert (source.quantity, source.value_column, source.unit) == ("price", header, unit)
    assert [str(entry.series) for entry in settings.series] == [f"{zone}/price"]
