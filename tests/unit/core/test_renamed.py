"""What was called reference and is official: names of ours change, names of other people's files stay."""

import pytest

from gridahead.core.renamed import KEYS, renamed, renamed_series
from gridahead.settings.file_source import FileSource
from gridahead.settings.keys import keys
from gridahead.settings.quality_rules import RULES
from gridahead.settings.sources import SmardSource


def test_only_the_end_of_a_quantity_is_renamed():
    assert renamed_series("DE/load_reference") == "DE/load_official"
    assert renamed_series("DE/load_reference ahead, DE/solar") == "DE/load_official ahead, DE/solar"
    assert renamed_series("DE/load_references") == "DE/load_references"


def test_keys_and_series_of_settings_change_and_headers_and_names_of_models_stay():
    before = {
        "sources": [
            {
                "reference_column": "load_reference",
                "where": {"unit_reference": "reference", "quantity": "load_reference"},
                "quantity": "load_reference",
                "covariates": [{"column": "a_reference", "name": "wind_solar_reference"}],
            }
        ],
        "series": [{"series": "DE/load", "use_reference": False, "future_covariates": ["DE/wind_solar_reference"]}],
        "models": {"my_reference": {"anchor": "reference"}, "reference": {"anchor": "best"}},
        "ensembles": {"both": ["my_reference", "reference"]},
        "quality": {"quantities": {"load_reference": {"reference_misfit": "flag"}}},
    }
    assert renamed(before) == {
        "sources": [
            {
                "official_column": "load_reference",
                "where": {"unit_reference": "reference", "quantity": "load_reference"},
                "quantity": "load_official",
                "covariates": [{"column": "a_reference", "name": "wind_solar_official"}],
            }
        ],
        "series": [{"series": "DE/load", "use_official": False, "future_covariates": ["DE/wind_solar_official"]}],
        "models": {"my_reference": {"anchor": "official"}, "reference": {"anchor": "best"}},
        "ensembles": {"both": ["my_reference", "reference"]},
        "quality": {"quantities": {"load_official": {"official_misfit": "flag"}}},
    }
    assert renamed(renamed(before)) == renamed(before)


@pytest.mark.parametrize("name", KEYS.values())
def test_every_name_of_today_is_one(name):
    settings = {key.name.rpartition(".")[2] for key in keys()} | {*FileSource.model_fields, *SmardSource.model_fields}
    assert name in settings | {rule.name for rule in RULES}
