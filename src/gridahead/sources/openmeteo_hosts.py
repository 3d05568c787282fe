"""The hosts of Open-Meteo: one for each kind of forecast, which share their limits and the key."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pandas as pd

from gridahead.core.errors import SourceError
from gridahead.core.time import Clock, now
from gridahead.settings.services import OpenMeteoSource
from gridahead.sources.http.limits import limits_of
from gridahead.sources.http.request import Answer, Request
from gridahead.sources.http.transport import Check, Transport

LIVE, SINGLE, PREVIOUS, HINDCAST, REANALYSIS, ENSEMBLE = (
    "api",
    "single-runs-api",
    "previous-runs-api",
    "historical-forecast-api",
    "archive-api",
    "ensemble-api",
)
"""The first label of each host; a request's path begins with it."""
META_FOLDERS = {
    "icon_global": "dwd_icon",
    "icon_eu": "dwd_icon_eu",
    "icon_d2": "dwd_icon_d2",
    "gfs_global": "ncep_gfs013",
}
"""Where the service keeps what it knows of the runs of a model, if not under the name of the model."""
MINUTE = 60.0
CONSISTENT = pd.Timedelta(minutes=10)
"""After a run has been put up, until all servers have it. Source: open-meteo.com/en/docs/model-updates."""


class Hosts(Transport):
    """Asks the host that the path of a request begins with, such as `single-runs-api/v1/forecast`.

    A `base_url` of the settings stands for all of them, as in an installation of one's own; `{host}` in it is replaced
    by the label of the host.
    """

    def __init__(self, settings: OpenMeteoSource, clock: Clock = now) -> None:
        usual = Transport.of(settings, clock)
        super().__init__(settings.info, _address(settings, LIVE), usual.attempts, clock=clock)
        self._addresses = {
            host: _address(settings, host) for host in (LIVE, SINGLE, PREVIOUS, HINDCAST, REANALYSIS, ENSEMBLE)
        }
        self._by_address = {self.base_url: usual} if settings.base_url is None else {}

    def get(self, request: Request, check: Check | None = None) -> Answer:
        """The answer of the host that the path begins with."""
        host, _, path = request.path.partition("/")
        return self._of(self._addresses[host]).get(replace(request, path=f"/{path}"), check)

    def rest(self) -> None:
        """Ask nothing for a minute: the service has said that its limit of a minute is used up."""
        limits_of(self.limited_as, self.info.limits).pause(MINUTE)

    def close(self) -> None:
        """Close all connections."""
        for one in self._by_address.values():
            one.close()

    def _of(self, address: str) -> Transport:
        if address not in self._by_address:
            self._by_address[address] = Transport(
                self.info, address, self.attempts, limited_as=self.limited_as, clock=self.clock
            )
        return self._by_address[address]


def _address(settings: OpenMeteoSource, host: str) -> str:
    if settings.base_url is not None:
        return settings.base_url.replace("{host}", host)
    return settings.info.base_url.replace(f"{LIVE}.", f"{host}.")


@dataclass(frozen=True, slots=True)
class Run:
    """The newest run of a model that the service has."""

    begun: pd.Timestamp
    """Initialisation time, for which its first values are."""
    available: pd.Timestamp
    """From when the service had it."""

    @property
    def everywhere(self) -> pd.Timestamp:
        """From when all of its servers have it."""
        return self.available + CONSISTENT


def newest_run(transport: Transport, model: str) -> Run | None:
    """The newest run of a model, as the service says itself; None where it does not say."""
    request = Request(f"{LIVE}/data/{META_FOLDERS.get(model, model)}/static/meta.json", weight=0.0)
    try:
        about = json.loads(transport.get(request).content)
        begun, available = (
            pd.Timestamp(int(about[f"last_run_{which}_time"]), unit="s", tz="UTC").as_unit("us")
            for which in ("initialisation", "availability")
        )
    except (SourceError, KeyError, TypeError, ValueError):
        return None
    return Run(begun, available)
