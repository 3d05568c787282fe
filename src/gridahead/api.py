"""The front door for Python: what the command line and the flows do, as functions that give typed DataFrames.

>>> import gridahead as ga
>>> lab = ga.open("settings.toml")
>>> lab
Lab(series=('DE/load',))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from gridahead.core.dates import parse_instant
from gridahead.core.errors import PublicationError
from gridahead.core.grid import Series
from gridahead.core.tables import Forecasts, Observations, Scores
from gridahead.core.time import Mtu, TimeRange
from gridahead.core.vintages import as_of as known_at
from gridahead.workspace import Workspace

if TYPE_CHECKING:  # torch and MLflow take seconds to import, and reading does without
    from matplotlib.figure import Figure

    from gridahead.explain.explanation import Explanation
    from gridahead.forecasting.publish import Issue
    from gridahead.monitoring.revisions import Revisions
    from gridahead.operate.ingest import Ingestion
    from gridahead.operate.status import Status
    from gridahead.operate.train import Candidate
    from gridahead.reading.record import Record

ALL_TIMES = TimeRange(pd.Timestamp("1900-01-01", tz="UTC"), pd.Timestamp("2200-01-01", tz="UTC"))
ISSUE_COLUMNS = (
    "delivery_day",
    "forecast_id",
    "issue_time",
    "published_at",
    "model",
    "model_version",
    "rung",
    "mean_mw",
    "peak_mw",
)
SeriesName = str | Series
"""`DE/load`, or the series itself."""


@dataclass(frozen=True, repr=False)
class Lab:
    """One settings file with its lake and its models; `gridahead.open` makes it.

    Nothing is loaded before it is needed: reading takes no torch, and forecasting no MLflow.

    >>> lab = ga.open("settings.toml")
    >>> lab.settings.training.context_days
    14
    """

    workspace: Workspace

    def __repr__(self) -> str:
        return f"Lab(series={self.series})"

    @property
    def settings(self) -> object:
        """Everything that is set, each with its default."""
        return self.workspace.settings

    @property
    def series(self) -> tuple[str, ...]:
        """What the settings forecast."""
        return tuple(str(entry.series) for entry in self.workspace.settings.series)

    def observations(
        self,
        *series: SeriesName,
        as_of: str | pd.Timestamp | None = None,
        start: str | pd.Timestamp | None = None,
        end: str | pd.Timestamp | None = None,
    ) -> Observations:
        """What is accepted of the series: a row a valid time, the newest vintage that could be known.

        Args:
            series: such as `DE/load` or `DE/load_official`; all in the lake if none is named.
            as_of: the instant at which somebody reads; now without it. A time without an offset is UTC.
            start: of valid times, inclusive.
            end: of valid times, exclusive.

        Raises:
            LakeError: the lake cannot be read.

        >>> lab = ga.open("settings.toml")
        >>> known = lab.observations("DE/load", as_of="2025-12-30 10:00", start="2025-12-29", end="2025-12-31")
        >>> known["valid_time"].max()  # values are published an hour after their end
        Timestamp('2025-12-30 08:00:00+0000', tz='UTC')
        """
        rows = self.workspace.lake.read_vintages(*map(_series, series), time_range=_range(start, end))
        instant = pd.Timestamp.now(tz="UTC") if as_of is None else _instant(as_of)
        return Observations(known_at(rows, instant).reset_index(drop=True))

    def ingest(self) -> Ingestion:
        """Take in what the sources offer, and judge it; `gridahead ingest`.

        >>> ga.open("settings.toml").ingest().new  # all of it is there already
        0
        """
        from gridahead.operate.ingest import ingest

        return ingest(self.workspace)

    def train(self, *series: SeriesName) -> list[Candidate]:
        """Fit the candidates of the series, register them, and let the trial decide which serves; `gridahead train`.

        Args:
            series: all in the settings if none is named.

        Raises:
            ModelError, SettingsError, LakeError, PartialError: as `gridahead train` says.

        >>> sorted(candidate.model for candidate in ga.open("settings.toml").train("DE/load"))
        ['gru', 'lstm']
        """
        from gridahead.operate.train import train_all

        return train_all(self.workspace, self._chosen(series))

    def forecast(self, series: SeriesName | None = None, issue_time: str | pd.Timestamp | None = None) -> Forecasts:
        """Forecast the next delivery day, publish it, and give its rows [MW]; `gridahead forecast`.

        Args:
            series: may be left out where the settings have one.
            issue_time: as of when; without it, the newest deadline for which the lake has complete inputs.

        Raises:
            ModelError: there is no champion, it has learnt the day, or nothing is known before it.

        >>> rows = ga.open("settings.toml").forecast("DE/load")
        >>> rows.pivot(index="valid_time", columns="quantile", values="value_mw").shape
        (24, 11)
        """
        from gridahead.forecasting.publish import Issue
        from gridahead.operate.forecast import forecast

        chosen = self._one(series)
        published = forecast(self.workspace, chosen, None if issue_time is None else _instant(issue_time))
        return Issue(published.folder, dict(published.manifest)).forecasts

    def forecasts(self, series: SeriesName | None = None, run: str = "live") -> Forecasts:
        """Every forecast that the lake keeps of a run, each with the issue time and the model that made it.

        Args:
            series: may be left out where the settings have one.
            run: `live` for what was published, `shadow`, `validation`, or `backtest/NAME`.

        >>> ga.open("settings.toml").forecasts("DE/load")["run"].unique().tolist()
        ['live']
        """
        chosen = self._one(series)
        rows = self.workspace.lake.forecasts.read({"run": run, "zone": chosen.zone, "quantity": chosen.quantity})
        return Forecasts(rows)

    def issues(
        self, series: SeriesName | None = None, days: int = 14, as_of: str | pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """What readers were given of the last delivery days: a row a day, the newest first.

        Args:
            series: may be left out where the settings have one.
            days: how many.
            as_of: only what was published by then. A time without an offset is UTC.

        Returns:
            `delivery_day`, `forecast_id`, `issue_time`, `published_at`, `model`, `model_version`, `rung`, and `mean_mw`
            and `peak_mw` of the median.

        >>> table = ga.open("settings.toml").issues("DE/load", days=1)
        >>> table["rung"].tolist()
        ['full']
        """
        from gridahead.reading.issues import issues

        found = issues(self.workspace, self._one(series), days, as_of=None if as_of is None else _instant(as_of))
        told = [{**issue.manifest, **issue.manifest["median"]} for issue in found]
        table = pd.DataFrame(told, columns=list(ISSUE_COLUMNS))
        table["delivery_day"] = [dt.date.fromisoformat(day) for day in table["delivery_day"]]
        for clock in ("issue_time", "published_at"):
            table[clock] = pd.to_datetime(table[clock], utc=True)
        return table

    def published(
        self,
        series: SeriesName | None = None,
        issue: str = "latest",
        *,
        day: dt.date | str | None = None,
        as_of: str | pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """A published forecast: a row a unit in local time, a column a quantile level [MW].

        Args:
            series: may be left out where the settings have one.
            issue: `latest`, `today`, a forecast id, or an issue time.
            day: its delivery day.
            as_of: only what was published by then. A time without an offset is UTC.

        Returns:
            The frame, and in `.attrs["manifest"]` everything that was published with it.

        Raises:
            PublicationError: there is none; the message says which there are.

        >>> fan = ga.open("settings.toml").published("DE/load")
        >>> fan.shape, str(fan.index.tz), fan.attrs["manifest"]["series"]
        ((24, 11), 'Europe/Berlin', 'DE/load')
        """
        chosen = self._one(series)
        found = self._issue(chosen, issue, day, as_of)
        levels = found.forecasts.pivot(index="valid_time", columns="quantile", values="value_mw").sort_index()
        wide = self._by_local_time(levels.reset_index(), chosen)
        wide.attrs["manifest"] = dict(found.manifest)
        return wide

    def paths(
        self,
        series: SeriesName | None = None,
        issue: str = "latest",
        *,
        day: dt.date | str | None = None,
        as_of: str | pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """A hundred courses of the day of a published forecast: a row a unit in local time, a column a path [MW].

        In every unit they have the quantiles of the forecast, so that any of them is as likely as another; how one
        unit goes with the next is as in past errors. The highest value of a path is what its day has for a peak.

        Args:
            series: may be left out where the settings have one.
            issue: as for `published`.
            day: its delivery day.
            as_of: only what was published by then. A time without an offset is UTC.

        Returns:
            The frame; in `.attrs["manifest"]` everything that was published with it, and in `.attrs["follows"]` the day
            whose errors each path follows, by its number: paths of several series belong together by it.

        Raises:
            PublicationError: there is no such forecast, or it has no paths.

        >>> paths = ga.open("settings.toml").paths("DE/load")
        >>> paths.shape, str(paths.attrs["follows"][1])  # the newest day that was whole when the forecast was issued
        ((24, 100), '2025-12-29')
        """
        chosen = self._one(series)
        found = self._issue(chosen, issue, day, as_of)
        drawn = found.paths
        if drawn is None:
            raise PublicationError(
                str(chosen),
                f"the forecast of {found.manifest['delivery_day']} has no paths; `published` has its quantiles. Paths "
                "need three weeks of outturn before the issue time; what an older release has published has none",
            )
        wide = self._by_local_time(drawn.reset_index(), chosen)
        wide.attrs = {"manifest": dict(found.manifest), "follows": drawn.attrs["follows"]}
        return wide

    def outturn(
        self,
        series: SeriesName | None = None,
        start: str | pd.Timestamp | None = None,
        end: str | pd.Timestamp | None = None,
        as_of: str | pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """What came, in local time: `value` [MW] and `available_at`, in the newest vintage that could be known.

        Args:
            series: may be left out where the settings have one.
            start: of valid times, inclusive. A time without an offset is UTC.
            end: of valid times, exclusive.
            as_of: as known then; now without it.

        >>> ga.open("settings.toml").outturn("DE/load", "2025-12-29", "2025-12-30").shape
        (24, 2)
        """
        from gridahead.reading.known import outturn_known

        return self._known(outturn_known, series, start, end, as_of)

    def official(
        self,
        series: SeriesName | None = None,
        start: str | pd.Timestamp | None = None,
        end: str | pd.Timestamp | None = None,
        as_of: str | pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """The official forecast, the same; empty where the series has none.

        Args:
            series: as for `outturn`.
            start: as for `outturn`.
            end: as for `outturn`.
            as_of: as for `outturn`.

        >>> lab = ga.open("settings.toml")
        >>> len(lab.official("DE/load", "2025-12-29", "2025-12-30", as_of="2025-12-27"))  # not out yet
        0
        """
        from gridahead.reading.known import official_known

        return self._known(official_known, series, start, end, as_of)

    def record(
        self, series: SeriesName | None = None, days: int = 30, as_of: str | pd.Timestamp | None = None
    ) -> Record | None:
        """How good what was published has been: coverage and skill over the last live days, each with its interval.

        Args:
            series: may be left out where the settings have one.
            days: how many delivery days with an outturn.
            as_of: as known then; now without it.

        Returns:
            None where nothing that was published has an outturn.

        >>> ga.open("settings.toml").record("DE/load", as_of="2025-01-01") is None
        True
        """
        from gridahead.reading.record import live_record

        return live_record(self.workspace, self._one(series), days, None if as_of is None else _instant(as_of))

    def scores(self, series: SeriesName | None = None) -> Scores:
        """Score what was published of a series against the outturn, beside the references; `gridahead score`.

        >>> scores = ga.open("settings.toml").scores("DE/load")
        >>> "official_corrected" in set(scores["model"])
        True
        """
        from gridahead.operate.score import score_published

        return score_published(self.workspace, self._one(series)).scores

    def backtest(
        self,
        series: SeriesName | None,
        first: dt.date | str,
        last: dt.date | str,
        models: Sequence[str] = ("champion", "official", "official_corrected", "naive"),
        name: str = "python",
    ) -> Scores:
        """Forecast every delivery day from first to last as of its deadline, and score; `gridahead backtest`.

        Args:
            series: None where the settings have one.
            first: delivery day.
            last: delivery day, inclusive.
            models: of the settings, fitted on what came before; `champion`; references; `ridge`, `lightgbm`.
            name: the forecasts are kept as run `backtest/NAME`, and made once.

        Raises:
            ModelError, SettingsError, LakeError: as `gridahead backtest` says.

        >>> scores = ga.open("settings.toml").backtest("DE/load", "2025-12-01", "2025-12-03", ["champion", "naive"])
        >>> int(scores.query("metric == 'mae'")["n"].max())
        72
        """
        from gridahead.backtest.run import backtest

        days = [dt.date.fromisoformat(day) if isinstance(day, str) else day for day in (first, last)]
        return backtest(self.workspace, self._one(series), days[0], days[1], list(models), name)

    def explain(self, series: SeriesName | None = None, issue_time: str | pd.Timestamp | None = None) -> Explanation:
        """Which hours and inputs moved a forecast, and what has changed since the one before; `gridahead explain`.

        Args:
            series: may be left out where the settings have one.
            issue_time: of the forecast; the newest that is published without it.

        >>> explanation = ga.open("settings.toml").explain("DE/load")
        >>> len(explanation.forecast)
        37
        """
        from gridahead.operate.explain import explanation_of

        return explanation_of(self.workspace, self._one(series), None if issue_time is None else _instant(issue_time))

    def revisions(self, series: SeriesName | None = None) -> Revisions:
        """How much the values moved between their first and their newest vintage, and how late; `gridahead revisions`.

        >>> ga.open("settings.toml").revisions("DE/load").moved  # a file that was taken in once
        0
        """
        from gridahead.monitoring.revisions import revisions

        return revisions(self.workspace, self._one(series))

    def plot_fan(
        self, series: SeriesName | None = None, issue: str = "latest", *, day: dt.date | str | None = None
    ) -> Figure:
        """A published forecast as a fan, with the outturn as far as it is known and the official forecast.

        Args:
            series: may be left out where the settings have one.
            issue: `latest`, `today`, a forecast id, or an issue time.
            day: its delivery day.

        Raises:
            PublicationError: there is none; the message says which there are.

        >>> ga.open("settings.toml").plot_fan("DE/load").axes[0].get_ylabel()
        'DE/load [MW]'
        """
        from gridahead.reading.known import official_known, outturn_known
        from gridahead.reports.fan import fan_figure

        chosen, wide = self._one(series), self.published(series, issue, day=day)
        times = pd.DatetimeIndex(wide.index)
        mtu = Mtu.from_delta(times[1] - times[0])
        span = TimeRange(times[0], times[-1] + mtu.delta)
        outturn, official = (
            self._by_local_time(read(self.workspace, chosen, span, mtu=mtu), chosen)["value"]
            for read in (outturn_known, official_known)
        )
        return fan_figure(wide, outturn, official, self.workspace.settings.unit_of(chosen))

    def status(self) -> Status:
        """What is in the lake, who serves, and how old the newest forecast is; `gridahead status`.

        >>> list(ga.open("settings.toml").status().serving)
        ['DE/load']
        """
        from gridahead.operate.status import status

        return status(self.workspace)

    def _issue(self, series: Series, issue: str, day: dt.date | str | None, as_of: str | pd.Timestamp | None) -> Issue:
        from gridahead.reading.issues import find_issue

        return find_issue(
            self.workspace,
            series,
            issue,
            day=dt.date.fromisoformat(day) if isinstance(day, str) else day,
            as_of=None if as_of is None else _instant(as_of),
        )

    def _known(
        self,
        read: Callable[..., pd.DataFrame],
        series: SeriesName | None,
        start: str | pd.Timestamp | None,
        end: str | pd.Timestamp | None,
        as_of: str | pd.Timestamp | None,
    ) -> pd.DataFrame:
        chosen, span = self._one(series), _range(start, end) or ALL_TIMES
        return self._by_local_time(
            read(self.workspace, chosen, span, None if as_of is None else _instant(as_of)), chosen
        )

    def _by_local_time(self, rows: pd.DataFrame, series: Series) -> pd.DataFrame:
        """The rows by `valid_time` in the time zone of their series."""
        timezone = self.workspace.settings.zone(series.zone).timezone
        return rows.assign(valid_time=pd.DatetimeIndex(rows["valid_time"]).tz_convert(timezone)).set_index("valid_time")

    def _one(self, series: SeriesName | None) -> Series:
        """The series, or the only one of the settings."""
        if series is not None:
            return _series(series)
        if len(self.series) != 1:
            raise ValueError(f"name a series; the settings have {', '.join(self.series) or 'none'}")
        return _series(self.series[0])

    def _chosen(self, series: Sequence[SeriesName]) -> list[Series]:
        return [_series(name) for name in series or self.series]


def _series(name: SeriesName) -> Series:
    return name if isinstance(name, Series) else Series.parse(name)


def _instant(time: str | pd.Timestamp) -> pd.Timestamp:
    """The instant, of UTC where no offset is said."""
    if isinstance(time, str):
        return parse_instant(time, "UTC")
    stamp = pd.Timestamp(time)
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def _range(start: str | pd.Timestamp | None, end: str | pd.Timestamp | None) -> TimeRange | None:
    if start is None and end is None:
        return None
    return TimeRange(
        ALL_TIMES.start if start is None else _instant(start), ALL_TIMES.end if end is None else _instant(end)
    )
