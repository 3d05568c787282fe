"""Status: whether the forecast is out, by exit code as well; whatever is broken, and without torch or MLflow."""

import subprocess
import sys

import pandas as pd
import pytest
from builders.rows import LOAD, measured
from builders.watching import DAY, World, utc

from gridahead.operate.status import status
from gridahead.registry.versions import Version

HEAVY = ("torch", "mlflow", "great_expectations", "matplotlib", "sklearn", "scipy", "apprise", "prefect")
PROGRAM = """
import sys
from gridahead.cli.main import main
try:
    main()
finally:
    print("loaded:", [name for name in {heavy} if name in sys.modules], file=sys.stderr)
"""


@pytest.fixture
def world(tmp_path):
    """German load of some days, whose forecast for today is out."""
    made = World(tmp_path)
    made.publish("12-29T10:00", day=DAY - pd.Timedelta(days=1))
    times = pd.date_range("2025-12-20", "2025-12-30T08:00", freq="h", tz="UTC")
    made.workspace.lake.observations.append(measured(LOAD, times, 1000.0))
    return made


def state_at(world, at):
    world.now = utc(at)
    return status(world.workspace)


def test_before_the_deadline_the_day_of_before_is_due_and_out(world):
    state = state_at(world, "12-30T09:30")
    (load,) = state.series
    assert (load.due.slot.day, load.due.out.rung, load.next.day) == (DAY - pd.Timedelta(days=1), "full", DAY)
    assert (state.healthy, state.reasons, state.late) == (True, (), ())
    assert load.freshness.until == utc("12-30T09:00")


def test_a_day_that_was_due_before_the_installation_began_is_not_asked_for(tmp_path):
    new = World(tmp_path)
    state = state_at(new, "12-30T09:30")  # today was due yesterday, and its gate is closed
    assert (state.series[0].due, state.series[0].next.day, state.healthy) == (None, DAY, True)
    assert state_at(new, "12-30T10:05").series[0].due.slot.day == DAY
    new.watch("12-30T10:20")
    due = state_at(new, "12-30T12:00").series[0].due
    assert (due.slot.day, due.out) == (DAY, None), "a watch has seen that it was missed"
    new.publish("12-31T09:40", day=DAY + pd.Timedelta(days=1), issued="12-31T09:40")
    assert state_at(new, "12-31T09:45").series[0].due is None, "it is before the first day that was published"


def test_a_forecast_that_is_due_and_not_out_is_late_and_one_that_is_out_is_not(world):
    state = state_at(world, "12-30T10:20")
    assert [slot.day for slot in state.late] == [DAY]
    assert state.series[0].due.out is None
    assert not state.healthy and "There is no forecast of DE/load for Wed 31 Dec 2025" in state.reasons[0]
    world.publish("12-30T10:21", rung="ridge", missing="no champion")
    state = state_at(world, "12-30T10:25")
    assert (state.healthy, state.series[0].due.out.rung) == (True, "ridge")
    assert [one.kind for one in state.conditions] == ["late", "degraded"]


def test_what_was_told_is_shown_and_status_itself_tells_nobody(world):
    world.watch("12-30T10:20")
    state = state_at(world, "12-30T10:22")
    assert [(one.kind, dict(one.told)) for one in state.incidents] == [("missing", {"mail": utc("12-30T10:20")})]
    assert state.watched_at == utc("12-30T10:20")
    world.publish("12-30T10:23")
    assert [one.kind for one in state_at(world, "12-30T10:24").incidents] == ["missing"], "until the next watch"
    assert len(world.told) == 1


def test_a_registry_that_has_lost_what_is_exported_is_told_and_nobody_is_unhealthy_for_it(world):
    world.publish("12-30T10:00")
    assert state_at(world, "12-30T10:05").conditions == ()
    tags = {"series": str(LOAD), "model": "gru"}
    world.workspace.exports.put(Version(LOAD, "3", "run", utc("12-01T00:00"), (), tags))
    state = state_at(world, "12-30T10:05")
    (one,) = state.conditions
    assert one.what == f"The registry of models in {world.folder}/mlflow/mlflow.db is not there."
    assert "`gridahead models repair`" in one.advice and state.healthy


def test_a_disk_that_is_full_is_critical_without_any_watch(world, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: (10**10, 10**10 - 10**6, 10**6))
    state = state_at(world, "12-30T09:30")
    assert not state.healthy and "has 0.0 GB free of 10 GB" in state.reasons[0]


def test_the_band_of_the_last_weeks_is_told(world):
    from gridahead.core.runs import LIVE

    times = pd.date_range("2025-12-20", "2025-12-29T23:00", freq="h", tz="UTC")
    cells = [(time, q, 1000.0 + spread) for time in times for q, spread in ((0.1, -9.0), (0.5, 0.0), (0.9, 9.0))]
    about = {"run": LIVE, "zone": "DE", "quantity": "load", "model": "gru", "mtu": "PT60M", "model_version": "3"}
    about |= {"rung": "full", "data_hash": "0"}
    rows = pd.DataFrame(cells, columns=["valid_time", "quantile", "value_mw"]).assign(**about)
    rows = rows.assign(made_at=times[0], issue_time=times[0])
    rows.loc[(rows["valid_time"].dt.hour < 6) & (rows["quantile"] == 0.1), "value_mw"] = 1001.0
    world.workspace.lake.forecasts.append(rows)
    (load,) = state_at(world, "12-30T09:30").series
    assert load.coverage.share == pytest.approx(0.75, abs=0.03)
    assert load.coverage.days == 10, "by local days: the last is not whole, and the first was not forecast in time"


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        (("status",), 7, "is not out"),
        (("healthcheck",), 1, "There is no forecast of DE/load for"),
        (("watch",), 0, "opened: missing DE/load"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_commands_say_by_exit_code_that_a_forecast_is_missing_and_load_nothing_heavy(tmp_path, command, code, told):
    deadline, closure = (f"D-0T{clock}[Europe/Berlin]" for clock in ("0000", "2359"))  # whatever the time is here
    (tmp_path / "settings.toml").write_text(
        f'data_folder = "data"\nmode = "live"\n[[series]]\nseries = "DE/load"\ndeadline = "{deadline}"\n'
        f'gate_closure = "{closure}"\n[alerts]\ngrace_minutes = 0\ndisk_free_gb = [0.0, 0.0]\n',
        encoding="utf-8",
    )
    program = [sys.executable, "-c", PROGRAM.format(heavy=HEAVY), *command]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, told in " ".join(done.stdout.split())) == (code, True), done.stdout + done.stderr
    assert "loaded: []" in done.stderr
