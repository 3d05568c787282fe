"""Networks: every piece that can be switched, and those that are known without being declared."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import pydantic
from pydantic import Field

from gridahead.core.grid import PRICE
from gridahead.core.runs import OFFICIAL_CORRECTED, REFERENCES
from gridahead.settings.section import Section, SeriesText

RecurrentCell = Literal["rnn", "lstm", "gru", "slstm", "mlstm", "mingru", "minlstm"]
"""Those of torch, the two of the xLSTM, and the two minimal ones, whose gates look at the inputs alone."""

Cell = Literal[RecurrentCell, "transformer"]

DecoderName = Literal["direct", "recurrent", "attention", "recursive"]

Segment = Literal["unit", "hour", "day", "none"]
"""What one step of an encoder spans: a market time unit, an hour or a day."""

Normalise = Literal["series", "instance", "capacity"]
"""Whether the target is scaled by the moments of its whole series, by those of the last week of each window, or by the
moments of the series as a share of the installed capacity, which must then be an input: solar_capacity of solar."""

Anchor = Literal["official", "official_corrected", "week", "profile", "recent", "level", "linear"]
"""The forecast that a network answers the difference to: the official one, that without its recent error, the same hour
last week, the mean of that hour over 7 days, the mean of the last day, the mean of the training days, which is as good
as none, or a linear regression on the same inputs."""

HEADS = 4
"""Heads of every attention and of an mlstm; a width that they share is a multiple of it."""


class ModelSettings(Section):
    """One network: every piece of it can be switched off, so that what it brings can be measured."""

    cell: Cell
    """The kind of network."""
    segment: Segment = "day"
    """What one step of the encoder spans; with `none` there is no encoder, and the decoder alone reads what is known of
    the hours ahead. A direct one is then a plain feed-forward network, to see what recurrence is worth."""
    hidden: int = Field(128, ge=1)
    """Width of the encoder."""
    layers: int = Field(1, ge=1)
    """Of the encoder, one upon the other."""
    layer_norm: bool = False
    """Normalisation around the recurrent layers; a Transformer has its own."""
    decoder: DecoderName = "recurrent"
    """How the hours of the delivery day are answered: each by itself (direct), one after the other (recurrent), looking
    back at the whole context (attention), or fed with its own answers (recursive). On German load of 2024, learnt
    from the years before, LSTM and GRU on two anchors (two seeds each) were together 2.7 % better with a recurrent
    decoder than with a direct one (MAE 1183 instead of 1216 MW)."""
    decoder_hidden: int = Field(64, ge=1)
    """Width of the decoder."""
    bidirectional: bool = True
    """Whether a recurrent decoder reads the known future in both directions; others do not ask."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of the units that is left out at random while learning."""
    bptt_steps: int | None = Field(None, ge=1)
    """Segments that gradients go back through a recurrent encoder; all of them without it."""
    normalise: Normalise = "series"
    """What the target is scaled by: the moments of its whole series, those of the last week of each window (instance),
    or those of the series as a share of the installed capacity, which must then be an input."""
    anchor: Anchor | Literal["best", "each"] = "best"
    """`best`: the best simple one, the one that a regression does best on, and none are tried, and validation days
    choose; `each`: one model on each, averaged."""
    members: int = Field(1, ge=1)
    """Networks of the same kind from different seeds, averaged. Each is trained for every fold as well."""

    @pydantic.model_validator(mode="after")
    def _pieces_fit(self) -> ModelSettings:
        if self.decoder == "attention":
            self._divides_among_heads("decoder_hidden", "the attention heads")
        if self.cell == "mlstm":
            self._divides_among_heads("hidden", "the heads of an mlstm")
            if self.decoder in ("recurrent", "recursive"):
                self._divides_among_heads("decoder_hidden", "the heads of an mlstm")
        if self.segment == "none" and (self.cell == "transformer" or self.decoder == "attention"):
            raise ValueError('segment = "none" leaves out the encoder, on which a transformer and attention live')
        if self.cell == "transformer":
            self._divides_among_heads("hidden", "the attention heads")
            if self.layer_norm:
                raise ValueError("layer_norm is for recurrent cells; a transformer has its own")
            if self.bptt_steps is not None:
                raise ValueError("bptt_steps is for recurrent cells; a transformer has no steps to go back through")
        return self

    def _divides_among_heads(self, name: str, heads: str) -> None:
        if getattr(self, name) % HEADS:
            raise ValueError(f"{name} = {getattr(self, name)} must be a multiple of {HEADS}, {heads}")


