"""Sums in the settings: patterns, what is reconciled together, and what cannot be meant, with a way out that works."""

import pytest

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.settings.file import parse_settings

ZONES = ("ALL", "EAST", "WEST", "MILL", "PORT")
TABLE = "code,timezone,group\nALL,Europe/Berlin,\nEAST,Europe/Berlin,\nWEST,Europe/Berlin,\n" + "".join(
    f"{code},Europe/Berlin,west\n" for code in ("MILL", "PORT")
)
BEGIN = """data_folder = "data"
zone_table = "zones.csv"
[[sources]]
kind = "file"
path = "load.csv"
value_column = "{zone}"
quantity = "load"
time_column = "time"
timezone = "UTC"
[[series]]
series = "*/load"
deadline = "D-1T1000[Europe/Berlin]"
"""


def block(total, *parts, more='reconcile = "mint"'):
    return f'[[sums]]\ntotal = "{total}/load"\nparts = {[f"{one}/load" for one in parts]}\n{more}\n'


@pytest.fixture
def read(tmp_path):
    def settings(more, table=TABLE):
        (tmp_path / "zones.csv").write_text(table, encoding="utf-8")
        return parse_settings(BEGIN + more, tmp_path / "settings.toml")

    return settings


def totals(settings, zone):
    return [one.total.zone for one in settings.sums_with(Series(zone, "load"))]


def test_a_pattern_means_every_series_but_the_total_and_a_group_those_of_it(read):
    (every,) = read(block("ALL", "*")).sums
    assert [one.zone for one in every.parts] == ["EAST", "WEST", "MILL", "PORT"]
    (of_group,) = read(block("WEST", "*", more='group = "west"')).sums
    assert [one.zone for one in of_group.parts] == ["MILL", "PORT"]


def test_it_is_off_unless_the_block_says_so(read):
    settings = read(block("ALL", "EAST", "WEST", more=""))
    assert settings.sums[0].reconcile is None
    assert settings.sums_with(Series("ALL", "load")) == ()
    assert read("").sums == ()


def test_sums_that_share_a_series_are_reconciled_together_and_others_are_not(read):
    settings = read(block("ALL", "EAST", "WEST") + block("WEST", "MILL", "PORT"))
    assert totals(settings, "PORT") == totals(settings, "EAST") == ["ALL", "WEST"]
    apart = read(block("ALL", "EAST", "WEST") + block("WEST", "MILL", "PORT", more=""))
    assert totals(apart, "EAST") == ["ALL"] and totals(apart, "PORT") == []


WRONG = {
    "itself": (
        block("ALL", "EAST", "ALL"),
        "sums ALL/load: it is a part of itself; take ALL/load out of its parts",
        block("ALL", "EAST", "WEST"),
    ),
    "unknown": (
        block("ALL", "EAST", "WESTS"),
        "sums ALL/load: WESTS/load is not forecast; did you mean 'WEST/load'",
        block("ALL", "EAST", "WEST"),
    ),
    "no fit": (
        block("ALL", "EAST", "*X"),
        "sums ALL/load: '*X/load' fits no series of the settings",
        block("ALL", "EAST", "W*"),
    ),
    "twice a total": (
        block("ALL", "EAST", "WEST") + block("ALL", "MILL", "PORT"),
        "sums ALL/load: it stands there 2 times as a total; keep one block",
        block("ALL", "EAST", "WEST"),
    ),
    "way round": (
        block("ALL", "EAST", "WEST") + block("WEST", "ALL", "PORT"),
        "sums ALL/load: it is a part of itself by way of WEST/load; take it out of the parts of one of them",
        block("ALL", "EAST", "WEST") + block("WEST", "MILL", "PORT"),
    ),
    "counted twice": (
        block("ALL", "EAST", "WEST", "MILL") + block("WEST", "MILL", "PORT"),
        "sums ALL/load: MILL/load is counted twice in it",
        block("ALL", "EAST", "WEST") + block("WEST", "MILL", "PORT"),
    ),
    "deadline": (
        '[[series]]\nseries = "EAST/load"\ndeadline = "D-1T0900[Europe/Berlin]"\n' + block("ALL", "EAST", "WEST"),
        "sums ALL/load: the forecast of EAST/load is due D-1T0900[Europe/Berlin], that of ALL/load "
        'D-1T1000[Europe/Berlin]; say deadline = "D-1T1000[Europe/Berlin]" for both',
        '[[series]]\nseries = "EAST/load"\ndeadline = "D-1T1000[Europe/Berlin]"\n' + block("ALL", "EAST", "WEST"),
    ),
    "unit": (
        '[[series]]\nseries = "EAST/load"\nmtu = "PT15M"\n' + block("ALL", "EAST", "WEST"),
        "sums ALL/load: the market time unit of EAST/load is PT15M, that of ALL/load that of its data; say the same",
        '[[series]]\nseries = "EAST/load"\nmtu = "PT15M"\n[[series]]\nseries = "ALL/load"\nmtu = "PT15M"\n'
        '[[series]]\nseries = "WEST/load"\nmtu = "PT15M"\n' + block("ALL", "EAST", "WEST"),
    ),
    "hourly": (
        '[[series]]\nseries = "EAST/load"\nintraday = true\n' + block("ALL", "EAST", "WEST"),
        "sums ALL/load: EAST/load is renewed every hour, each series by itself; say intraday = false, or leave",
        '[[series]]\nseries = "EAST/load"\nintraday = true\n' + block("ALL", "EAST", "WEST", more=""),
    ),
    "quantity": (
        '[[series]]\nseries = "EAST/solar"\ndeadline = "D-1T1000[Europe/Berlin]"\n'
        '[[sums]]\ntotal = "ALL/load"\nparts = ["EAST/solar", "WEST/load"]\n',
        "sums ALL/load: EAST/solar is of another quantity than ALL/load; name series of load",
        block("ALL", "EAST", "WEST"),
    ),
    "one part": ('[[sums]]\ntotal = "ALL/load"\nparts = ["EAST/load"]\n', "sums ALL/load: parts", block("ALL", "*")),
    "method": (block("ALL", "*", more='reconcile = "mnt"'), "did you mean 'mint'", block("ALL", "*")),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_named_and_the_way_out_works(read, case):
    wrong, words, right = WRONG[case]
    with pytest.raises(SettingsError) as refused:
        read(wrong)
    assert words in str(refused.value).replace("\n", " "), str(refused.value)
    read(right)


def test_prices_do_not_add_up(read):
    priced = "".join(f'[[series]]\nseries = "{zone}/price"\ndeadline = "D-1T1000[Europe/Berlin]"\n' for zone in ZONES)
    prices = '[[sums]]\ntotal = "ALL/price"\nparts = ["EAST/price", "WEST/price"]\n'
    with pytest.raises(SettingsError, match="sums ALL/price: prices do not add up; a sum is of power"):
        read(priced + prices)


def test_delivery_days_of_two_clocks_are_not_reconciled(read):
    table = TABLE.replace("EAST,Europe/Berlin", "EAST,Europe/Helsinki")
    with pytest.raises(SettingsError, match="the delivery days of EAST/load are those of Europe/Helsinki, of ALL/load"):
        read(block("ALL", "EAST", "WEST"), table)
    read(block("ALL", "EAST", "WEST"))
