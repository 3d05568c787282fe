"""The flows in Prefect's own engine, on a temporary server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOWS = Path(__file__).parents[2] / "flows"


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from prefect.settings import PREFECT_HOME, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    sys.path.insert(0, str(FLOWS))
    home = tmp_path_factory.mktemp("prefect")
    with temporary_settings({PREFECT_HOME: home}), prefect_test_harness(server_startup_timeout=120):
        yield
    sys.path.remove(str(FLOWS))


def test_the_flows_do_what_the_commands_do(prefect_server: None, done: Path) -> None:
    from compact import compact_flow
    from forecast import forecast_flow
    from ingest import ingest_flow
    from score import score_flow
    from validate import validate_flow

    settings = str(done / "settings.toml")
    assert ingest_flow(settings) == 0
    assert validate_flow(settings) >= 0
    assert compact_flow(settings) > 0
    assert forecast_flow(settings=settings)[0].endswith("DE.load/2025-12-30T1000Z")
    assert score_flow(settings).endswith("report.html")


def test_one_series_that_fails_does_not_keep_the_others_from_being_published(prefect_server: None, done: Path) -> None:
    from forecast import forecast_flow

    from gridahead.errors import ModelError

    published = done / "data/published/DE.load/2025-12-20T1000Z/manifest.json"
    with pytest.raises(ModelError, match="DE/solar: has no champion"):
        forecast_flow("2025-12-20T10:00Z", ["DE/solar", "DE/load"], str(done / "settings.toml"))
    assert published.exists()


def test_every_deployment_names_a_flow_that_exists() -> None:
    import yaml

    deployments = yaml.safe_load((FLOWS.parent / "prefect.yaml").read_text())["deployments"]
    assert len(deployments) >= 6
    for deployment in deployments:
        file, _, function = deployment["entrypoint"].partition(":")
        assert f"def {function}(" in (FLOWS.parent / file).read_text()
        assert all(schedule["timezone"] for schedule in deployment.get("schedules", []))
