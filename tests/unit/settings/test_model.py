"""The settings file: what it may say, and what it answers to what it may not."""

import datetime as dt
from pathlib import Path

import pydantic
import pytest

from gridahead.core.errors import SettingsError
from gridahead.core.grid import Series
from gridahead.settings.file import load_settings
from gridahead.settings.file_source import FileSource
from gridahead.settings.gates import PromotionSettings
from gridahead.settings.model import Settings
from gridahead.settings.place import SETTINGS_VARIABLE, find_settings
from gridahead.settings.sources import SmardSource

REPOSITORY = Path(__file__).parents[3]
GOOD = """
data_folder = "../data"

[[sources]]
kind = "smard"
folder = "exports"

[[sources]]
kind = "file"
path = "meters/load.csv"
zone = "DE"
quantity = "load"
time_column = "time"
value_column = "mw"
timezone = "+01:00"

[[series]]
series = "DE/load"
deadline = "D-1T0930[Europe/Berlin]"

[models.lstm]
cell = "lstm"

[models.gru]
cell = "gru"
hidden = 16
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "flows" / "settings.toml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


def refusal(file):
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return str(caught.value)


def test_paths_are_relative_to_the_file(written, tmp_path, monkeypatch):
    file = written(GOOD)
    monkeypatch.chdir("/")
    settings = load_settings(file)
    assert settings.data_folder == tmp_path / "data"
    smard, file_source = settings.sources[:2]
    assert isinstance(smard, SmardSource)
    assert isinstance(file_source, FileSource)
    assert smard.folder == tmp_path / "flows" / "exports"
    assert file_source.path == tmp_path / "flows" / "meters" / "load.csv"
    assert settings.lake_folder == str(tmp_path / "data" / "lake")
    assert settings.published_folder == tmp_path / "data" / "published"


@pytest.mark.parametrize(
    ("lake", "meant"),
    [("../sea", "{folder}/sea"), ("/srv/sea", "/srv/sea"), ("s3://bucket/sea?region=x", "s3://bucket/sea?region=x")],
)
def test_the_lake_may_be_in_another_folder_or_in_an_object_store(written, tmp_path, lake, meant):
    settings = load_settings(written(f'lake = "{lake}"\n{GOOD}'))
    assert settings.lake_folder == meant.format(folder=tmp_path)


def test_an_absolute_path_stays(written):
    assert load_settings(written('data_folder = "/srv/gridahead"')).data_folder == Path("/srv/gridahead")


def test_texts_become_nouns(written):
    settings = load_settings(written(GOOD))
    (entry,) = settings.series
    assert entry.series == Series("DE", "load")
    assert entry.deadline.at == dt.time(9, 30)
    assert settings.models["gru"].hidden == 16


@pytest.mark.parametrize(
    ("text", "where", "meant"),
    [
        ('data_foldr = "x"\n' + GOOD, "data_foldr", "data_folder"),
        (GOOD + "[training]\nepoch = 3", "training.epoch", "epochs"),
        (GOOD + "[training]\nlearning-rate = 0.1", "training.learning-rate", "learning_rate"),
        (GOOD + "[quality]\nmax_quarantine_share = 0.1", "quality.max_quarantine_share", "max_quarantined_share"),
        (GOOD.replace("hidden = 16", "hiden = 16"), "models.gru.hiden", "hidden"),
        (
            GOOD.replace('deadline = "D', 'gate_close = "x"\ndeadline = "D'),
            "series DE/load: gate_close",
            "gate_closure",
        ),
        (GOOD.replace('folder = "exports"', 'foldr = "exports"'), "sources number 1: foldr", "folder"),
        (GOOD.replace("time_column", "time_colum"), "sources number 2 (meters/load.csv): time_colum", "time_column"),
        (GOOD + '[[zones]]\ncode = "NSW"\ntimezon = "Australia/Sydney"', "zones NSW: timezon", "timezone"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(written, text, where, meant):
    line = next(line for line in refusal(written(text)).splitlines() if "unknown key" in line)
    nothing_near = "known here: series, deadline, unit, past_covariates, future_covariates, use_official, models"
    assert line.startswith(f"  {where}: unknown key; " + (f"did you mean {meant!r}?" if meant else nothing_near))


def test_all_findings_come_at_once_and_name_the_file(written):
    file = written(GOOD + "[training]\nepoch = 3\nlearning_rate = -1\ncontext_days = 2")
    message = refusal(file)
    assert message.startswith(f"{file}:\n")
    assert [line.split(":")[0].strip() for line in message.splitlines()[1:]] == [
        "training.context_days",
        "training.learning_rate",
        "training.epoch",
    ]


@pytest.mark.parametrize("deadline", ["11:00", "D-1T1100", "D-1T1100[Europe/Berlim]", "D-1T2500[Europe/Berlin]"])
def test_a_bad_deadline_is_refused(written, deadline):
    message = refusal(written(GOOD.replace("D-1T0930[Europe/Berlin]", deadline)))
    assert "series DE/load: deadline: " in message


def test_a_bad_deadline_is_answered_with_an_example(written):
    message = refusal(written(GOOD.replace("D-1T0930[Europe/Berlin]", "11:00")))
    assert "'11:00' is no deadline; write it like 'D-1T1100[Europe/Berlin]'" in message


def test_a_bad_series_is_answered_with_an_example(written):
    assert "such as DE/load" in refusal(written(GOOD.replace('"DE/load"', '"load"')))


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ([0.1, 0.5, 0.8], "must be symmetric: 0.1 needs 0.9"),
        ([0.1, 0.2, 0.5, 0.9], "must be symmetric"),
        ([0.1, 0.9], "include 0.5"),
        ([0.9, 0.5, 0.1], "must rise"),
        ([0.5, 0.5], "must rise"),
        ([0.0, 0.5, 1.0], "above 0 to below 1"),
        ([], "include 0.5"),
    ],
)
def test_quantiles_rise_and_are_symmetric(written, levels, reason):
    assert reason in refusal(written(GOOD + f"[training]\nquantiles = {levels}"))


@pytest.mark.parametrize("levels", [(0.5,), (0.025, 0.5, 0.975), (0.1, 0.3, 0.5, 0.7, 0.9)])
def test_good_quantiles_are_accepted(written, levels):
    settings = load_settings(written(GOOD + f"[training]\nquantiles = {list(levels)}"))
    assert settings.training.quantiles == levels


def test_a_model_that_is_not_declared_is_refused_with_the_declared_ones(written):
    text = GOOD.replace('series = "DE/load"', 'series = "DE/load"\nmodels = ["lstm", "tcn"]')
    message = refusal(written(text))
    assert "series DE/load asks for model 'tcn'; known: rnn, lstm, gru" in message


def test_a_zone_that_is_not_known_is_refused_with_what_to_write(written):
    message = refusal(written(GOOD.replace('series = "DE/load"', 'series = "NSW/load"')))
    assert "zone 'NSW' is not known" in message
    assert "[[zones]] code = 'NSW', timezone = " in message


def test_a_declared_zone_is_known_and_may_replace_ours(written):
    text = GOOD + '[[zones]]\ncode = "NSW"\ntimezone = "Australia/Sydney"\n[[zones]]\ncode = "DE"\ntimezone = "UTC"'
    settings = load_settings(written(text))
    assert settings.zone("NSW").timezone == "Australia/Sydney"
    assert settings.zone("DE").timezone == "UTC"
    assert settings.zone("FR").timezone == "Europe/Paris"


def test_a_series_that_is_not_declared_is_forecast_at_eleven_local_time(written):
    entry = load_settings(written(GOOD)).series_settings(Series("GB", "load"))
    assert str(entry.deadline) == "D-1T1100[Europe/London]"


@pytest.mark.parametrize("timezone", ["+1:00", "CEST+1", "Europe/Berlim"])
def test_a_source_with_an_unknown_time_zone_is_refused(written, timezone):
    assert "sources number 2 (meters/load.csv): timezone: unknown time zone" in refusal(
        written(GOOD.replace("+01:00", timezone))
    )


def test_whom_the_licence_names_stands_there_once(tmp_path):
    source = {"kind": "smard", "folder": tmp_path}
    settings = Settings.model_validate({"data_folder": tmp_path, "sources": [source, source]})
    assert settings.attribution == "Data: Bundesnetzagentur | SMARD.de, CC BY 4.0"


def test_settings_cannot_be_changed(written):
    settings = load_settings(written(GOOD))
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        settings.training.epochs = 3  # type: ignore[misc]


def test_a_file_that_is_no_toml_is_refused_with_the_line(written):
    assert "line 2" in refusal(written("\ndata_folder = \n"))


def test_a_file_in_another_encoding_is_refused(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_bytes('data_folder = "Köln"'.encode("cp1252"))
    assert str(file) in refusal(file)


# -- which file -----------------------------------------------------------------------------------------------------


def test_the_path_given_comes_before_the_variable(written, tmp_path, monkeypatch):
    other = tmp_path / "other.toml"
    other.write_text('data_folder = "elsewhere"')
    monkeypatch.setenv(SETTINGS_VARIABLE, str(other))
    file = written(GOOD)
    assert find_settings(file) == file
    assert find_settings() == other
    assert load_settings().data_folder == tmp_path / "elsewhere"


def test_without_either_the_folders_above_are_searched(written, tmp_path, monkeypatch):
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    file = written(GOOD)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_settings() == file


def test_a_missing_file_is_refused_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "gone.toml"))
    assert "gone.toml" in refusal(None)
    assert "nowhere.toml" in refusal(tmp_path / "nowhere.toml")


def test_without_any_file_the_message_says_how_to_name_one(tmp_path, monkeypatch):
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert "--settings or $GRIDAHEAD_SETTINGS" in refusal(None)


def test_the_settings_that_we_ship_are_good():
    settings = load_settings(REPOSITORY / "flows" / "settings.toml")
    assert settings.data_folder == REPOSITORY / "data"
    assert settings.series


def test_the_file_of_the_documentation_trains_what_the_shipped_one_trains(written):
    page = (REPOSITORY / "docs" / "your-data.md").read_text(encoding="utf-8")
    (block,) = [part.partition("```")[0] for part in page.split("```toml\n")[1:] if "FR/load" in part]
    mine, shipped = load_settings(written(block)), load_settings(REPOSITORY / "flows" / "settings.toml")
    entries = mine.series_settings(Series("FR", "load")), shipped.series_settings(Series("DE", "load"))
    assert [entry.models for entry in entries] == [("lstm", "gru", "ensemble", "aggregate")] * 2
    assert set(mine.names) >= set(entries[0].models)
    same = {"models", "ensembles", "training", "promotion", "quality"}
    assert mine.model_dump(include=same) == shipped.model_dump(include=same)


def test_what_is_trained_is_the_same_whether_the_default_is_written_or_not():
    plain = Settings(data_folder="data")
    said = Settings.model_validate(
        {
            "data_folder": "data",
            "models": {"lstm": {"cell": "lstm"}, "gru": {"cell": "gru", "decoder": "direct"}},
            "ensembles": {
                "ensemble": ["lstm", "gru"],
                "aggregate": ["lstm", "gru", "ridge", "official_corrected"],
            },
            "training": {"validation_days": 270, "refit": True},
        }
    )
    assert said == plain


# -- names ----------------------------------------------------------------------------------------------------------

_FILE = {
    "kind": "file",
    "path": "a.csv",
    "zone": "DE",
    "quantity": "load",
    "time_column": "t",
    "value_column": "v",
    "timezone": "UTC",
}


def said_of(**settings) -> str:
    with pytest.raises(pydantic.ValidationError) as caught:
        Settings.model_validate({"data_folder": "data", **settings})
    return str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "nul"])
def test_a_name_that_cannot_be_stored_is_refused_wherever_it_stands(name):
    covariate = {"column": "c", "name": name, "unit": "degC", "known_ahead": True}
    assert "name" in said_of(sources=[_FILE | {"covariates": [covariate]}])
    assert "name" in said_of(sources=[_FILE | {"zone": name}])
    assert "name" in said_of(zones=[{"code": name, "timezone": "UTC"}])
    assert "name" in said_of(models={name: {"cell": "gru"}})
    assert "series" in said_of(series=[{"series": f"{name}/load", "deadline": "D-1T1100[UTC]"}])


@pytest.mark.parametrize(("unit", "right"), [("%", False), ("degC", False), ("MW", True), ("GWh", True)])
def test_a_covariate_has_the_name_of_a_quantity_only_if_it_is_one(unit, right):
    source = _FILE | {"covariates": [{"column": "wind %", "name": "wind", "unit": unit, "known_ahead": True}]}
    if right:
        assert Settings.model_validate({"data_folder": "data", "sources": [source]})
    else:
        said = said_of(sources=[source])
        assert f"the name 'wind' belongs to wind in MW, and column 'wind %' is in {unit}; choose another" in said


def test_names_that_some_systems_take_for_one_are_refused():
    zones = [{"code": code, "timezone": "UTC"} for code in ("village", "Village")]
    assert "zone 'village' and 'Village' are one name on some systems" in said_of(zones=zones)
    again = [_FILE, _FILE | {"quantity": "solar"}]
    assert Settings.model_validate({"data_folder": "data", "sources": again})


def test_a_page_warns_twice_as_far_from_the_level_of_a_band_as_a_trial_does():
    assert PromotionSettings().coverage_alarm == (0.7, 0.9)
    assert PromotionSettings(coverage_band=(0.7, 0.82)).coverage_alarm == (0.6, 0.84)


@pytest.mark.parametrize(
    ("zone", "deadline", "said", "expected"),
    [
        ("DE", "D-1T1100[Europe/Berlin]", None, "D-1T1200[Europe/Brussels]"),
        # 11:30 in Brussels is 12:30 in Helsinki; 12:30 there is after the gate of noon.
        ("FI", "D-1T1230[Europe/Helsinki]", None, "D-1T1200[Europe/Brussels]"),
        ("DE", "D-1T1200[Europe/Berlin]", None, "D-0T0000[Europe/Berlin]"),
        ("DE", "D-1T1830[Europe/Berlin]", None, "D-0T0000[Europe/Berlin]"),
        ("DE", "D-1T1830[Europe/Berlin]", "D-0T0600[Europe/Berlin]", "D-0T0600[Europe/Berlin]"),
        # Further ahead it is the end of the day on which it is due, by the clock of the zone.
        ("DE", "D-3T1100[Europe/Berlin]", None, "D-2T0000[Europe/Berlin]"),
        ("FI", "D-3T2330[Europe/Berlin]", None, "D-1T0000[Europe/Helsinki]"),
        ("DE", "D-3T1100[Europe/Berlin]", "D-1T1200[Europe/Berlin]", "D-1T1200[Europe/Berlin]"),
    ],
)
def test_the_gate_closes_after_the_deadline_by_the_clocks_of_both(zone, deadline, said, expected):
    entry = {"series": f"{zone}/load", "deadline": deadline, "gate_closure": said}
    settings = Settings.model_validate({"data_folder": "data", "series": [entry]})
    assert str(settings.gate_closure_of(Series(zone, "load"))) == expected


def test_a_gate_that_closes_before_the_deadline_is_refused():
    entry = {"series": "DE/load", "deadline": "D-1T1100[Europe/Berlin]", "gate_closure": "D-1T1200[Europe/Helsinki]"}
    with pytest.raises(ValueError, match=r"DE/load: its forecast is due .* let gate_closure be after the deadline"):
        Settings.model_validate({"data_folder": "data", "series": [entry]})


@pytest.mark.parametrize(
    ("deadline", "context_days", "message", "way_out"),
    [
        (
            "D-8T0900[Europe/Berlin]",
            14,
            "up to 7 days ahead, such as D-7T0900",
            {"deadline": "D-7T0900[Europe/Berlin]"},
        ),
        ("D-7T0900[Europe/Berlin]", 8, "set context_days = 9 under", {"context_days": 9}),
    ],
)
def test_a_deadline_too_far_ahead_is_refused_with_what_is_possible(deadline, context_days, message, way_out):
    def settings(deadline=deadline, context_days=context_days):
        entry = {"series": "DE/load", "deadline": deadline}
        said = {"data_folder": "data", "series": [entry], "training": {"context_days": context_days}}
        return Settings.model_validate(said)

    with pytest.raises(ValueError, match=message):
        settings()
    assert settings(**way_out).series
