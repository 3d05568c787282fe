"""Where things are kept that need not lie in the data folder: MLflow, and whatever may be on an object store."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import pydantic

from gridahead.core.errors import SettingsError
from gridahead.settings.section import Section

TRACKING_VARIABLE = "MLFLOW_TRACKING_URI"
STORES = ("lake", "exports", "raw", "inputs")
"""The settings that take a folder or an address of an object store, as `[published] place` does."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def is_address(place: str) -> bool:
    """Whether it is an address such as s3://bucket/prefix, and no folder."""
    return "://" in place


def refuse_password(name: str, address: str) -> str:
    """The address, if it carries no password but as `${VARIABLE}`.

    Raises:
        ValueError: it does.
    """
    password = urlsplit(address).password if is_address(address) else None
    if password and not _VARIABLE.fullmatch(password):
        raise ValueError(
            f"{name} carries a password, and settings files are copied and shown: write ${{VARIABLE}} in its place, "
            "and set that variable in the environment"
        )
    return address


def with_variables(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text with the environment's values in the place of `${VARIABLE}`.

    Raises:
        SettingsError: the environment does not have one of them.
    """
    values = os.environ if environment is None else environment
    missing = [name for name in _VARIABLE.findall(text) if name not in values]
    if missing:
        raise SettingsError(f"{text} needs {' and '.join(missing)} in the environment, and there is none; set it")
    return _VARIABLE.sub(lambda found: values[found[1]], text)


class MlflowSettings(Section):
    """Where MLflow keeps runs, versions and its copies of models. Forecasts need none of it."""

    tracking_uri: str | None = None
    """Runs and versions: sqlite:///…, postgresql://user:${PASSWORD}@host/database, or https://… of a server, whose
    user and password or token are read from MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD and
    MLFLOW_TRACKING_TOKEN. MLFLOW_TRACKING_URI in the environment counts before it; without either a file in the data
    folder."""
    artifacts: str | None = None
    """MLflow's copies of models and what else belongs to a run: a folder, or s3://… with the endpoint in
    MLFLOW_S3_ENDPOINT_URL. Without it beside the file of runs, or where a server keeps them for those who ask it
    (`mlflow server --artifacts-destination …`)."""

    @pydantic.field_validator("tracking_uri", "artifacts")
    @classmethod
    def _without_password(cls, address: str | None, info: pydantic.ValidationInfo) -> str | None:
        return None if address is None else refuse_password(str(info.field_name), address)

    @pydantic.field_validator("tracking_uri")
    @classmethod
    def _known_scheme(cls, address: str | None) -> str | None:
        if address is not None and urlsplit(address).scheme.partition("+")[0] not in _SCHEMES:
            raise ValueError(f"{address!r} is none that MLflow keeps versions in; it begins with {', '.join(_SCHEMES)}")
        return address


_SCHEMES = ("sqlite", "postgresql", "mysql", "http", "https")
