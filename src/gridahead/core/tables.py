"""Every table of gridahead, declared once.

One declaration gives the structural check, the Parquet schema with units, the Great Expectations suite and the data
dictionary. A frame that passed `Table.check` carries that in its type: `Observations`, `Forecasts`, `Scores`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NewType

import numpy as np
import pandas as pd
import pyarrow as pa

from gridahead.core.errors import ContractError
from gridahead.core.fingerprint import digest
from gridahead.core.runs import ROLES, RUNGS
from gridahead.core.time import Mtu

Kind = Literal["text", "instant", "float64", "int64"]
Level = Literal["run", "series", "year"]
"""What a folder of merged rows has in common: the run, the zone and quantity, the UTC year of the valid time."""

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "instant": pa.timestamp("us", tz="UTC"),
    "float64": pa.float64(),
    "int64": pa.int64(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, its meaning in a sentence, its unit, and the values it may hold."""

    name: str
    kind: Kind
    meaning: str
    unit: str | None = None
    nullable: bool = False
    values: tuple[str, ...] = ()
    """The only texts allowed, if there is such a list."""
    low: float | None = None
    high: float | None = None
    default: str | float | int | None = None
    """The value of rows that come without the column, or were written before the table had it."""
    encoding: str | None = None
    """Parquet encoding, where another is smaller than a dictionary of texts and plain numbers."""

    def conform(self, column: pd.Series) -> pd.Series:
        """The same values in this column's type.

        Raises:
            ValueError, TypeError: a value cannot be converted without loss.
        """
        if self.kind == "instant":
            stamps = pd.to_datetime(column)
            if stamps.dt.tz is None:
                raise ValueError("has no time zone")
            return stamps.dt.tz_convert("UTC").dt.as_unit("us")
        if self.kind == "text":
            return column.astype("str")
        if self.kind == "float64":
            return column.astype("float64")
        whole_numbers: pd.Series = column.astype("Int64" if self.nullable else "int64")
        if (whole_numbers != column).any():
            raise ValueError("has fractions")
        return whole_numbers

    def findings(self, column: pd.Series) -> list[str]:
        """What is wrong with the values, in words."""
        messages = []
        if not self.nullable and (missing := int(column.isna().sum())):
            messages.append(f"{self.name}: {missing} missing")
        if self.values:
            strange = sorted(set(column.dropna().unique()) - set(self.values))
            if strange:
                messages.append(f"{self.name}: {strange[:3]} not among {list(self.values)}")
        if self.kind == "float64":
            if np.isinf(column.to_numpy(dtype=float)).any():
                messages.append(f"{self.name}: infinite values")
            if self.low is not None and (column < self.low).any():
                messages.append(f"{self.name}: below {self.low} {self.unit or ''}".rstrip())
            if self.high is not None and (column > self.high).any():
                messages.append(f"{self.name}: above {self.high} {self.unit or ''}".rstrip())
        return messages


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table and which of them identify a row."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: tuple[Level, ...] = ()
    """How merged rows are laid in folders, from the outermost."""

    @property
    def version(self) -> str:
        """Fingerprint of what decides how rows are stored and read; files carry it. Meanings do not count."""
        columns = [[each.name, each.kind, each.unit, each.nullable, each.values] for each in self.columns]  # noqa: PD011
        return digest([self.name, columns, self.key, self.partition])

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return [column.name for column in self.columns]

    def arrow_schema(self) -> pa.Schema:
        """The Parquet schema, with the meaning and the unit of every column in the field's metadata."""
        return pa.schema(
            [
                pa.field(
                    column.name,
                    _ARROW[column.kind],
                    nullable=column.nullable,
                    metadata={"meaning": column.meaning, "unit": column.unit or ""},
                )
                for column in self.columns
            ],
            metadata={"table": self.name, "meaning": self.meaning, "version": self.version},
        )

    def empty(self) -> pd.DataFrame:
        """A frame without rows, its columns of the declared types."""
        return self.frame(self.arrow_schema().empty_table())

    def frame(self, rows: pa.Table) -> pd.DataFrame:
        """Rows of some or all of the columns as a frame; whole numbers stay whole where some are missing."""
        frame: pd.DataFrame = rows.to_pandas()
        gaps = [column.name for column in self.columns if column.kind == "int64" and column.nullable]
        return frame.astype({name: "Int64" for name in gaps if name in frame})

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns of this table that are in a frame of others as well, to be checked."""
        return frame[[name for name in self.names if name in frame.columns]]

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with exactly the declared columns, in their types; one that has a default may be missing.

        Raises:
            ContractError: a column is missing, unknown or of the wrong type, a value is not allowed, or a key occurs
                twice; all findings at once.
        """
        missing = {column.name: column for column in self.columns if column.name not in frame.columns}
        defaults = {name: column.default for name, column in missing.items() if column.default is not None}
        findings = [f"no column {name}" for name in missing if name not in defaults]
        findings += [f"unknown column {name}" for name in frame.columns if name not in self.names]
        if findings:
            raise ContractError(self.name, findings)
        frame = frame.assign(**defaults) if defaults else frame
        conformed: dict[str, pd.Series] = {}
        for column in self.columns:
            try:
                conformed[column.name] = column.conform(frame[column.name])
            except (ValueError, TypeError) as error:
                findings.append(f"{column.name}: {error}")
            else:
                findings += column.findings(conformed[column.name])
        if not findings:
            checked = pd.DataFrame(conformed).reset_index(drop=True)
            twice = checked.duplicated(list(self.key))
            if not twice.any():
                return checked
            example = checked.loc[twice, list(self.key)].iloc[0].to_dict()
            findings.append(f"{int(twice.sum())} keys occur twice, such as {example}")
        raise ContractError(self.name, findings)

    def dictionary(self) -> str:
        """The data dictionary of this table as a Markdown table."""
        lines = [f"### {self.name}", "", self.meaning, "", "| column | type | unit | meaning |", "|---|---|---|---|"]
        for column in self.columns:
            name = f"**{column.name}**" if column.name in self.key else column.name
            lines.append(f"| {name} | {column.kind} | {column.unit or ''} | {column.meaning} |")
        return "\n".join(lines)


