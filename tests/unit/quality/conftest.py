from pathlib import Path

import pandas as pd
import pytest
from builders.years import TIMEZONE, made_zone

from gridahead.settings.model import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory) -> Settings:
    return Settings.model_validate(
        {
            "data_folder": Path(tmp_path_factory.mktemp("data")),
            "zones": [{"code": "NSW", "timezone": "Australia/Sydney"}, {"code": "Z", "timezone": TIMEZONE}],
        }
    )


@pytest.fixture(scope="session")
def wide() -> pd.DataFrame:
    """Two years of the made zone, whose code is Z."""
    return made_zone("2022-01-01", "2024-01-01")[["load", "load_official", "solar"]]
