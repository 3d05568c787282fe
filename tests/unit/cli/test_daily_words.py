"""What the daily commands say of what they found."""

import pandas as pd
from builders.commands import run, settings_in


def write(folder, values, without=()):
    times = pd.date_range("2025-01-01", periods=24 * 30, freq="h")
    rows = [
        f"{time:%Y-%m-%d %H:%M},{50_000 + 400 * time.hour + 7 * (number % 11) + values.get(number, 0)}"
        for number, time in enumerate(times)
        if number not in without
    ]
    (folder / "load.csv").write_text("\n".join(["time,value", *rows]) + "\n", encoding="utf-8")


def test_days_that_are_not_whole_are_summed_up_and_revisions_are_told_among_the_appended_rows(tmp_path):
    file = settings_in(tmp_path, load="MW")
    write(tmp_path, {}, without={24 * day + 12 for day in (5, 9, 13)})
    first = run(file, "ingest").said
    assert "no value is withheld or flagged" in first
    (line,) = [line for line in first.splitlines() if "[delivery_day_complete]" in line]
    assert "the first of 3 such stretches, the last until 2025-01-14" in line
    write(tmp_path, {30: 5, 31: 5})
    second = run(file, "ingest").said
    # Three hours that were missing, and two that are others now.
    assert "appended" in second and "of them revisions" in second
    (row,) = [line for line in second.splitlines() if "load.csv" in line and line.startswith("│")]
    assert [cell.strip() for cell in row.strip("│").split("│")][-3:] == ["720", "5", "2"]


def test_on_an_empty_lake_validate_says_that_nothing_was_looked_at(tmp_path):
    done = run(settings_in(tmp_path, load="MW"), "validate")
    assert done.code == 0
    assert "the lake is empty, nothing was looked at; run `gridahead ingest`" in done.said
    assert "no value is withheld" not in done.said


def test_of_many_series_with_one_finding_there_is_one_line(tmp_path):
    zones = [f"Z{number}" for number in range(10)]
    (tmp_path / "zones.csv").write_text("code,timezone\n" + "".join(f"{zone},UTC\n" for zone in zones))
    times = pd.date_range("2025-01-01", periods=24 * 10, freq="h")
    load = [50_000 + 400 * time.hour + 7 * (number % 11) for number, time in enumerate(times)]
    table = pd.DataFrame({"time": times, **dict.fromkeys(zones, load), **{f"{zone} told": load for zone in zones}})
    table.to_csv(tmp_path / "load.csv", index=False)
    file = tmp_path / "settings.toml"
    file.write_text(
        'data_folder = "data"\nzone_table = "zones.csv"\n[[sources]]\nkind = "file"\npath = "load.csv"\n'
        'value_column = "{zone}"\nofficial_column = "{zone} told"\nofficial_available = "D-1T1000[local]"\n'
        'quantity = "load"\ntime_column = "time"\ntimezone = "UTC"\n'
        '[[series]]\nseries = "*/load"\ndeadline = "D-1T1100[local]"\n'
    )
    said = run(file, "ingest").said
    (line,) = [line for line in said.splitlines() if "[stale]" in line]
    assert line.startswith("20 series, Z0/load, Z0/load_official, ")
    assert "and 12 more:" in line
    (line,) = [line for line in said.splitlines() if line.startswith("Official forecasts")]
    assert line.endswith("and 2 more")