_SERIES = (
    Column("zone", "text", "Bidding zone, such as DE."),
    Column("quantity", "text", "What is measured or forecast, such as load or wind_onshore_official."),
)
_VALID_TIME = Column(
    "valid_time",
    "instant",
    "Start of the market time unit that the value describes.",
    encoding="DELTA_BINARY_PACKED",  # sorted by it, nearly every difference is the same: 0.03 bytes a row
)
_AVAILABLE_AT = Column("available_at", "instant", "From when the value could be known.")
_IDENTITY = ("zone", "quantity", "valid_time", "available_at")

OBSERVATIONS = Table(
    "observations",
    "Measured values, official forecasts and covariates, every vintage of them.",
    (
        *_SERIES,
        _VALID_TIME,
        _AVAILABLE_AT,
        Column(
            "availability",
            "text",
            "recorded: we saw when it appeared; assumed: end of the unit plus the source's publication lag; void: the "
            "row was never right, and is read by nobody.",
            values=("recorded", "assumed", "void"),
        ),
        Column(
            "value",
            "float64",
            "Mean over the market time unit, in the unit of the row; nothing where the source has withdrawn it.",
            nullable=True,
        ),
        Column(
            "unit",
            "text",
            "Unit of the value: MW for power, EUR/MWh and so on for prices, degC and so on for covariates.",
        ),
        Column("mtu", "text", "Market time unit of the value.", values=tuple(Mtu)),
        Column("source", "text", "Where it came from."),
        Column(
            "batch",
            "text",
            "SHA-256 of the raw payload that it was parsed from (16 digits).",
            encoding="DELTA_LENGTH_BYTE_ARRAY",  # one an hour in operation: a dictionary is a third larger
        ),
    ),
    key=_IDENTITY,
    partition=("series", "year"),
)

