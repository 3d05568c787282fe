"""The record of a search in MLflow: one run a study, and below it one run a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridahead.tuning.study import Search
from gridahead.tuning.trial import Trial, best_of

if TYPE_CHECKING:
    from gridahead.registry.runs import Tracking


class SearchRecord:
    """Keeps the runs of one study up with its trials, wherever the last call was stopped."""

    def __init__(self, tracking: Tracking, search: Search) -> None:
        self.tracking, self.search = tracking, search
        self.tags = {"series": str(search.split.train.spec.series), "model": search.model}
        self.parent = self._parent()
        tracking.client.update_run(self.parent, status="RUNNING")
        children = tracking.tagged("mlflow.parentRunId", self.parent).values()
        self.recorded = {int(tags["trial"]) for tags in children}

    def _parent(self) -> str:
        runs = self.tracking.tagged("search", self.search.name)
        if runs:
            return next(iter(runs))
        days = {
            "train_days": " to ".join(map(str, self.search.split.train_days)),
            "validation_days": " to ".join(map(str, self.search.split.validation_days)),
        }
        return self.tracking.begin(f"search {self.search.label}", {**self.tags, **days, "search": self.search.name})

    def follow(self, trials: Sequence[Trial]) -> None:
        """Write every trial that has ended and is not there yet, and the best so far to the parent."""
        for trial in trials:
            if trial.number not in self.recorded:
                self._write(trial)
                self.recorded.add(trial.number)
        if best := best_of(trials):
            self.tracking.note(self.parent, {}, {name: {len(trials): value} for name, value in best.validation.items()})
            for name, value in {"trial": best.number, **best.settings}.items():
                self.tracking.client.set_tag(self.parent, f"best.{name}", str(value))

    def close(self) -> None:
        """This call is over; the next one goes on."""
        self.tracking.client.set_terminated(self.parent)

    def _write(self, trial: Trial) -> None:
        about = {"trial": str(trial.number), "state": trial.state, "default": str(trial.default).lower()}
        if trial.reason:
            about["reason"] = trial.reason
        run_id = self.tracking.begin(
            f"{self.search.label} trial {trial.number}", {**self.tags, **about}, self.parent, trial.began
        )
        final = {name: {len(trial.by_epoch): value} for name, value in trial.validation.items()}
        self.tracking.note(run_id, trial.settings, {"validation_pinball_by_epoch": trial.by_epoch, **final})
        status = "FAILED" if trial.state == "fail" else "FINISHED"
        self.tracking.client.set_terminated(run_id, status, int(trial.ended * 1000))
