"""Where MLflow is: a file of SQLite, another database, or a server; and where its artifacts are."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gridahead.core.errors import LakeError, ModelError
from gridahead.core.files import way_out
from gridahead.core.grid import Series
from gridahead.registry.exports import REPAIR
from gridahead.settings.model import Settings
from gridahead.settings.stores import TRACKING_VARIABLE, is_address, with_variables

ROOT = "mlflow-artifacts:/"
"""Names no machine: it is relative to what a server is told by `--artifacts-destination`, or to `Address.artifacts`."""
WAY_OUT = f"Put it back from a backup, or let {REPAIR} make it again from what is exported"
_SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_SQLITE = "sqlite:///"
_PATIENCE_SECONDS = 20
"""MLflow waits as long for another writer."""


@dataclass(frozen=True)
class Address:
    """Where MLflow is. Its password is in `uri` alone, which no message shows."""

    uri: str = field(repr=False)
    artifacts: str | None = None
    """A folder or an address; None where a server decides."""

    @classmethod
    def of(cls, settings: Settings) -> Address:
        """That of the environment, or of the settings, or a file in the data folder.

        Raises:
            SettingsError: it needs a variable that the environment does not have.
        """
        said = os.environ.get(TRACKING_VARIABLE) or settings.mlflow.tracking_uri
        folder = settings.mlflow_folder
        uri = with_variables(said) if said else f"{_SQLITE}{folder / 'mlflow.db'}"
        artifacts = settings.mlflow.artifacts
        if artifacts is None and not uri.startswith("http"):
            artifacts = str((_file(uri) or folder / "mlflow.db").parent / "artifacts")
        return cls(uri, artifacts and with_variables(artifacts))

    @property
    def database(self) -> Path | None:
        """The file of SQLite, None where it is another database or a server."""
        return _file(self.uri)

    @property
    def is_server(self) -> bool:
        """Whether it is asked over HTTP."""
        return self.uri.startswith("http")

    @property
    def root(self) -> str:
        """Under which address MLflow is told to keep artifacts."""
        return self.artifacts if self.is_server and self.artifacts else ROOT

    @property
    def copies(self) -> Path | None:
        """The folder of MLflow's copies, None where they are not in one that is known here."""
        here = self.artifacts is not None and not self.is_server and not is_address(self.artifacts)
        return Path(self.artifacts) if here and self.artifacts else None

    @property
    def is_fresh(self) -> bool:
        """Whether it is a file that is not there, or empty: then MLflow would make a database."""
        file = self.database
        return file is not None and (not file.exists() or file.stat().st_size == 0)

    def __str__(self) -> str:
        if self.database is not None:
            return str(self.database)
        parts = urlsplit(self.uri)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def without_secrets(self, text: str) -> str:
        """The text without passwords and tokens, should MLflow or a database repeat them."""
        password = urlsplit(self.uri).password
        secrets = [password, unquote(password or ""), *(os.environ.get(name) for name in _SECRETS)]
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text

    def error(self, problem: object, *, retryable: bool = False) -> ModelError:
        """What is wrong with it, for a person."""
        return ModelError(f"the registry of models in {self}", self.without_secrets(f"{problem}"), retryable=retryable)

    def require_sound(self) -> None:
        """See that a file of SQLite is not damaged; MLflow opens some that are.

        Raises:
            ModelError: it is damaged, or locked.
        """
        if self.database is None or self.is_fresh:
            return
        try:
            where = f"{self.database.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(where, uri=True, timeout=_PATIENCE_SECONDS)) as database:
                verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise self.error(f"cannot be read: {error}. {WAY_OUT}", retryable=is_locked(error)) from error
        if verdict != "ok":
            raise self.error(f"cannot be read: {verdict}. {WAY_OUT}")

    def wrong(self, exported: Mapping[Series, int]) -> str:
        """What is wrong with a file of SQLite, for the end of a sentence; empty if nothing shows.

        It is read without MLflow, in milliseconds. Of a server and of another database nothing is known without asking
        MLflow, and a file that somebody writes to just now is not in doubt.

        Args:
            exported: the newest version of each series among the exports.
        """
        if self.database is None or not exported:
            return ""
        if self.is_fresh:
            return "is empty" if self.database.exists() else "is not there"
        try:
            where = f"{self.database.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(where, uri=True, timeout=0)) as database:
                found = dict(database.execute("SELECT name, MAX(version) FROM model_versions GROUP BY name"))
        except sqlite3.Error as error:
            return "" if is_locked(error) else f"cannot be read: {error}"
        lacking = [f"{series} v{newest}" for series, newest in exported.items() if found.get(series.slug, 0) < newest]
        return f"does not have {', '.join(lacking)}" if lacking else ""

    def set_aside(self, stamp: str) -> Path | None:
        """Rename a file of SQLite that is damaged; returns its new name, None if it is sound.

        Raises:
            LakeError: it cannot be renamed.
            ModelError: it is only locked.
        """
        try:
            self.require_sound()
        except ModelError as error:
            if error.retryable or self.database is None:
                raise
            aside = self.database.with_name(f"{self.database.name}.damaged-{stamp}")
            try:
                self.database.rename(aside)
            except OSError as reason:
                problem = f"cannot rename {self.database}: {reason.strerror}. {way_out(reason)}. {error}"
                raise LakeError(problem) from reason
            return aside
        return None


def is_locked(error: Exception) -> bool:
    """Whether a database is only held by somebody else: sqlite3, SQLAlchemy and MLflow have the same message for it."""
    return "database is locked" in str(error)


def _file(uri: str) -> Path | None:
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None
