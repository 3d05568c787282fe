"""MLflow's database read without MLflow, which takes seconds to import: whether it is sound, versions and aliases."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gridahead.core.errors import ModelError
from gridahead.core.grid import Series
from gridahead.registry.exports import REPAIR
from gridahead.registry.versions import CREATED, Version

_PATIENCE_SECONDS = 20
"""MLflow waits as long for another writer."""
_TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'registered_model_aliases'"
_VERSIONS = (
    "SELECT version, run_id, creation_time FROM model_versions "
    "WHERE name = ? AND current_stage IS NOT 'Deleted_Internal' ORDER BY version DESC"
)
_VERSION_TAGS = "SELECT version, key, value FROM model_version_tags WHERE name = ?"
_WAY_OUT = f"Put it back from a backup, or let {REPAIR} make it again from what is exported"


@dataclass(frozen=True)
class Database:
    """The file in which MLflow keeps runs and versions."""

    path: Path

    @classmethod
    def of(cls, folder: Path) -> Database:
        """The database in a folder of MLflow."""
        return cls(folder / "mlflow.db")

    @property
    def fresh(self) -> bool:
        """Whether nothing has ever been written into it."""
        return not self.path.exists() or self.path.stat().st_size == 0

    def aliases(self, series: Series, newest: int) -> dict[str, str]:
        """The version of each alias of a series.

        Args:
            series: of which.
            newest: the newest version that it must know, 0 if none.

        Raises:
            ModelError: the file is gone or damaged, or does not know that version.
        """
        holders = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
        self._require_known({series: newest})
        return {str(alias): str(number) for alias, number in self._ask(holders, series.slug)}

    def versions(self, series: Series, newest: int) -> list[Version]:
        """Every version of a series that is ours, the newest first, as `Registry.versions` gives them.

        Args:
            series: of which.
            newest: the newest version that it must know, 0 if none.

        Raises:
            ModelError: the file is gone or damaged, or does not know that version.
        """
        holders = self.aliases(series, newest)
        tags: dict[str, dict[str, str]] = {}
        for number, name, value in self._ask(_VERSION_TAGS, series.slug):
            tags.setdefault(str(number), {})[str(name)] = str(value)
        return [
            Version(
                series=series,
                number=str(number),
                run_id=str(run_id),
                created_at=pd.Timestamp(
                    tags[str(number)].get(CREATED) or pd.Timestamp(int(milliseconds), unit="ms", tz="UTC")
                ),
                aliases=tuple(sorted(alias for alias, holder in holders.items() if holder == str(number))),
                tags=tags[str(number)],
            )
            for number, run_id, milliseconds in self._ask(_VERSIONS, series.slug)
            if "bundle" in tags.get(str(number), {})
        ]

    def require(self, registered: Mapping[Series, int]) -> None:
        """See that the file is sound, and knows this version of each of these series.

        Raises:
            ModelError: it is gone, damaged, or an older one.
        """
        if (verdict := self._ask("PRAGMA quick_check(1)") or [("ok",)])[0][0] != "ok":
            raise self._damaged(verdict[0][0])
        self._require_known(registered)

    def newest(self, series: Series) -> int:
        """The newest version of a series, also where it has been deleted since; 0 if there was none.

        Raises:
            ModelError: the file is damaged.
        """
        rows = self._ask("SELECT max(version) FROM model_versions WHERE name = ?", series.slug)
        return int(rows[0][0] or 0) if rows else 0

    def _require_known(self, registered: Mapping[Series, int]) -> None:
        older = {series: have for series, number in registered.items() if (have := self.newest(series)) < number}
        if older:
            named = ", ".join(f"{series} v{registered[series]}" for series in older)
            state = "is gone, and it knew" if self.fresh else "is another one or an older one: it lacks"
            raise ModelError(f"the registry of models in {self.path}", f"{state} {named}. {_WAY_OUT}")

    def _ask(self, question: str, *parameters: str) -> list[tuple[Any, ...]]:
        """The answer; no rows of a database that is not there, or whose tables are being made."""
        if self.fresh:
            return []
        try:
            with closing(self._open()) as database:
                if not database.execute(_TABLES).fetchone():
                    return []
                return database.execute(question, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error, retryable=is_locked(error)) from error

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_SECONDS)

    def _damaged(self, reason: object, *, retryable: bool = False) -> ModelError:
        problem = f"cannot be read: {reason}. {_WAY_OUT}"
        return ModelError(f"the registry of models in {self.path}", problem, retryable=retryable)


def is_locked(error: Exception) -> bool:
    """Whether a database is only held by somebody else: sqlite3, SQLAlchemy and MLflow have the same message for it."""
    return "database is locked" in str(error)
