"""Open-Meteo: weather forecasts as they were known, as covariates of a zone.

Every run of a weather model is a vintage. Its values may be used from when the run was published: as the service says
itself for the newest run (`recorded`), and else the usual delay of the model after the run began (`assumed`); when it
began is kept with the payload (`run`). What is older than the archive of single runs is bounded by forecasts of a fixed
age, and such rows carry that in their `source`, as in `openmeteo previous_day2`.

Single runs and forecasts of a fixed age are read as the documentation has them; no recording of them is at hand.

Source: open-meteo.com/en/docs and its pages single-runs-api, previous-runs-api, historical-forecast-api,
historical-weather-api, ensemble-api, model-updates. Licence: CC BY 4.0; the free hosts are for non-commercial use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

import pandas as pd

from gridahead.core.errors import SettingsError, SourceError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.tables import OBSERVATIONS, Observations
from gridahead.core.time import Clock, Deadline, Mtu, TimeRange, now
from gridahead.core.vintages import FOREVER
from gridahead.core.weather_points import WeatherPoint, weather_points
from gridahead.settings.services import OpenMeteoSource
from gridahead.sources.base import Fetched, RawPayload, availability_by, rows_of
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.source import HttpSource, Job
from gridahead.sources.http.transport import Transport
from gridahead.sources.openmeteo_answers import HOUR, VARIABLES, Variable, zone_means
from gridahead.sources.openmeteo_hosts import ENSEMBLE, LIVE, SINGLE, Hosts, Run, newest_run
from gridahead.sources.openmeteo_runs import (
    BY_TIME,
    DAY,
    EARLIEST,
    ERA5_DELAY,
    MEMBERS,
    MODELS,
    RECENT,
    RUNS,
    UNAVAILABLE,
    WEIGHT_DAYS,
    WEIGHT_VARIABLES,
    Model,
    usual_model,
)
from gridahead.sources.records import zone_of
from gridahead.sources.wanted import Item, Wanted


class OpenMeteo(HttpSource):
    """Reads the JSON of Open-Meteo."""

    items = (RUNS, MEMBERS, *(kind.item for kind in BY_TIME.values()))
    settings: OpenMeteoSource

    def __init__(
        self,
        settings: OpenMeteoSource,
        zones: Sequence[BiddingZone],
        transport: Transport | None = None,
        clock: Clock = now,
    ) -> None:
        super().__init__(settings, zones, transport or Hosts(settings, clock), clock)
        if settings.model not in MODELS and settings.delay_minutes is None:
            raise SettingsError(
                f"when the runs of {settings.model!r} appear is not known; say so with delay_minutes, or take one of "
                f"{', '.join(MODELS)}"
            )

    @property
    def model(self) -> Model:
        """What is known of the runs of the model."""
        known = MODELS.get(self.settings.model, usual_model(6, 0))
        minutes = self.settings.delay_minutes
        return known if minutes is None else replace(known, delay=pd.Timedelta(minutes=minutes))

    def code(self, zone: BiddingZone) -> str:
        """The zone's own code: the service knows places alone.

        Raises:
            SettingsError: there is no place of the zone.
        """
        self.points(zone)
        return zone.code

    def points(self, zone: BiddingZone) -> tuple[WeatherPoint, ...]:
        """The places whose weather counts for a zone.

        Raises:
            SettingsError: neither the settings nor the table have any.
        """
        own = tuple(
            WeatherPoint(one.latitude, one.longitude, one.weight) for one in self.settings.points.get(zone.code, ())
        )
        if found := own or weather_points().get(zone.code, ()):
            return found
        raise SettingsError(
            f"where is the weather of zone {zone.code!r}? Name places, weighted by people or by installed megawatts: "
            f"points = {{{zone.code} = [{{latitude = 48.85, longitude = 2.35, weight = 3.0}}]}}"
        )

    def request(self, name: str) -> Mapping[str, object]:
        """The settings by which any payload is parsed."""
        return {
            **super().request(name),
            "model": self.settings.model,
            "delay_minutes": int(self.model.delay / pd.Timedelta(minutes=1)),
            "points": {zone.code: [asdict(point) for point in self.points(zone)] for zone in self.zones},
        }

    def jobs(self, wanted: Wanted) -> list[Job]:
        """Every run that is to be expected and was not fetched, and windows of what stands for older ones."""
        zones = [zone for zone in self.zones if wanted.zones is None or zone.code in wanted.zones]
        return [job for zone in zones for job in (*self._runs(wanted, zone), *self._by_time(wanted, zone))]

    def _runs(self, wanted: Wanted, zone: BiddingZone) -> Iterator[Job]:
        newest, recent = wanted.now - EARLIEST, wanted.now - RECENT
        start = max(self._begin(wanted, zone), self.model.since) if self.settings.vintages == "runs" else recent
        runs = _runs_of_days(start, newest, self.settings.run_hours)
        runs = runs if wanted.end is None else runs[runs < wanted.end]
        rows = wanted.fetched[(wanted.fetched["source"] == self.name) & (wanted.fetched["zone"] == zone.code)]
        for item, of_item in ((RUNS, runs), (MEMBERS, runs[-1:])):  # the service keeps the newest ensemble alone
            if item is RUNS or self.settings.members:
                for run in of_item.difference(pd.DatetimeIndex(rows.loc[rows["item"] == item.name, "start"])):
                    yield Job(item, (zone,), TimeRange(run, run + HOUR))

    def _by_time(self, wanted: Wanted, zone: BiddingZone) -> Iterator[Job]:
        kind: str = self.settings.vintages
        end = wanted.end
        if kind == "runs":
            kind, end = self.settings.before_runs, min(end or self.model.since, self.model.since)
        begin = self._begin(wanted, zone)
        if kind != "none" and (end is None or begin < end):
            item = BY_TIME[kind].item
            for window in replace(wanted, start=begin, end=end).windows(self.name, item, zone.code, None):
                yield Job(item, (zone,), window)

    def _begin(self, wanted: Wanted, zone: BiddingZone) -> pd.Timestamp:
        """From when history is wanted; without a wish, what is new."""
        day = self.settings.since
        since = wanted.now - RECENT if day is None else pd.Timestamp(day, tz=zone.timezone).tz_convert("UTC")
        return wanted.start or since

    def ask(self, item: Item, zones: tuple[BiddingZone, ...], window: TimeRange) -> Iterator[Request]:
        """One request for the hours of a window, by whole days: with the instant at its end."""
        kind = BY_TIME[item.name]
        days = {"start_date": f"{window.start:%Y-%m-%d}", "end_date": f"{window.end:%Y-%m-%d}"}
        yield self._request(kind.path, zones[0], days, (window.end - window.start) / DAY + 1, kind.ending)

    def _of_run(self, item: Item, zone: BiddingZone, run: pd.Timestamp | None) -> Request:
        """The request for the values of a run, or of the newest one."""
        days = self.settings.days_ahead + 1
        asked = {"forecast_days": str(days)} | ({} if run is None else {"run": f"{run:%Y-%m-%dT%H:%M}"})
        if item is MEMBERS:
            return self._request(f"{ENSEMBLE}/v1/ensemble", zone, asked, days, members=self.settings.members)
        return self._request(f"{LIVE if run is None else SINGLE}/v1/forecast", zone, asked, days)

    def _request(
        self, path: str, zone: BiddingZone, asked: Mapping[str, str], days: float, ending: str = "", members: int = 0
    ) -> Request:
        """A request for the variables at the points of a zone, in units that are named."""
        points, names = self.points(zone), [VARIABLES[name].name + ending for name in self.settings.quantities]
        variables = len(names) * (members + 1)
        weight = max(1.0, variables / WEIGHT_VARIABLES, days / WEIGHT_DAYS * variables / WEIGHT_VARIABLES) * len(points)
        parameters = {
            **_place(points),
            "hourly": ",".join(names),
            "models": self.settings.ensemble_model if members else self.settings.model,
            "wind_speed_unit": "ms",
            "timeformat": "unixtime",
            "timezone": "GMT",
            **asked,
        }
        return Request(path, parameters, answers=frozenset({200, 400, 429}), weight=weight)

    def answers_to(self, job: Job) -> list[RawPayload]:
        """What a job needs; nothing of a run that is not there yet, so that it is asked for again.

        Raises:
            SourceError: it could not be fetched.
        """
        if job.item not in (RUNS, MEMBERS):
            return super().answers_to(job)
        run, zone = job.window.start, job.zones[0]
        newest, recorded = self._newest[job.item.name], None
        if self.clock() < self._to_be_expected(run, newest):
            return []
        if newest is not None and newest.begun == run:
            request = self._of_run(job.item, zone, None)
            answer = self.transport.get(request, self.check)
            # Had another run come meanwhile, these values could be its: then they are asked for by the run.
            recorded = newest.available if newest == newest_run(self.transport, self._model_of(job.item)) else None
        if recorded is None:
            if job.item is MEMBERS:  # an ensemble is not kept
                return []
            request = self._of_run(job.item, zone, run)
            answer = self.transport.get(request, self.check)
        if answer.status != 200 and self.clock() - run < UNAVAILABLE:
            return []
        payload = self._payload(job, request, answer, "0.0")
        asked = {**payload.asked, "run": run.isoformat(), "available_at": recorded and recorded.isoformat()}
        return [replace(payload, asked=asked, completes=(Fetched(job.item.name, zone.code, job.window),))]

    def _to_be_expected(self, run: pd.Timestamp, newest: Run | None) -> pd.Timestamp:
        """From when on a run is asked for: as the service says of its newest one, or else after the usual delay."""
        if newest is None:
            return run + self.model.delay
        if newest.begun < run:
            return FOREVER
        return newest.everywhere if newest.begun == run else run

    @cached_property
    def _newest(self) -> Mapping[str, Run | None]:
        """The newest runs that the service has, by item; one look for all zones."""
        items = (RUNS, MEMBERS) if self.settings.members else (RUNS,)
        return {item.name: newest_run(self.transport, self._model_of(item)) for item in items}

    def _model_of(self, item: Item) -> str:
        return f"{self.settings.ensemble_model}_ensemble" if item is MEMBERS else self.settings.model

    def check(self, answer: Answer) -> None:
        """Let pass values, and the answer that a run is not there.

        Raises:
            SourceError: the request is wrong, or a limit is used up; with what the service says.
        """
        reason = "" if answer.status == 200 else _reason(answer)
        if answer.status == 200 or "run is not available" in reason:
            return
        if reason.startswith("Minutely") and isinstance(self.transport, Hosts):
            self.transport.rest()
        again = answer.status == 429 and not reason.startswith(("Hourly", "Daily"))
        way = "" if answer.status == 400 or again else f". {self.settings.info.title} is asked again by the next ingest"
        raise SourceError(self.name, f"status {answer.status}, {reason.rstrip('.')}{way}", retryable=again)

    def parse(self, payload: RawPayload) -> Observations:
        """The weather of a zone by hours, every variable a series; no row where there is no value.

        Raises:
            SourceError: the answer is not what was asked for, or was asked for other points than the settings have.
        """
        asked = payload.asked
        zone = zone_of(payload, self.zones)
        points = self.points(zone)
        parameters: Any = asked["parameters"]
        if {**parameters, **_place(points)} != dict(parameters):
            raise SourceError(self.name, f"{payload.name}: was asked for other points than the settings have now")
        if asked["status"] != 200:  # a run that is missing
            return Observations(OBSERVATIONS.empty())
        item = str(asked["item"])
        columns = self._columns(item)
        means = zone_means(payload, json.loads(payload.content), columns, points, str(parameters["models"]))
        begin, end = self._span(payload, item)
        means = means[(means.index >= begin) & (means.index < end)]
        available, how = self._available(payload, item, pd.DatetimeIndex(means.index), zone)
        if item not in BY_TIME:  # what a run says of hours that had begun when it came is no forecast
            means, available = means[means.index >= available], available[means.index >= available]
        parts = [
            rows_of(
                Series(zone.code, quantity),
                pd.DatetimeIndex(means.index[known]),
                available[known],
                means.loc[known, quantity],
                mtu=Mtu.PT60M,
                payload=payload,
                unit=variable.ours,
                availability=how,
            )
            for quantity, (variable, _) in columns.items()
            for known in [means[quantity].notna().to_numpy()]
        ]
        source = self.name if item in (RUNS.name, MEMBERS.name) else f"{self.name} {item}"
        return Observations(OBSERVATIONS.check(pd.concat(parts, ignore_index=True).assign(source=source)))

    def _columns(self, item: str) -> dict[str, tuple[Variable, str]]:
        """By quantity the variable, and what its name in the answers for an item ends with."""
        wanted = {name: VARIABLES[name] for name in self.settings.quantities}
        if item != MEMBERS.name:
            ending = BY_TIME[item].ending if item in BY_TIME else ""
            return {name: (variable, ending) for name, variable in wanted.items()}
        numbers = range(1, self.settings.members + 1)
        return {f"{name}_m{n:02}": (variable, f"_member{n:02}") for name, variable in wanted.items() for n in numbers}

    def _span(self, payload: RawPayload, item: str) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Of which hours an answer was wanted; of a run those from its beginning on."""
        if item in BY_TIME:
            return pd.Timestamp(str(payload.asked["start"])), pd.Timestamp(str(payload.asked["end"]))
        begun = pd.Timestamp(str(payload.asked["run"]))
        return begun, begun + self.settings.days_ahead * DAY

    def _available(
        self, payload: RawPayload, item: str, valid_time: pd.DatetimeIndex, zone: BiddingZone
    ) -> tuple[pd.DatetimeIndex, str]:
        """From when each hour may be used, and whether that is recorded."""
        if item not in BY_TIME:
            recorded = payload.asked["available_at"]
            begun = pd.Timestamp(str(payload.asked["run"]))
            at = begun + self.model.delay if recorded is None else pd.Timestamp(str(recorded))
            return pd.DatetimeIndex([at] * len(valid_time), tz="UTC").as_unit(
                "us"
            ), "recorded" if recorded else "assumed"
        if item == "reanalysis":
            return valid_time + HOUR + ERA5_DELAY, "assumed"
        if item == "previous_day1":
            return availability_by(valid_time, Deadline.parse(f"D-1T0000[{zone.timezone}]"), zone.timezone), "assumed"
        # The newest run that is so old at the end of the hour, whose value is in its mean.
        begun_last = (valid_time + HOUR - BY_TIME[item].age).floor(self.model.every)
        return begun_last + self.model.delay, "assumed"


def _runs_of_days(start: pd.Timestamp, end: pd.Timestamp, hours: Sequence[int]) -> pd.DatetimeIndex:
    """When runs that begin at some hours of the day [UTC] began, both ends among them."""
    if start > end:
        return pd.DatetimeIndex([], tz="UTC").as_unit("us")
    every = pd.date_range(start.floor("D"), end, freq="h").as_unit("us")
    return every[(every >= start) & every.hour.isin(hours)]


def _place(points: Sequence[WeatherPoint]) -> dict[str, str]:
    """The coordinates of points as the service takes them."""
    return {name: ",".join(f"{getattr(point, name):g}" for point in points) for name in ("latitude", "longitude")}


def _reason(answer: Answer) -> str:
    """What the service says of an error."""
    try:
        said: Any = answer.json()
        return str(said["reason"])
    except (ValueError, KeyError, TypeError):
        return "without a reason"