JUDGED = Table(
    "judged",
    "Observations with what the gate and people say of them: a row for each time in which a vintage could be read.",
    (
        *OBSERVATIONS.columns,
        Column("read_from", "instant", "From which issue time on the vintage could be read."),
        Column("read_until", "instant", "From which issue time on it could not any more; in 9999 if it still can."),
        Column("flags", "text", "The rules of the gate that flag it meanwhile, by comma; empty for none.", default=""),
    ),
    key=(*_IDENTITY, "read_from"),
)

VERDICTS = Table(
    "verdicts",
    "What the quality gate says of a row. The row itself stays in the lake; what is quarantined, a model never reads.",
    (
        *_SERIES,
        _VALID_TIME,
        _AVAILABLE_AT,
        Column("rule", "text", "The rule that the row failed."),
        Column("severity", "text", "What follows from it.", values=("flag", "quarantine")),
        Column("reason", "text", "The same in words, with the limit."),
        Column("value", "float64", "The value as it was received.", nullable=True),
        Column("mtu", "text", "Market time unit of the value.", values=tuple(Mtu)),
        Column("batch", "text", "The payload that brought it."),
        Column(
            "known_at",
            "instant",
            "From which issue time on the verdict counts: when the gate could reach it with what was available.",
        ),
        Column("decided_at", "instant", "When the computer decided; for a history taken in at once long after."),
    ),
    # With the severity: a rule that is made stricter later has its say as well.
    key=(*_IDENTITY, "rule", "severity"),
    partition=("series", "year"),
)

RULINGS = Table(
    "rulings",
    "What a person decided on rows that the gate has judged; the newest ruling on a row counts.",
    (
        *_SERIES,
        _VALID_TIME,
        _AVAILABLE_AT,
        Column(
            "ruling",
            "text",
            "release: read like any other row and not judged again; reject: stays out, the case is closed.",
            values=("release", "reject"),
        ),
        Column("reason", "text", "Why, in the words of the person."),
        Column("decided_by", "text", "Who decided."),
        Column("decided_at", "instant", "When; it counts for issue times from then on."),
    ),
    key=(*_IDENTITY, "decided_at"),
    partition=("series",),
)

QUALITY = Table(
    "quality",
    "Figures of every inspection, so that quality can be followed over time.",
    (
        *_SERIES,
        Column("metric", "text", "Such as completeness, staleness_hours, rows, flagged, quarantined or seconds."),
        Column("value", "float64", "The figure.", nullable=True),
        Column("unit", "text", "1 for a share or a count, h, s."),
        Column("inspected_at", "instant", "When the gate looked."),
    ),
    key=("zone", "quantity", "metric", "inspected_at"),
)

LIMITS = Table(
    "limits",
    "What the accepted history of a series taught the rules of the gate; the newest of each name counts.",
    (
        *_SERIES,
        Column("name", "text", "Which limit, such as the steepest ramp."),
        Column("value", "float64", "The limit, in the unit of the series or as a ratio."),
        Column("learned_at", "instant", "When it was learnt."),
        Column("learned_from", "instant", "First valid time of the history."),
        Column("learned_until", "instant", "Last valid time of the history."),
    ),
    key=("zone", "quantity", "name", "learned_at"),
    partition=("series",),
)

