"""What is wrong with a settings file is told by the names in it, with the nearest right word."""

import re
import tomllib
from typing import Any, get_args

import pydantic
import pytest

from gridahead.settings.findings import findings
from gridahead.settings.keys import ANY_NAME, keys, sections_of, toml_value
from gridahead.settings.model import Settings, SourceSettings

FILE = """
kind = "file"
path = "in.csv"
zone = "FR"
quantity = "load"
time_column = "time"
value_column = "load"
timezone = "UTC"
"""
LISTS = ("zones", "sources", "series", "shared", "sums", "covariates", "channels")
KINDS = [
    kind
    for section in get_args(get_args(SourceSettings)[0])
    for kind in get_args(section.model_fields["kind"].annotation)
]


def told(text):
    raw = tomllib.loads('data_folder = "data"\n' + text)
    with pytest.raises(pydantic.ValidationError) as caught:
        Settings.model_validate(raw)
    return findings(caught.value, raw)


def one_entry(name):
    """The shortest settings that reach the section of a key, as nested Python."""
    *sections, last = name.split(".")
    entry: dict[str, Any] = {last + "x": 1}
    for part in reversed(sections):
        if part in sections_of(Settings.model_fields["sources"].annotation):
            entry = {"kind": part, **entry}
        elif part in LISTS or (part == ANY_NAME and "points" in sections):
            entry = {part: [entry]}
        else:
            entry = {part: entry}
    return entry


@pytest.mark.parametrize("key", [key.name for key in keys()])
def test_every_key_with_a_letter_too_many_is_answered_with_itself(key):
    raw = one_entry(key)
    with pytest.raises(pydantic.ValidationError) as caught:
        Settings.model_validate(raw)
    (line,) = [line for line in findings(caught.value, raw) if "unknown key" in line]
    assert line.endswith(f"did you mean {key.rpartition('.')[2]!r}?")


def test_a_key_of_a_service_is_known_whichever_service_it_is():
    """Services share one section, which is called by the first of them."""
    (line,) = told('[[sources]]\nkind = "entsoe"\nzones = ["FR"]\nattempt = 3')
    assert line == "sources number 1: attempt: unknown key; did you mean 'attempts'?"
    (line,) = told('[[sources]]\nzones = ["FR"]')
    assert '"energy_charts"' in line and '"entsoe"' in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("epochs = 3", "epochs: unknown key; did you mean 'training.epochs', which belongs to [training]?"),
        (
            '[models.x]\ncell = "gru"\nepochs = 3',
            "models.x.epochs: unknown key; did you mean 'training.epochs', which belongs to [training]?",
        ),
        (
            '[training]\nlake = "x"',
            "training.lake: unknown key; did you mean 'lake', which belongs at the top, before the first [?",
        ),
        ("deadline = 3", "deadline: unknown key; did you mean 'series.deadline', which belongs to [[series]]?"),
    ],
)
def test_a_key_of_another_section_is_told_where_it_belongs(text, line):
    assert told(text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[models.x]\ncell = "lstn"',
            "models.x.cell: \"lstn\" is not known here; did you mean 'lstm'? known: rnn, lstm, gru, slstm, mlstm, "
            "mingru, minlstm, transformer",
        ),
        ('[training]\ndevice = "gpu"', 'training.device: "gpu" is not known here; known: auto, cpu, cuda'),
        (
            f'[[sources]]{FILE}mtu = "PT30"',
            'sources number 1 (in.csv): mtu: "PT30" is not known here; did you mean '
            "'PT30M'? known: PT15M, PT30M, PT60M",
        ),
        (
            '[[sources]]\nkind = "flie"',
            f"sources number 1: \"flie\" is not known here; did you mean 'file'? known: {', '.join(KINDS)}",
        ),
        (
            '[[sources]]\npath = "a"',
            f"sources number 1 (a): kind is missing; say kind = {' or '.join(map(toml_value, KINDS))}",
        ),
        (
            '[quality.severity]\nflat = "Flag"',
            "quality.severity.flat: \"Flag\" is not known here; did you mean 'flag'? "
            "known: pass, flag, quarantine, block",
        ),
    ],
)
def test_a_value_that_is_none_of_the_known_ones_is_answered_with_the_nearest(text, line):
    assert told(text) == [line]


