"""The whole configuration, frozen; `settings_file` reads it from TOML, and paths are relative to that file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal, get_args

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from gridahead.errors import SettingsError
from gridahead.grid import GATE_CLOSURE, MEASURED, ZONES, BiddingZone, Series, official_by
from gridahead.timeline import Deadline, Mtu, zone_info

RecurrentCell = Literal["rnn", "lstm", "gru"]
Cell = Literal[RecurrentCell, "transformer"]
DecoderName = Literal["direct", "recurrent", "attention", "recursive"]
Segment = Literal["unit", "hour", "day", "none"]
"""What one step of an encoder spans: a market time unit, an hour or a day."""
Normalise = Literal["series", "instance", "capacity"]
"""Whether the target is scaled by the moments of its whole series, by those of the last week of each window, or by the
moments of the series as a share of the installed capacity, which must then be an input: the quantity `capacity`."""
Anchor = Literal["reference", "week", "profile", "recent", "level", "linear"]
"""The forecast that a network answers the difference to: the official one, the same hour last week, the mean of that
hour over 7 days, the mean of the last day, the mean of the training days, which is as good as none, or a linear
regression on the same inputs."""
HEADS = 4
"""Heads of every attention; a width that it looks at is a multiple of it."""

DeadlineText = Annotated[
    Deadline,
    BeforeValidator(lambda value: Deadline.parse(value) if isinstance(value, str) else value),
    PlainSerializer(str),
]
SeriesText = Annotated[
    Series,
    BeforeValidator(lambda value: Series.parse(value) if isinstance(value, str) else value),
    PlainSerializer(str),
]


def _known_zone_or_offset(value: str) -> str:
    if value != "UTC" and not (len(value) == 6 and value[0] in "+-" and value[3] == ":"):
        zone_info(value)
    return value


TimezoneText = Annotated[str, BeforeValidator(_known_zone_or_offset)]
"""An IANA name such as Europe/Berlin, or a fixed offset such as +01:00."""


class Section(BaseModel):
    """A part of the settings: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, validate_default=True)


class ZoneSettings(Section):
    """A bidding zone that gridahead does not know, or knows differently."""

    code: str
    timezone: str
    country: str | None = None
    eic: str | None = None
    holiday_weights: dict[str, float] = {}

    def zone(self) -> BiddingZone:
        """The zone as the rest of the code sees it."""
        return BiddingZone(self.code, self.timezone, self.country, self.eic, self.holiday_weights)


def _by_law(series: str) -> Deadline:
    """By when the official forecast of a series in the EU has to be there."""
    published = official_by(Series.parse(series))
    assert published is not None
    return published


class SmardSource(Section):
    """A folder with files as the SMARD portal exports them."""

    kind: Literal["smard"]
    folder: Path
    attribution: str = "Data: Bundesnetzagentur | SMARD.de, CC BY 4.0"
    publication_lag_minutes: int = 60
    """Actual values appear about an hour after the end of the unit."""
    load_reference_available: DeadlineText = _by_law("DE/load")
    generation_reference_available: DeadlineText = _by_law("DE/wind_solar")
    """From when the official forecasts of load, and of all else, may be used."""


class CovariateSettings(Section):
    """A further column of a file."""

    column: str
    name: str
    unit: str
    known_ahead: bool
    """True for a forecast or a plan that is there before the delivery day, such as a weather forecast."""
    available: DeadlineText | None = None
    """From when a covariate that is known ahead may be used; without it, from the start of the day before."""


class FileSource(Section):
    """One CSV or Parquet file with a time column: a utility's meters, another country's load."""

    kind: Literal["file"]
    path: Path
    zone: str
    quantity: str
    time_column: str
    value_column: str
    timezone: TimezoneText
    stamp: Literal["beginning", "ending"] = "beginning"
    """Whether a time stamp is the beginning or the ending of its unit."""
    unit: Literal["MW", "kW", "GW", "MWh", "kWh", "GWh"] = "MW"
    """Energy units are energy over one market time unit, and are converted to MW."""
    mtu: Mtu = Mtu.PT60M
    time_format: str | None = None
    """A strptime format where the file's is not ISO 8601."""
    separator: str = ","
    decimal: str = "."
    publication_lag_minutes: int = 60
    attribution: str = ""
    """Whom the licence of the data asks to name; it stands on the report."""
    reference_column: str | None = None
    """The official forecast, in the same unit."""
    reference_available: DeadlineText | None = None
    """From when the official forecast may be used. In zones of the EU it is there by the time that the law sets for the
    quantity, unless given; elsewhere it has to be given."""
    covariates: tuple[CovariateSettings, ...] = ()

    @pydantic.field_validator("quantity")
    @classmethod
    def _known_quantity(cls, value: str) -> str:
        if value not in MEASURED:
            raise ValueError(f"{value!r} is no quantity that is forecast; known: {', '.join(MEASURED)}")
        return value

    @pydantic.field_validator("reference_available")
    @classmethod
    def _known_when(cls, value: Deadline | None, told: pydantic.ValidationInfo) -> Deadline | None:
        column, zone, quantity = (told.data.get(name) for name in ("reference_column", "zone", "quantity"))
        if value is not None or column is None or zone is None or quantity is None:
            return value
        published = official_by(Series(zone, quantity))
        if published is None:
            raise ValueError(
                f"from when may the official forecast of {zone}/{quantity} in column {column!r} be used? The law says "
                f"it for zones of the EU ({', '.join(GATE_CLOSURE)}) and {zone} is none. Look up when it is published, "
                'and say so: reference_available = "D-1T1000[…]" for 10:00 on the day before, with the time zone'
            )
        return published


