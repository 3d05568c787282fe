"""The folders that the use cases share, opened from the settings."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gridahead.core.errors import ModelError, SettingsError
from gridahead.core.files import write_whole
from gridahead.core.grid import Series
from gridahead.core.resolution import at_mtu, mtu_of, rows_of
from gridahead.core.tables import Observations
from gridahead.core.time import Clock, Deadline, Mtu, TimeRange, delivery_range, now
from gridahead.core.weather_points import WeatherPoint, centre, weather_points
from gridahead.features.weather_kinds import NEEDED, WeatherFeatures, of_kind
from gridahead.features.windows import WindowSpec
from gridahead.lake.folder import Folder
from gridahead.lake.lake import Lake
from gridahead.lake.layout import require_current
from gridahead.registry.address import Address
from gridahead.registry.exports import REPAIR, Exports
from gridahead.registry.versions import Version
from gridahead.settings.file import load_settings
from gridahead.settings.model import Settings
from gridahead.settings.services import OpenMeteoSource

if TYPE_CHECKING:  # MLflow takes seconds to import, and most use cases do without
    from gridahead.registry.registry import Registry
    from gridahead.registry.runs import Tracking


def open_lake(settings: Settings) -> Lake:
    """The lake of the settings.

    Raises:
        LakeError: it, or the data folder, has the layout of an older or newer release.
    """
    lake = Lake(settings.lake_folder, settings.archive_folder)
    for folder in (Folder.at(settings.data_folder), lake.folder):
        require_current(folder)
    return lake


def open_registry(workspace: Workspace) -> Registry:
    """The registry of models of a workspace.

    Raises:
        ModelError: it is damaged, or it was there and is there no longer.
    """
    from gridahead.registry.registry import Registry

    return Registry(workspace.tracking, workspace.exports)


_OPENING = threading.RLock()
"""Series are trained side by side in threads: the first that needs a lake or a registry opens it for all."""


@dataclass(frozen=True)
class Workspace:
    """Settings, lake and registry; lake and registry are opened once, when they are needed first."""

    settings: Settings
    lake_of: Callable[[Settings], Lake] = field(default=open_lake, repr=False)
    registry_of: Callable[[Workspace], Registry] = field(default=open_registry, repr=False)
    """How they are opened: a test brings others."""
    clock: Clock = field(default=now, repr=False)
    """What time it is, UTC: whatever is asked, recorded or forecast "now" asks here."""

    @classmethod
    def open(cls, settings: str | Path | None = None) -> Workspace:
        """The workspace of a settings file.

        Args:
            settings: its path; else $GRIDAHEAD_SETTINGS, settings.toml here, or flows/settings.toml.

        Raises:
            SettingsError: there is none, or it says something that cannot be meant.
        """
        return cls(load_settings(settings))

    @property
    def lake(self) -> Lake:
        """The lake.

        Raises:
            LakeError: it, or the data folder, has the layout of an older or newer release.
        """
        with _OPENING:
            return self._lake

    def reading_ahead(self, series: Sequence[Series], time_range: TimeRange | None = None) -> Workspace:
        """The same workspace, of whose lake these rows are read now and once; see `Lake.reading_ahead`.

        Raises:
            LakeError: a file of the lake cannot be read.
        """
        lake = self.lake.reading_ahead(series, time_range)
        return replace(self, lake_of=lambda _settings: lake)

    @cached_property
    def published(self) -> Folder:
        """Where forecasts and pages are published."""
        return Folder.at(self.settings.published_place)

    def put_page(self, page: Path, content: bytes) -> None:
        """Write a page or a picture on this machine, and beside what is published if that is in an object store.

        Raises:
            LakeError: it cannot be written.
        """
        write_whole(page, content)
        home = self.settings.published_folder
        if not self.published.local and page.is_relative_to(home):
            self.published.write(page.relative_to(home).as_posix(), content)

    @cached_property
    def exports(self) -> Exports:
        """What forecasts are made with."""
        return Exports(self.settings.exports_folder, self.mlflow.copies, self.settings.cache_folder / "models")

    @cached_property
    def mlflow(self) -> Address:
        """Where MLflow is.

        Raises:
            SettingsError: its address needs a variable that the environment does not have.
        """
        return Address.of(self.settings)

    @cached_property
    def tracking(self) -> Tracking:
        """The record of fits.

        Raises:
            ModelError: it is damaged, or it was there and is there no longer.
        """
        from gridahead.registry.runs import Tracking

        return Tracking(self.mlflow, self.registered())

    @property
    def registry(self) -> Registry:
        """The registry of models.

        Raises:
            ModelError: it is damaged, or it was there and is there no longer.
        """
        with _OPENING:
            return self._registry

    @cached_property
    def _lake(self) -> Lake:
        return self.lake_of(self.settings)

    @cached_property
    def _registry(self) -> Registry:
        return self.registry_of(self)

    def versions(self, series: Series) -> list[Version]:
        """Every exported version of a series, the newest first; read without MLflow.

        Raises:
            ModelError: a record is damaged, or there were versions and none is exported any more.
        """
        versions = self.exports.versions(series)
        if not versions and (newest := self.registered(series).get(series, 0)):
            raise ModelError(
                f"{series} v{newest}",
                f"and what was before it are not in {self.exports.folder} any more: put them back from a backup, or "
                f"let {REPAIR} write them again from the registry",
            )
        return versions

    def registered(self, *series: Series) -> dict[Series, int]:
        """The newest version that must be in the registry, by series, from the exports or else the lake.

        Args:
            series: all that are known if none is named.
        """
        exported = {
            member: number for member in series or self.exports.series() if (number := self.exports.newest_of(member))
        }
        if exported:
            return exported
        remembered: dict[Series, int] = {}
        for row in self.lake.read_promotions(*series).to_dict("records"):
            member = Series(row["zone"], row["quantity"])
            remembered[member] = max(remembered.get(member, 0), int(row["to_version"]))
        return remembered

    def inputs(
        self, series: Series, time_range: TimeRange | None = None, mtu: Mtu | None = None
    ) -> tuple[WindowSpec, Observations]:
        """What the models of a series read: the axes, and every accepted vintage of the series on them, with flags.

        The official forecast is among the observations even where no model may read it: scores are measured against it.
        All of them have one market time unit, whatever units they came in.

        Args:
            series: which.
            time_range: of valid times.
            mtu: the market time unit; that of the settings or, without one there, of the newest value unless given.

        Raises:
            LakeError: the lake does not have the series or a covariate of it.
            SettingsError: its zone is not known.
        """
        chosen = self.settings.series_settings(series)
        covariates = (*chosen.past_covariates, *chosen.future_covariates)
        observations = self.lake.read_vintages(series, series.official, *covariates, time_range=time_range, flags=True)
        zone = self.settings.zone(series.zone)
        mtu = mtu or chosen.mtu or mtu_of(observations, series, zone.timezone)
        use_official = chosen.use_official and series.official.quantity in set(observations["quantity"])
        for covariate in covariates:
            rows_of(observations, covariate)
        spec = WindowSpec(
            series=series,
            zone=zone,
            mtu=mtu,
            deadline=chosen.deadline,
            context_days=self.settings.training.context_days,
            use_official=use_official,
            past_covariates=chosen.past_covariates,
            future_covariates=chosen.future_covariates,
            weather=weather_features(self.settings, series),
            issued_until=_issued_until(self.settings.gate_closure_of(series), zone.timezone),
            intraday=chosen.intraday,
        )
        return spec, at_mtu(observations, mtu, zone.timezone)


def _issued_until(gate_closure: Deadline, timezone: str) -> Deadline:
    """Until when a forecast of the day ahead may be issued: the gate closure, or the beginning of the delivery day."""
    return gate_closure if gate_closure.offset <= dt.timedelta(0) else Deadline(0, dt.time(0), timezone)


def weather_features(settings: Settings, series: Series) -> WeatherFeatures | None:
    """What is made of the weather of a series, at the weighted middle of the weather points of its zone.

    Raises:
        SettingsError: an input that a feature is made of is not read ahead, or a place is needed and not known.
    """
    chosen = settings.series_settings(series)
    for kind in chosen.weather:
        if NEEDED[kind] and not of_kind(chosen.future_covariates, kind):
            raise SettingsError(
                f'series {series}: weather = ["{kind}"] is made of an input whose name begins with {NEEDED[kind]}; add '
                f'it: future_covariates = ["{series.zone}/{NEEDED[kind]}{"_100m" if "wind" in NEEDED[kind] else ""}"]'
            )
    if not chosen.weather:
        return None
    own = (source.points.get(series.zone, ()) for source in settings.sources if isinstance(source, OpenMeteoSource))
    named = [WeatherPoint(one.latitude, one.longitude, one.weight) for points in own for one in points]
    place = settings.place_of(series.zone)
    points = named or ((WeatherPoint(*place),) if place else weather_points().get(series.zone, ()))
    if not points and "clear_sky" in chosen.weather:
        raise SettingsError(
            f"series {series}: where is zone {series.zone}? A clear sky needs a place; name one in the openmeteo "
            f"source: points = {{{series.zone} = [{{latitude = 48.85, longitude = 2.35}}]}}"
        )
    return WeatherFeatures(chosen.weather, *(centre(points) if points else ()))


def require_unseen(found: Version, day: dt.date) -> None:
    """A forecast of days that a model has learnt is none, and flatters it.

    Raises:
        ModelError: the delivery day is one of them.
    """
    if day <= found.last_day_seen:
        raise ModelError(
            f"{found.series} {found}",
            f"has learnt from days until {found.last_day_seen}, so what it says of {day} would not be a forecast. "
            "Choose a later day, or back-test models of the settings, which are fitted on what came before",
        )


def reading_range(spec: WindowSpec, first: dt.date, last: dt.date) -> TimeRange:
    """Every valid time that the windows of these delivery days touch."""
    start = delivery_range(first - dt.timedelta(days=spec.days_read), spec.zone.timezone).start
    return TimeRange(start, delivery_range(last, spec.zone.timezone).end)