FORECASTS = Table(
    "forecasts",
    "Quantile forecasts, one row a market time unit and quantile; every row tells where it came from.",
    (
        Column("run", "text", "live, backfilled, shadow, validation or backtest/<name>."),
        *_SERIES,
        Column("model", "text", "Name of the model, such as lstm or official."),
        Column("issue_time", "instant", "When the forecast was made; nothing known later was used."),
        _VALID_TIME,
        Column("quantile", "float64", "Level of the quantile.", unit="1", low=0.0, high=1.0),
        Column(
            "value_mw",
            "float64",
            "Mean power over the market time unit; of a price the currency of its zone per MWh.",
            unit="MW",
        ),
        Column(
            "unadapted_mw",
            "float64",
            "The same as the model answered it, before it was adapted to the newest days; the same value where nothing "
            "was adapted, and empty in forecasts of a release that adapted none.",
            unit="MW",
            nullable=True,
            default=math.nan,
        ),
        Column("mtu", "text", "Market time unit.", values=tuple(Mtu)),
        Column("model_version", "text", "Version in the registry, or the settings of a back-test model."),
        Column("rung", "text", "The step of the fallback ladder that it comes from.", values=RUNGS),
        Column("missing", "text", "What was missing at the issue time, in words; empty if nothing.", default=""),
        Column("data_hash", "text", "Fingerprint of everything that the model read."),
        Column("made_at", "instant", "When the computer made it; for a back-test long after the issue time."),
    ),
    key=("run", "zone", "quantity", "model", "issue_time", "valid_time", "quantile", "data_hash", "model_version"),
    partition=("run", "series", "year"),
)

PROMOTIONS = Table(
    "promotions",
    "Who made which version champion or challenger, when and why; nothing is ever taken back, a rollback is a row too.",
    (
        *_SERIES,
        Column("alias", "text", "champion serves; challenger forecasts along.", values=ROLES),
        Column(
            "how",
            "text",
            "first: nothing served before; trial: by figures; refresh: the same trained again, and sane; person: by "
            "decision; rollback: back to the one before; mlflow: set in MLflow.",
            values=("first", "trial", "refresh", "person", "rollback", "mlflow"),
        ),
        Column("from_version", "text", "Which version had the alias before; empty if none."),
        Column("to_version", "text", "Which has it since."),
        Column("reason", "text", "Why: the reasons of the trial, or the words of the person."),
        Column("decided_by", "text", "Who."),
        Column("decided_at", "instant", "When."),
    ),
    key=("zone", "quantity", "alias", "decided_at"),
)

PROCEDURES = Table(
    "procedures",
    "What back-tests have shown of training a model again and again, instead of keeping it as it is.",
    (
        *_SERIES,
        Column("model", "text", "Name of the model that was trained again, such as lstm."),
        Column("settings_hash", "text", "Its settings and code; a model of others is another procedure."),
        Column("retrain", "text", "How often it was trained again.", values=("monthly", "weekly")),
        Column("run", "text", "The back-test in which it was, backtest/<name>."),
        Column("against", "text", "The back-test in which a model was kept as it is."),
        Column("outcome", "text", "passed: no worse than the margin allows.", values=("passed", "failed", "too_short")),
        Column("days", "int64", "Delivery days in common.", low=0),
        Column("ratio", "float64", "Mean loss trained again over that without.", unit="1", nullable=True),
        Column("ratio_low", "float64", "Lower end of its 95 % interval.", unit="1", nullable=True),
        Column("ratio_high", "float64", "Upper end of its 95 % interval.", unit="1", nullable=True),
        Column("p", "float64", "That it is worse by the margin, one-sided.", unit="1", nullable=True),
        Column("reason", "text", "The outcome in words."),
        Column("decided_by", "text", "Who asked."),
        Column("decided_at", "instant", "When."),
    ),
    key=("zone", "quantity", "model", "settings_hash", "decided_at"),
)

SCORES = Table(
    "scores",
    "Scores of forecasts against the outturn.",
    (
        Column("run", "text", "live, or backtest/<name>."),
        *_SERIES,
        Column("model", "text", "Name of the model; official, official_corrected and naive are the references."),
        Column("metric", "text", "Name of the metric, such as mae or coverage_80."),
        Column("lead", "int64", "Lead time in whole hours; null: all lead times together.", unit="h", nullable=True),
        Column("value", "float64", "The score.", nullable=True),
        Column("unit", "text", "MW, or of a price its currency per MWh; h; 1 for a share or a count."),
        Column("n", "int64", "Number of market time units scored."),
        Column("start", "instant", "First valid time scored."),
        Column("end", "instant", "End of the last market time unit scored."),
        Column("scored_at", "instant", "When they were scored; the newest replaces the older ones."),
    ),
    key=("run", "zone", "quantity", "model", "metric", "lead", "scored_at"),
)