SourceSettings = Annotated[SmardSource | FileSource, Field(discriminator="kind")]


class SeriesSettings(Section):
    """A series that is forecast, and when."""

    series: SeriesText
    deadline: DeadlineText
    past_covariates: tuple[SeriesText, ...] = ()
    """Read up to the issue time."""
    future_covariates: tuple[SeriesText, ...] = ()
    """Read ahead as well, in the vintage known at the issue time."""
    use_reference: bool = True
    """Whether the official forecast is an input, where there is one."""
    models: tuple[str, ...] = ("lstm", "gru", "ensemble")


class ModelSettings(Section):
    """One network: every piece of it can be switched off, so that what it brings can be measured."""

    cell: Cell
    segment: Segment = "day"
    """What one step of the encoder spans; with `none` there is no encoder, and the decoder alone reads what is known of
    the hours ahead. A direct one is then a plain feed-forward network, to see what recurrence is worth."""
    hidden: int = Field(128, ge=1)
    layers: int = Field(1, ge=1)
    layer_norm: bool = False
    """Around the recurrent layers; a Transformer has its own."""
    decoder: DecoderName = "recurrent"
    """On German load of 2024, learnt from the years before, LSTM and GRU on two anchors (two seeds each) were together
    2.7 % better with a recurrent decoder than with a direct one (MAE 1183 instead of 1216 MW)."""
    decoder_hidden: int = Field(64, ge=1)
    bidirectional: bool = True
    """Whether a recurrent decoder reads the known future in both directions; others do not ask."""
    dropout: float = Field(0.3, ge=0, lt=1)
    bptt_steps: int | None = Field(None, ge=1)
    """Segments that gradients go back through a recurrent encoder; all of them without it."""
    normalise: Normalise = "series"
    anchor: Anchor | Literal["best", "each"] = "best"
    """`best`: the best simple one, the one that a regression does best on, and none are tried, and validation days
    choose; `each`: one model on each, averaged."""
    members: int = Field(1, ge=1)
    """Networks of the same kind from different seeds, averaged. Each is trained for every fold as well."""

    @pydantic.model_validator(mode="after")
    def _pieces_fit(self) -> ModelSettings:
        if self.decoder == "attention" and self.decoder_hidden % HEADS:
            raise ValueError(
                f"decoder_hidden = {self.decoder_hidden} must be a multiple of {HEADS}, the attention heads"
            )
        if self.segment == "none" and (self.cell == "transformer" or self.decoder == "attention"):
            raise ValueError('segment = "none" leaves out the encoder, on which a transformer and attention live')
        if self.cell == "transformer":
            if self.hidden % HEADS:
                raise ValueError(f"hidden = {self.hidden} must be a multiple of {HEADS}, the attention heads")
            if self.layer_norm:
                raise ValueError("layer_norm is for recurrent cells; a transformer has its own")
            if self.bptt_steps is not None:
                raise ValueError("bptt_steps is for recurrent cells; a transformer has no steps to go back through")
        return self


DEFAULT_MODELS = {
    **{cell: ModelSettings(cell=cell) for cell in get_args(RecurrentCell)},
    "gru": ModelSettings(cell="gru", decoder="direct"),
    "lstm_attention": ModelSettings(cell="lstm", decoder="attention"),
    "transformer": ModelSettings(cell="transformer", hidden=160, decoder="direct"),
}
"""Known without being declared. On hourly load with the official forecasts of load, wind and solar the Transformer of
width 160 is as large as the LSTM: 282 and 285 thousand weights. The GRU answers each hour by itself, as torch has no
fast recurrence of it on a CPU; so it errs otherwise than the LSTM, and their mean is better than both."""
DEFAULT_ENSEMBLES = {"ensemble": ("lstm", "gru")}
"""Likewise: by name, the models that are averaged."""