def test_a_misspelt_rule_is_answered_with_the_nearest():
    (line,) = told('[quality.quantities.load]\nspik = "flag"')
    assert line.startswith("quality.quantities.load.spik: \"spik\" is no key here; did you mean 'spike'? known: ")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('[[series]]\nseries = "FR/load"\ndeadline = "11:00"', "series FR/load: deadline: '11:00' is no deadline"),
        ('[[series]]\nseries = "FR/load"\ndeadline = 11', "series FR/load: deadline: '11' is no deadline; write it"),
        ('[[series]]\nseries = "FR/load"', "series FR/load: deadline: is missing; When the forecast is due"),
        ('[[series]]\ndeadline = "D-1T1100[UTC]"', "series number 1: series: is missing; Which: ZONE/QUANTITY"),
        (
            f'[[sources]]{FILE}[[sources.covariates]]\nname = "wind"\nunit = "%"\nknown_ahead = true',
            "sources number 1 (in.csv): covariates wind: column: is missing; Its heading in the file",
        ),
        (
            "[promotion]\nmargin = 3",
            "promotion.margin: 3 cannot be meant: input should be less than 1; it is a number, at least 0, below 1",
        ),
        ('[training]\nepochs = "many"', 'training.epochs: "many" cannot be meant: '),
    ],
)
def test_a_place_is_told_by_the_names_in_the_file_and_not_by_its_number(text, start):
    (line,) = told(text)
    assert line.startswith(start)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[series]\nseries = "DE/load"', "series: there may be several; write [[series]] instead of [series]"),
        ("[[training]]", "training: there is one; write [training] instead of [[training]]"),
        ("training = 3", "training: is a table; write [training] and its keys below, instead of 3"),
        ('[ensembles]\nboth = "lstm"', 'ensembles.both: is a list; write ["lstm"] instead of "lstm"'),
    ],
)
def test_a_table_that_should_be_a_list_and_a_list_that_should_not_are_told_how_to_be_written(text, line):
    assert told(text) == [line]


def test_all_names_that_do_not_meet_are_told_at_once_with_the_nearest_right_ones():
    lines = told(
        '[[series]]\nseries = "FR/load"\ndeadline = "D-1T1100[UTC]"\nmodels = ["lsmt"]\npast_covariates = ["XX/load"]\n'
        '[[shared]]\nname = "s"\nmodel = "grru"\nseries = ["FR/load", "DE/load"]\n[ensembles]\nboth = ["lstm", "grru"]'
    )
    assert [line.partition(";")[0].partition(".")[0] for line in lines] == [
        "series FR/load: zone 'XX' is not known",
        "series FR/load asks for model 'lsmt'",
        "ensemble 'both' is of ['grru']",
        "shared 's' asks for model 'grru'",
    ]
    assert [re.findall("did you mean '(.*?)'", line) for line in lines] == [[], ["lstm"], ["gru"], ["gru"]]


def test_a_group_does_not_get_the_name_of_the_models_of_a_series_in_the_registry():
    series = '[[series]]\nseries = "{}/load"\ndeadline = "D-1T1100[UTC]"\n'
    shared = '[[shared]]\nname = "DE.load"\nmodel = "gru"\nseries = ["FR/load", "DE/load"]\n'
    assert told(series.format("DE") + series.format("FR") + shared) == [
        "shared 'DE.load': so the models of DE/load are called in the registry; choose another name"
    ]


def test_a_series_that_stands_there_twice_is_refused():
    series = '[[series]]\nseries = "FR/load"\ndeadline = "D-1T1100[UTC]"\n'
    assert told(series + series) == ["series FR/load stands there 2 times; keep one [[series]] of it"]


def test_a_misspelt_quantity_of_a_series_is_answered_with_the_nearest():
    assert told('[[series]]\nseries = "DE/laod"\ndeadline = "D-1T1100[UTC]"') == [
        "series DE/laod: 'laod' is no quantity that is forecast; did you mean 'load'? known: load, residual_load, "
        "wind_solar, wind, wind_onshore, wind_offshore, solar, price"
    ]


# -- every key ------------------------------------------------------------------------------------------------------


def test_every_key_says_what_it_means():
    assert [key.name for key in keys() if len(key.meaning) < 10] == []


def test_every_section_has_its_keys():
    sections = {key.section for key in keys()}
    assert {"", "sources.file.covariates", f"models.{ANY_NAME}", "training", "promotion", "quality"} <= sections


def test_types_and_defaults_are_told_as_they_are_written_in_the_file():
    by_name = {key.name: key for key in keys()}
    told = {
        name: (by_name[name].type, by_name[name].default)
        for name in (
            "training.epochs",
            "promotion.margin",
            "models.NAME.cell",
            "series.models",
            "training.holdout_start",
            "promotion.coverage_band",
            "data_folder",
            "sources.file.mtu",
            "sources.smard.load_official_available",
        )
    }
    assert told == {
        "training.epochs": ("whole number, at least 1", "25"),
        "promotion.margin": ("number, at least 0, below 1", "0.01"),
        "models.NAME.cell": ("rnn | lstm | gru | slstm | mlstm | mingru | minlstm | transformer", None),
        "series.models": ("list of text", '"quick"'),
        "training.holdout_start": ("date", "not set"),
        "promotion.coverage_band": ("[number, number]", "[0.75, 0.85]"),
        "data_folder": ("path", None),
        "sources.file.mtu": ("PT15M | PT30M | PT60M", '"PT60M"'),
        "sources.smard.load_official_available": ("deadline", '"D-1T1000[Europe/Brussels]"'),
    }


@pytest.mark.parametrize("key", [key.name for key in keys() if key.default not in (None, "not set")])
def test_every_default_can_be_written_as_it_is_told(key):
    default = next(one.default for one in keys() if one.name == key)
    tomllib.loads(f"x = {default}")