FETCHED = Table(
    "fetched",
    "Which windows of which zones were fetched from sources that are asked over HTTP, whether they had values or not.",
    (
        Column("source", "text", "Kind of the source, such as entsoe."),
        Column("item", "text", "What was asked for, such as load."),
        Column("zone", "text", "Bidding zone, such as FR."),
        Column("start", "instant", "Beginning of the window."),
        Column("end", "instant", "End of the window, which is no part of it."),
        Column("retrieved_at", "instant", "When the last answer of the window came."),
    ),
    key=("source", "item", "zone", "start", "end", "retrieved_at"),
)

ANNOTATIONS = Table(
    "annotations",
    "What a person says of a stretch of a series; a later row of the same id takes it back.",
    (
        Column("id", "text", "Of the annotation: its own row, and the one that withdraws it."),
        *_SERIES,
        Column("start", "instant", "Beginning of the stretch."),
        Column("end", "instant", "End of the stretch, which is no part of it."),
        Column("kind", "text", "What it was.", values=("outage", "strike", "holiday", "event", "error")),
        Column(
            "excluded",
            "text",
            "What does without it: training learns no targets of it, scores leave it out.",
            values=("nothing", "training", "scores", "training,scores"),
        ),
        Column("state", "text", "Whether the row says it or takes it back.", values=("stands", "withdrawn")),
        Column("reason", "text", "Why, in the words of the person."),
        Column("decided_by", "text", "Who."),
        Column("decided_at", "instant", "When."),
    ),
    key=("id", "decided_at"),
)

INCIDENTS = Table(
    "incidents",
    "What was not in order: when it began, grew worse and ended, and who was told of it; nothing is ever taken back.",
    (
        Column("incident", "text", "What it is of: kind and subject, the same for as long as it lasts."),
        Column(
            "event",
            "text",
            "opened, escalated, closed: what became of it; sent, failed: a channel was told, or could not be.",
            values=("opened", "escalated", "closed", "sent", "failed"),
        ),
        Column("at", "instant", "When."),
        Column("kind", "text", "What is not in order, such as missing or silent."),
        Column("severity", "text", "How much it matters.", values=("info", "warning", "critical")),
        Column("subject", "text", "The series, source, run or folder."),
        Column("cause", "text", "What several have in common, such as their source: they are told together."),
        Column("since", "instant", "Since when it is so."),
        Column("words", "text", "What happened, what is published meanwhile, and what a person does, as JSON."),
        Column("channel", "text", "Who was told; empty for all events but sent and failed."),
        Column("about", "text", "Of which event the channel was told; empty for all others."),
        Column("host", "text", "The machine that wrote it."),
    ),
    key=("incident", "event", "at", "channel", "about", "host"),
)

TABLES = (
    OBSERVATIONS,
    VERDICTS,
    RULINGS,
    QUALITY,
    LIMITS,
    FORECASTS,
    SCORES,
    PROMOTIONS,
    PROCEDURES,
    FETCHED,
    ANNOTATIONS,
    INCIDENTS,
)

Observations = NewType("Observations", pd.DataFrame)
JudgedObservations = NewType("JudgedObservations", Observations)
Verdicts = NewType("Verdicts", pd.DataFrame)
Rulings = NewType("Rulings", pd.DataFrame)
Quality = NewType("Quality", pd.DataFrame)
Limits = NewType("Limits", pd.DataFrame)
Forecasts = NewType("Forecasts", pd.DataFrame)
Scores = NewType("Scores", pd.DataFrame)
Promotions = NewType("Promotions", pd.DataFrame)
Procedures = NewType("Procedures", pd.DataFrame)
Annotations = NewType("Annotations", pd.DataFrame)
"""Frames of the columns of their table. Judged observations are observations: whoever asks no flags reads either."""
