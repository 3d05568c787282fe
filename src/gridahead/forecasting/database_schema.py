"""The tables of forecasts in a database of PostgreSQL, for BI tools: their schema, and how it grows.

A release that changes a table adds a step; steps that are there are never changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from gridahead.core.tables import FORECASTS

SCHEMA = "gridahead"
FORECAST_COLUMNS = {
    "forecast_id": "Names the forecast: `gridahead reproduce` takes it.",
    "series": "What is forecast, as ZONE/QUANTITY.",
    "delivery_day": "The local day of the zone that it is of.",
    "unit": "Of its values: MW, or of a price as EUR/MWh.",
    "published_at": "When it was out; nothing where that is not known any more.",
    "withdrawn_at": "When a person took a correction back; nothing where nobody has.",
    **{
        column.name: column.meaning
        for column in FORECASTS.columns
        if column.name not in ("valid_time", "quantile", "value_mw", "unadapted_mw")
    },
}
"""Of `forecasts`, with their meaning."""
VALUE_COLUMNS = {
    "forecast_id": "Of the forecast.",
    "valid_time": "Start of the market time unit that the value describes.",
    "quantile": "Level of the quantile.",
    "value": "Mean over the market time unit, in the unit of the forecast.",
    "unadapted": "The same as the model answered it, before it was adapted to the newest days; empty in what was "
    "written before the column was there.",
}
"""Of `forecast_values`, with their meaning."""

_FIRST = """
CREATE TABLE gridahead.forecasts (
    forecast_id text PRIMARY KEY,
    series text NOT NULL,
    delivery_day date NOT NULL,
    unit text NOT NULL,
    published_at timestamptz,
    withdrawn_at timestamptz,
    run text NOT NULL,
    zone text NOT NULL,
    quantity text NOT NULL,
    model text NOT NULL,
    issue_time timestamptz NOT NULL,
    mtu text NOT NULL,
    model_version text NOT NULL,
    rung text NOT NULL,
    missing text NOT NULL,
    data_hash text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX forecasts_by_day ON gridahead.forecasts (series, delivery_day, issue_time);
CREATE TABLE gridahead.forecast_values (
    forecast_id text NOT NULL REFERENCES gridahead.forecasts ON DELETE CASCADE,
    valid_time timestamptz NOT NULL,
    quantile double precision NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (forecast_id, valid_time, quantile)
);
CREATE INDEX forecast_values_by_time ON gridahead.forecast_values (valid_time);
CREATE VIEW gridahead.latest_forecast AS
SELECT front.series, front.delivery_day, own.valid_time, own.valid_time + front.mtu::interval AS valid_until,
       own.quantile, own.value, front.unit, front.issue_time, front.published_at, front.rung, front.missing,
       front.model, front.model_version, front.forecast_id
FROM (
    SELECT DISTINCT ON (series, delivery_day) *
    FROM gridahead.forecasts
    WHERE withdrawn_at IS NULL
    ORDER BY series, delivery_day, (rung = 'by_hand') DESC, issue_time DESC, made_at DESC
) AS front
JOIN gridahead.forecast_values AS own USING (forecast_id);
COMMENT ON TABLE gridahead.forecasts IS 'A row a forecast that was published.';
COMMENT ON TABLE gridahead.forecast_values IS 'Its values, a row a market time unit and quantile.';
COMMENT ON VIEW gridahead.latest_forecast IS
    'Of every delivery day the forecast that readers are given: what a person has corrected, else the newest.';
"""


def _comments(table: str, meanings: dict[str, str], names: Iterable[str] | None = None) -> str:
    quoted = {name: meanings[name].replace("'", "''") for name in names or meanings}
    return "".join(f"COMMENT ON COLUMN {SCHEMA}.{table}.{name} IS '{words}';\n" for name, words in quoted.items())


_SECOND = "ALTER TABLE gridahead.forecast_values ADD COLUMN unadapted double precision;\n"
_OF_SECOND = ("unadapted",)


STEPS = (
    _FIRST
    + _comments("forecasts", FORECAST_COLUMNS)
    + _comments("forecast_values", VALUE_COLUMNS, [name for name in VALUE_COLUMNS if name not in _OF_SECOND]),
    _SECOND + _comments("forecast_values", VALUE_COLUMNS, _OF_SECOND),
)
"""What leads from each version of the schema to the next; the first from none to version 1."""
