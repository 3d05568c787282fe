"""How Prefect's flows spread their work: over threads, processes, or the workers of a Dask cluster."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from gridahead.settings.section import Section


class FlowSettings(Section):
    """How Prefect's flows spread their work over a machine or several; commands know nothing of it."""

    runner: Literal["threads", "processes", "dask"] = "threads"
    """What the series of a run are forecast and trained in. `threads`: one forecast after the other, in the process of
    the run; `processes`: several processes of its machine; `dask`: the workers of a Dask cluster, here or on other
    hosts, with `pip install 'gridahead[dask]'`."""
    workers: Annotated[int, Field(ge=1)] | None = None
    """Processes in which a run forecasts, or workers of the Dask cluster that it starts; as many as the machine has
    cores unless given. Training has `training.workers`."""
    dask_address: str | None = None
    """The scheduler of a Dask cluster that is there, such as tcp://10.0.0.5:8786, or tls://… with the certificates in
    Dask's own configuration. Without it a run starts workers on its own machine, and ends them. Every host finds the
    settings file at the same path, and reaches what it names."""
    series_per_task: Annotated[int, Field(ge=1)] | None = None
    """Series that are forecast by one task of Prefect: unless given 1 of up to twenty; of more 50, or where several
    processes work side by side so many that there are eight tasks at least, and one for each of `workers`."""

    @pydantic.model_validator(mode="after")
    def _of_a_cluster(self) -> FlowSettings:
        if self.dask_address is not None and self.runner != "dask":
            raise ValueError(f'dask_address counts with runner = "dask"; it is {self.runner!r}')
        if self.dask_address is not None and self.workers is not None:
            raise ValueError("a cluster that is there has its own workers; leave out workers or dask_address")
        return self