class SharedSettings(Section):
    """One network for several series, a candidate of each beside those of its own."""

    name: str
    """Of the candidates."""
    model: str
    """Which network, by its name among the models."""
    series: Annotated[tuple[SeriesText, ...], Field(min_length=2)]


class TrainingSettings(Section):
    """How models are fitted, and on which days."""

    holdout_start: dt.date | None = None
    """First delivery day that no model may learn from; without it, everything in the lake may be learnt."""
    validation_days: int = Field(270, ge=7)
    """Days before the holdout that stop the training early, judge, and calibrate; of a short history fewer."""
    context_days: int = Field(14, ge=8)
    quantiles: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    epochs: int = Field(25, ge=1)
    patience: int = Field(5, ge=1)
    """Epochs without improvement on the validation days before a fit stops."""
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(3e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    clip_norm: float = Field(1.0, gt=0)
    """Longest gradient that a step follows; longer ones are shortened to it."""
    half_life_days: float | None = Field(None, gt=0)
    """So many days before the last one a day counts half, twice as many a quarter; without it, all count the same."""
    refit: bool = True
    """Whether the networks that serve, and those that judge them, learn the validation days as well."""
    warm_epochs: int = Field(8, ge=1)
    """Epochs of a training that begins with the weights of another model."""
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` takes a GPU where there is one."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the products in the network; bfloat16 is for GPUs."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """Steps between checkpoints within an epoch; without it there is one at the end of every epoch."""
    workers: int = Field(2, ge=1)
    """Fits in parallel, each in a process with one torch thread."""

    @pydantic.field_validator("quantiles")
    @classmethod
    def _levels(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)) or 0.5 not in value or not all(0 < q < 1 for q in value):
            raise ValueError("quantiles must rise from above 0 to below 1 and include 0.5")
        if any(abs(low + high - 1) > 1e-9 for low, high in zip(value, reversed(value), strict=True)):
            raise ValueError("quantiles must be symmetric: 0.1 needs 0.9")
        return value


RuleName = Literal[
    "value_physical", "value_near_history", "off_the_grid", "above_capacity", "sun_at_night", "false_zero", "flat",
    "interpolated", "spike", "ramp", "sum", "outside_served_band", "delivery_day_complete", "still_day", "rough_day",
    "day_misfit", "reference_misfit", "level_shift", "day_out_of_place", "day_and_month_swapped", "days_exchanged",
    "shifted_hour", "day_reversed", "halves_exchanged", "sign_flipped", "scaled", "out_of_proportion", "repeated_day",
    "forecast_is_outturn", "outturn_is_forecast", "stale",
]  # fmt: skip
"""The rules of the quality gate whose severity can be set; `gridahead.quality.rules` says what each means."""
Severity = Literal["pass", "flag", "quarantine", "block"]
"""What follows from a failed rule: nothing; a mark on the row; the row is withheld; the whole delivery is withheld."""


class QualitySettings(Section):
    """What the quality gate tolerates, and what follows from each rule."""

    max_quarantined_share: float = Field(0.02, ge=0, le=1)
    """More than this share of a series in quarantine is an error."""
    stale_after_hours: float = Field(72.0, gt=0)
    """A series whose newest value is older than this is stale."""
    severity: dict[RuleName, Severity] = {}
    """By rule, for all quantities; the rules have defaults."""
    quantities: dict[str, dict[RuleName, Severity]] = {}
    """By quantity and rule; this counts before `severity`."""


class PromotionSettings(Section):
    """What a challenger has to show before it serves in place of the champion."""

    margin: float = Field(0.01, ge=0, lt=1)
    """Share of the champion's mean loss that it saves at least."""
    alpha_ever: float = Field(0.0125, gt=0, lt=0.5)
    """How often luck alone may look like an improvement, ever, however often the gate is asked. Half of what is meant:
    where good and bad spells outlast a week, as they do, equals are promoted about twice as often."""
    alpha: float = Field(0.025, gt=0, lt=0.5)
    """How often luck alone may look like a fault, one-sided; twice as often like an improvement in megawatts."""
    min_days: int = Field(28, ge=14)
    """Fewer days than this decide nothing."""
    coverage_band: tuple[float, float] = (0.75, 0.85)
    """Where the coverage of its 80 % interval belongs; outside by more than luck explains, it does not serve."""
    tolerance: float = Field(0.1, ge=0)
    """Share by which it may be worse than the official or the naive forecast in a season or on holidays, if luck can
    explain it; worse by more than luck explains is never tolerated."""
    min_season_days: int = Field(20, ge=5)
    """Days of a season that say something about it."""
    min_holidays: int = Field(8, ge=5)
    """Holidays that say something about holidays."""
    refresh_days: int = Field(28, ge=14)
    """The newest days on which a champion that was merely trained again must not have gone wrong."""
    refresh_ratio: float = Field(1.05, ge=1)
    """Its loss there is at most so many times the champion's: 28 days cannot tell less."""

    @pydantic.field_validator("coverage_band")
    @classmethod
    def _around_eighty(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 < value[0] < 0.8 < value[1] < 1:
            raise ValueError("coverage_band must hold 0.8, such as [0.75, 0.85]")
        return value


class Settings(Section):
    """Everything that can be set."""

    data_folder: Path
    lake: str | None = None
    """Where the lake is, if not in the data folder: a folder, or an address such as s3://bucket/prefix?region=eu-west-1."""
    zones: tuple[ZoneSettings, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    series: tuple[SeriesSettings, ...] = ()
    models: dict[str, ModelSettings] = {}
    """By name; those in `DEFAULT_MODELS` are there without being declared."""
    ensembles: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    """Weighted means of models, by name; those in `DEFAULT_ENSEMBLES` are there without being declared."""
    shared: tuple[SharedSettings, ...] = ()
    training: TrainingSettings = TrainingSettings()
    quality: QualitySettings = QualitySettings()
    promotion: PromotionSettings = PromotionSettings()

    @pydantic.field_validator("models")
    @classmethod
    def _defaults_too(cls, declared: dict[str, ModelSettings]) -> dict[str, ModelSettings]:
        return {**DEFAULT_MODELS, **declared}

    @pydantic.field_validator("ensembles")
    @classmethod
    def _default_ensembles_too(cls, declared: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {**DEFAULT_ENSEMBLES, **declared}

    @pydantic.model_validator(mode="after")
    def _names_meet(self) -> Settings:
        for entry in self.series:
            self.zone(entry.series.zone)
            for name in entry.models:
                if name not in self.names:
                    raise ValueError(f"series {entry.series} asks for model {name!r}; known: {', '.join(self.names)}")
        for name, parts in self.ensembles.items():
            if name in self.models:
                raise ValueError(f"ensemble {name!r} has the name of a model; choose another")
            if unknown := set(parts) - set(self.models):
                raise ValueError(f"ensemble {name!r} is of {sorted(unknown)}; known: {', '.join(self.models)}")
        known = ", ".join(self.models)
        for group in self.shared:
            if group.model not in self.models:
                raise ValueError(f"shared {group.name!r} asks for model {group.model!r}; known: {known}")
            if group.name in self.names:
                raise ValueError(f"shared {group.name!r} has the name of a model; choose another")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Of everything that can be fitted to a series: models and ensembles."""
        return (*self.models, *self.ensembles)

    def zone(self, code: str) -> BiddingZone:
        """The bidding zone of that code.

        Raises:
            SettingsError: the code is neither known nor declared.
        """
        for declared in self.zones:
            if declared.code == code:
                return declared.zone()
        if code in ZONES:
            return ZONES[code]
        raise SettingsError(
            f"zone {code!r} is not known. Declare it in the settings: [[zones]] code = {code!r}, timezone = ..., "
            f"country = ... (for its public holidays). Known without: {', '.join(ZONES)}"
        )

    def series_settings(self, series: Series) -> SeriesSettings:
        """The settings of a series; one that is not declared is forecast at D-1 11:00 local time with the defaults."""
        for entry in self.series:
            if entry.series == series:
                return entry
        timezone = self.zone(series.zone).timezone
        return SeriesSettings(series=series, deadline=Deadline.parse(f"D-1T1100[{timezone}]"))

    @property
    def attribution(self) -> str:
        """Everyone who must be named, once."""
        return "; ".join(dict.fromkeys(source.attribution for source in self.sources if source.attribution))

    @property
    def archive_folder(self) -> Path:
        """Raw payloads as received."""
        return self.data_folder / "raw"

    @property
    def lake_folder(self) -> str:
        """Observations, forecasts, scores: a folder or an address."""
        return self.lake or str(self.data_folder / "lake")

    @property
    def published_folder(self) -> Path:
        """What analysts read."""
        return self.data_folder / "published"

    @property
    def quality_folder(self) -> Path:
        """Great Expectations' context and Data Docs."""
        return self.data_folder / "quality"

    @property
    def checkpoint_folder(self) -> Path:
        """Trainings that are under way; empty when none is."""
        return self.data_folder / "checkpoints"

    @property
    def models_folder(self) -> Path:
        """What forecasts are made with: every version's bundle and record, and who serves."""
        return self.data_folder / "models"

    @property
    def mlflow_folder(self) -> Path:
        """MLflow's database and artifacts."""
        return self.data_folder / "mlflow"
