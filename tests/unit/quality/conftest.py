from pathlib import Path

import pytest

from gridahead.config import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory) -> Settings:
    return Settings.model_validate(
        {
            "data_folder": Path(tmp_path_factory.mktemp("data")),
            "zones": [{"code": "NSW", "timezone": "Australia/Sydney"}],
        }
    )