DEFAULT_MODELS = {
    **{cell: ModelSettings(cell=cell) for cell in get_args(RecurrentCell)},
    "gru": ModelSettings(cell="gru", decoder="direct"),
    "lstm_attention": ModelSettings(cell="lstm", decoder="attention"),
    "transformer": ModelSettings(cell="transformer", hidden=160, decoder="direct"),
    "lstm_each": ModelSettings(cell="lstm", anchor="each"),
    "gru_each": ModelSettings(cell="gru", decoder="direct", anchor="each"),
}
"""Known without being declared. On hourly load with the official forecasts of load, wind and solar the Transformer of
width 160 is as large as the LSTM: 282 and 285 thousand weights. The GRU answers each hour by itself, as torch has no
fast recurrence of it on a CPU; so it errs otherwise than the LSTM, and their mean is better than both."""

BESIDE = ("ridge", "lightgbm", *REFERENCES)
"""What may stand beside networks in an ensemble, which is then weighted anew at every issue time."""
DEFAULT_ENSEMBLES = {
    "ensemble": ("lstm", "gru"),
    "aggregate": ("lstm", "gru", "ridge", OFFICIAL_CORRECTED),
    "wide_ensemble": ("lstm_each", "gru_each"),
    "wide_aggregate": ("lstm_each", "gru_each", "ridge", OFFICIAL_CORRECTED),
    "boosted_aggregate": ("lstm", "gru", "ridge", "lightgbm"),
    "wide_boosted_aggregate": ("lstm_each", "gru_each", "ridge", "lightgbm"),
}
"""Likewise: by name, the models that are averaged. Of networks alone the weights are learnt once; where others stand
beside them, they follow what each has been worth of late. On fourteen series of 2016 to 2023 these three experts had
0.976 of the MAE of the better reference, and more than it on none; with the official forecast, last week or LightGBM
among them, 0.978 to 0.979 and up to 1.017. Prices are another matter: see below."""

PRESETS: dict[str, tuple[str, ...]] = {
    "quick": ("lstm", "gru", "ensemble", "aggregate"),
    "accurate": ("wide_ensemble", "wide_aggregate"),
}
"""Models by one word: two networks on the best anchor each, or both on every anchor."""
PRICE_PRESETS: dict[str, tuple[str, ...]] = {
    "quick": ("lstm", "gru", "ensemble", "boosted_aggregate"),
    "accurate": ("wide_ensemble", "wide_boosted_aggregate"),
}
"""The same for prices, which jump where trees cut, and have no official forecast: on the year before the test years of
Nord Pool, PJM and Germany, LightGBM among the experts took 4.3, 3.9 and 2.2 % from the MAE of the aggregate, and had
itself 2.5, 6.3 and 5.7 % more than the aggregate with it."""


def preset(word: str, quantity: str) -> tuple[str, ...]:
    """The models that a word stands for, for a series of that quantity."""
    return (PRICE_PRESETS if quantity == PRICE else PRESETS)[word]


TUNED, AGGREGATE = "_tuned", "_aggregate"
"""Behind the name of a shared network: the same after its own days, and the aggregate with what stands beside it."""


class SharedSettings(Section):
    """One network for several series, a candidate of each beside those of its own."""

    name: str
    """What the candidates are called that come of it, and in MLflow the one model that has all of them."""
    model: str
    """Which network, by its name among the models."""
    series: Annotated[tuple[SeriesText, ...], Field(min_length=2)]
    """Which series share it, two or more, by name or by pattern: ["*/load"]."""
    group: str | None = None
    """Of a pattern: only zones of this group."""
    teachers: Annotated[int, Field(ge=2)] | None = None
    """So many of the series teach it at most, drawn by chance and the same ones every time; the others are served by
    what these have taught, as new series are. What a training takes is then that of so many, whatever the group has;
    all that can teach it do unless given."""
    fine_tune: bool = False
    """Whether it is trained on for each series with the days of that alone, as a further candidate `NAME_tuned`."""
    beside: tuple[str, ...] = ("ridge", OFFICIAL_CORRECTED)
    """What stands beside it in an aggregate for each series, a further candidate `NAME_aggregate`; [] for none."""

    @pydantic.field_validator("beside")
    @classmethod
    def _known(cls, named: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(named) - set(BESIDE)):
            raise ValueError(f"{unknown[0]!r} cannot stand beside a shared network; known: {', '.join(BESIDE)}")
        return named

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of what may be trained of it for each series."""
        more = (TUNED,) * self.fine_tune + (AGGREGATE,) * bool(self.beside)
        return (self.name, *(f"{self.name}{behind}" for behind in more))
