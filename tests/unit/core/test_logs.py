"""Lines of the log as programs read them: what they are about, and what never stands in them."""

import io
import json
import logging
import threading

import pandas as pd
import pytest

from gridahead.core.each import of_each
from gridahead.core.grid import Series
from gridahead.core.logs import JsonLines, TextLines, format_of, json_to_stderr, logged, without_secrets, write_logs

LOAD = Series("DE", "load")
AT = pd.Timestamp("2026-11-29T10:00Z")


@pytest.fixture
def log():
    """A logger of its own, and what it has written so far."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.Logger("gridahead.test")
    logger.addHandler(handler)
    return logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_with_time_level_logger_and_message(log):
    logger, lines = log
    logger.warning("two\nlines of %d", 2)
    (line,) = lines()
    assert {name: line[name] for name in ("level", "logger", "message")} == {
        "level": "WARNING",
        "logger": "gridahead.test",
        "message": "two\nlines of 2",
    }
    assert pd.Timestamp(line["time"]).tzinfo is not None
    assert line["run"]


def test_lines_say_what_the_work_is_about_while_it_lasts(log):
    logger, lines = log
    with logged(series=LOAD, issue_time=AT):
        logger.info("inside")
        with logged(run="flow-1"):
            logger.info("deeper")
    logger.info("outside")
    inside, deeper, outside = lines()
    assert (inside["series"], inside["issue_time"]) == ("DE/load", "2026-11-29T10:00:00+00:00")
    assert (deeper["series"], deeper["run"]) == ("DE/load", "flow-1")
    assert inside["run"] == outside["run"] != "flow-1"
    assert "series" not in outside


def test_series_that_are_worked_on_side_by_side_are_not_mixed_up(log):
    logger, lines = log
    met = threading.Barrier(2)

    def work(name: str) -> None:
        with logged(series=name):
            met.wait()
            logger.info(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("DE/load", "FR/load")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(line["series"] == line["message"] for line in lines())


def test_a_call_for_each_series_names_it_in_every_line(log):
    logger, lines = log
    of_each([LOAD, Series("FR", "load")], lambda _: logger.info("done"))
    assert [line["series"] for line in lines()] == ["DE/load", "FR/load"]


def test_a_traceback_is_part_of_its_line(log):
    logger, lines = log
    try:
        raise ValueError("why")
    except ValueError:
        logger.exception("failed")
    assert "ValueError: why" in lines()[0]["error"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("asked with aBcDeF123", "asked with ***"),
        ("postgresql://mlflow:pass@db:5432/mlflow", "postgresql://mlflow:***@db:5432/mlflow"),
        ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api"),
        ("DE/load at 10:00", "DE/load at 10:00"),
    ],
)
def test_secrets_of_the_environment_and_of_addresses_never_stand_there(monkeypatch, text, told):
    monkeypatch.setenv("ENTSOE_API_TOKEN", "aBcDeF123")
    assert without_secrets(text) == told
    record = logging.LogRecord("gridahead", logging.INFO, "", 0, text, (), None)
    assert json.loads(JsonLines().format(record))["message"] == told
    assert TextLines().format(record).endswith(told)


def test_the_environment_counts_before_the_settings(monkeypatch):
    assert format_of("json") == "json"
    monkeypatch.setenv("GRIDAHEAD_LOG", "text")
    assert format_of("json") == "text"
    monkeypatch.setenv("GRIDAHEAD_LOG", "JSON")
    assert format_of("text") == "json"


def test_a_file_has_the_lines_and_is_begun_anew_when_it_is_full(tmp_path):
    write_logs("text", "INFO", tmp_path / "logs" / "gridahead.log", max_bytes=300, keep=2)
    try:
        for number in range(20):
            logging.getLogger("gridahead.forecast").info("line %d", number)
    finally:
        write_logs("text", "INFO")
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files == ["gridahead.log", "gridahead.log.1", "gridahead.log.2"]
    assert "INFO gridahead.forecast: line 19" in (tmp_path / "logs" / "gridahead.log").read_text()
    assert all(path.stat().st_size <= 300 for path in (tmp_path / "logs").iterdir())


def test_handlers_that_write_to_a_terminal_write_objects_and_others_stay(capsys):
    logger, other = logging.getLogger("orchestrator.runs"), logging.NullHandler()
    root, kept = logging.getLogger(), list(logging.getLogger().handlers)
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.addHandler(other)
    logger.propagate = False
    try:
        json_to_stderr()
        logger.warning("told")
        assert json.loads(capsys.readouterr().err)["message"] == "told"
        assert other in logger.handlers
    finally:
        root.handlers[:] = kept
        logger.handlers.clear()
