"""One horizon: what a model says of a window is the same beside other windows and alone, whatever pads it."""

import datetime as dt
from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from builders.models import LEVELS, tabular_on
from builders.rows import measured, rows, together

from gridahead.core.errors import ModelError
from gridahead.core.grid import BiddingZone, Series
from gridahead.core.time import Deadline, Mtu, delivery_range
from gridahead.features.scaling import Scaler
from gridahead.features.windows import WindowSpec, build_windows
from gridahead.models.base import predict_each
from gridahead.models.baselines import ReferenceForecast
from gridahead.models.bundle import TrainedModel
from gridahead.models.calibration import as_it_is
from gridahead.models.ensemble import Ensemble
from gridahead.models.network import decoders
from gridahead.models.network.network import Network, NetworkConfig
from gridahead.settings.networks import Anchor, Cell, DecoderName

OURS = ("slstm", "mlstm", "mingru", "minlstm")
PAIRS = [
    *product([cell for cell in get_args(Cell) if cell not in OURS], get_args(DecoderName)),
    *((cell, "recurrent") for cell in OURS),  # the only decoder where a cell of ours meets what pads a horizon
]
ANCHORS = get_args(Anchor)
NEAR = 0.05
"""Rounding of values of about 50,000 in single precision [MW]."""

ZONES = {
    "Europe/Berlin": ((2025, 3, 29), (2025, 3, 30), (2025, 10, 26)),
    "America/St_Johns": ((2025, 3, 8), (2025, 3, 9), (2025, 11, 2)),
    "Asia/Kathmandu": ((2025, 3, 29), (2025, 3, 30), (2025, 10, 26)),
    "Pacific/Chatham": ((2025, 9, 27), (2025, 9, 28), (2025, 4, 6)),
    "Australia/Lord_Howe": ((2025, 10, 4), (2025, 10, 5), (2025, 4, 6)),
}
"""Of each time zone a day of 24 hours, the one on which the clocks go forward, and the one on which they go back."""
HOURS = {"Asia/Kathmandu": (24, 24, 24), "Australia/Lord_Howe": (24, 23.5, 24.5)}
CASES = [
    (timezone, mtu)
    for timezone in ZONES
    for mtu in Mtu
    if (timezone, mtu) != ("Australia/Lord_Howe", Mtu.PT60M)  # days of 23.5 hours cannot be tiled by hours
]


def made(timezone, mtu):
    """The windows of the three days, each of them built alone, and how many units each day has."""
    zone = BiddingZone("XX", timezone)
    series = Series("XX", "load")
    spec = WindowSpec(series, zone, mtu, Deadline.parse(f"D-1T1100[{timezone}]"), context_days=8)
    days = [dt.date(*day) for day in ZONES[timezone]]
    rng, parts = np.random.default_rng(5), []
    for day in days[1:]:  # the first is the eve of the second
        begin = delivery_range(day - dt.timedelta(days=11), timezone).start
        times = pd.date_range(begin, delivery_range(day, timezone).end, freq=mtu.delta, inclusive="left")
        hour = times.tz_convert(timezone).hour.to_numpy()
        load = 50_000 - 8_000 * np.cos(2 * np.pi * hour / 24) + rng.normal(0, 1_000, len(times))
        said = load + rng.normal(0, 2_000, len(times))
        known = times - pd.Timedelta(days=2)
        parts += [measured(series, times, load, mtu=mtu), rows(series.official, times, said, known, mtu=mtu)]
    observations = together(*parts)
    return build_windows(observations, spec, days), [build_windows(observations, spec, [day]) for day in days]


@pytest.fixture(scope="module")
def windows_in():
    """Windows of a time zone and market time unit, built once."""
    kept = {}

    def of(timezone, mtu=Mtu.PT60M):
        if (timezone, mtu) not in kept:
            kept[timezone, mtu] = made(timezone, mtu)
        return kept[timezone, mtu]

    return of


def network_on(scaler, windows, cell, decoder):
    """A small network with random weights, and a calibration that tells blocks of lead time apart."""
    inputs = scaler.inputs(windows, "day")
    shape = NetworkConfig(
        cell,
        inputs.encoder.shape[-1],
        inputs.decoder.shape[-1],
        LEVELS,
        4,
        4,
        decoder=decoder,
        bidirectional=True,
        heads=2,
    )
    torch.manual_seed(3)
    blocks = as_it_is(LEVELS) + np.linspace(-0.5, 0.5, 7)[:, None]
    return TrainedModel(cell, windows.spec, scaler, LEVELS, shape, (Network(shape).eval(),), blocks)


def others_on(windows):
    """Every model that is no single network."""
    scaler = Scaler.fit(windows, "official")
    networks = tuple(network_on(scaler, windows, cell, "recurrent") for cell in ("lstm", "gru"))
    return [
        Ensemble("ensemble", networks, (0.25, 0.75), as_it_is(LEVELS) + 0.2),
        tabular_on("ridge", windows),
        tabular_on("lightgbm", windows),
        *(ReferenceForecast.fit(name, windows, LEVELS) for name in ("official", "naive")),
    ]


def furthest(model, windows):
    """The furthest that an answer beside other windows is from that of the window alone [MW]."""
    beside, alone = model.predict(windows), predict_each(model, windows)
    assert np.array_equal(np.isnan(beside), np.isnan(alone))
    assert not np.isnan(beside[windows.within]).any()
    assert np.isnan(beside[~windows.within]).all()
    return float(np.nanmax(np.abs(beside - alone)))


# -- alone and beside others ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("timezone", "mtu"), CASES)
def test_a_window_alone_is_the_window_beside_longer_and_shorter_days(windows_in, timezone, mtu):
    windows, alone = windows_in(timezone, mtu)
    hours = HOURS.get(timezone, (24, 23, 25))
    assert windows.delivery.sum(axis=1).tolist() == [mtu.per_hour * count for count in hours]
    assert windows.within.sum(axis=1).tolist() == [one.target.shape[1] for one in alone]
    for row, built in enumerate(alone):
        for name in ("past", "future", "target", "valid_time", "delivery"):
            assert getattr(windows.alone(row), name).tobytes() == getattr(built, name).tobytes()
    if timezone != "Asia/Kathmandu":
        assert (~windows.within).any(), "there is no padding, and nothing is tested"
    assert np.isnan(windows.target[~windows.within]).all()
    assert np.isnan(windows.future[..., 0][~windows.within]).all()


@pytest.mark.parametrize(("case", "timezone", "mtu"), [(n, *case) for n, case in enumerate(CASES)])
def test_every_network_answers_for_a_window_alone_as_beside_others(windows_in, case, timezone, mtu):
    """Every cell with every decoder; the anchors take turns, so that each pair meets each of them in two cases."""
    windows, _ = windows_in(timezone, mtu)
    scalers = [Scaler.fit(windows, anchor) for anchor in ANCHORS]
    for n, (cell, decoder) in enumerate(PAIRS):
        scaler = scalers[(n + case) % len(ANCHORS)]
        away = furthest(network_on(scaler, windows, cell, decoder), windows)
        assert away < NEAR, f"{cell} {decoder} on {scaler.anchor}: {away:.3f} MW"


def test_every_cell_decoder_and_anchor_answers_for_a_window_alone_as_beside_others(windows_in):
    windows, _ = windows_in("Europe/Berlin")
    for anchor in ANCHORS:
        scaler = Scaler.fit(windows, anchor)
        for cell, decoder in PAIRS:
            away = furthest(network_on(scaler, windows, cell, decoder), windows)
            assert away < NEAR, f"{cell} {decoder} on {anchor}: {away:.3f} MW"


@pytest.mark.parametrize(("timezone", "mtu"), CASES)
def test_every_other_model_answers_for_a_window_alone_as_beside_others(windows_in, timezone, mtu):
    windows, _ = windows_in(timezone, mtu)
    for model in others_on(windows):
        assert furthest(model, windows) < NEAR, model.name


def test_what_a_model_says_of_a_window_does_not_depend_on_the_windows_beside_it_to_the_bit(windows_in):
    """Seventy windows are three batches of a network: each window is first, last or between others in one of them."""
    few, _ = windows_in("Europe/Berlin")
    noise = np.random.default_rng(6).normal(0, 500, (70, few.past.shape[1])).astype(np.float32)
    many = few.take(np.arange(70) % len(few))
    many = many.with_values(many.spec.series, past=many.target_past + noise)
    scaler = Scaler.fit(few, "week")
    for model in (*(network_on(scaler, few, *pair) for pair in PAIRS), *others_on(few)):
        together = predict_each(model, many)
        for some in ([0], [31], [69], [5, 40], [*range(20, 55)]):
            alone = predict_each(model, many.take(np.array(some)).trimmed())
            beside = together[some][:, : alone.shape[1]]
            assert alone.tobytes() == np.ascontiguousarray(beside).tobytes(), (model.name, some)


def flipped(length, horizon):
    """Horizons read from the end of the batch: padding comes first."""
    return torch.arange(horizon - 1, -1, -1).expand(len(length), -1)


def test_a_decoder_that_reads_horizons_from_the_end_of_the_batch_is_caught(windows_in, monkeypatch):
    windows, _ = windows_in("Europe/Berlin")
    for cell in get_args(Cell):
        model = network_on(Scaler.fit(windows, "week"), windows, cell, "recurrent")
        assert furthest(model, windows) < NEAR
        with monkeypatch.context() as patch:
            patch.setattr(decoders, "reversal", flipped)
            assert furthest(model, windows) > 25 * NEAR


def test_a_network_that_takes_all_horizons_for_as_long_as_the_batch_is_caught(windows_in, monkeypatch):
    windows, _ = windows_in("Europe/Berlin")
    model = network_on(Scaler.fit(windows, "week"), windows, "gru", "recurrent")
    plain = Scaler.inputs

    def blind(self, windows, *rest):
        found = plain(self, windows, *rest)
        return replace(found, length=np.full(len(windows), windows.target.shape[1]))

    monkeypatch.setattr(Scaler, "inputs", blind)
    assert furthest(model, windows) > 100 * NEAR


def test_a_horizon_is_read_backwards_from_its_own_end_and_twice_it_is_as_it_was():
    length = torch.tensor([5, 3, 1])
    order = decoders.reversal(length, 5)
    assert order.tolist() == [[4, 3, 2, 1, 0], [2, 1, 0, 4, 3], [0, 4, 3, 2, 1]]
    assert torch.equal(order.gather(1, order), torch.arange(5).expand(3, -1))


# -- what stands in padding -------------------------------------------------------------------------------------------


def padded_with(windows, noise):
    """The same windows with numbers where a horizon is padded: all that is read ahead, and the outturn."""
    rng = np.random.default_rng(8)
    future, target = windows.future.copy(), windows.target.copy()
    future[~windows.within] = noise * rng.normal(size=future[~windows.within].shape)
    target[~windows.within] = noise * rng.normal(size=target[~windows.within].shape)
    return replace(windows, future=future, target=target)


@pytest.mark.parametrize("noise", [1.0, 5e4, 1e12])
@pytest.mark.parametrize("timezone", ["Europe/Berlin", "Pacific/Chatham"])
def test_what_stands_in_padding_changes_no_bit_of_an_answer(windows_in, timezone, noise):
    windows, _ = windows_in(timezone)
    noisy = padded_with(windows, noise)
    assert not np.isnan(noisy.future[~windows.within]).any()
    scalers = [Scaler.fit(windows, anchor) for anchor in ANCHORS]
    networks = [network_on(scalers[n % len(ANCHORS)], windows, *pair) for n, pair in enumerate(PAIRS)]
    for model in (*networks, *others_on(windows)):
        assert model.predict(noisy).tobytes() == model.predict(windows).tobytes(), model.name


@pytest.mark.parametrize("noise", [5e4, 1e12])
def test_what_stands_in_padding_changes_nothing_of_a_scaler_or_of_a_reference(windows_in, noise):
    windows, _ = windows_in("Europe/Berlin")
    noisy = padded_with(windows, noise)
    for anchor in ANCHORS:
        mine, others = (Scaler.fit(each, anchor) for each in (windows, noisy))
        assert mine.to_dict() == others.to_dict()
        if mine.linear is not None:
            assert others.linear is not None
            assert mine.linear.weights.tobytes() == others.linear.weights.tobytes()
            assert mine.linear.required.tolist() == others.linear.required.tolist()
    for name in ("official", "naive"):
        one, other = (ReferenceForecast.fit(name, each, LEVELS) for each in (windows, noisy))
        assert (one.level, one.offsets.tolist()) == (other.level, other.offsets.tolist())


# -- days that cannot be tiled ----------------------------------------------------------------------------------------


def test_hours_where_the_clocks_change_by_half_an_hour_are_refused():
    """Days of 23.5 and 24.5 hours: behind a clock change every hour would lie across two."""
    zone, series = BiddingZone("LH", "Australia/Lord_Howe"), Series("LH", "load")
    deadline = Deadline.parse("D-1T1100[Australia/Lord_Howe]")
    with pytest.raises(ModelError, match=r"LH/load: .*PT60M.*Australia/Lord_Howe.*PT30M or PT15M"):
        WindowSpec(series, zone, Mtu.PT60M, deadline, 8)
    for mtu in (Mtu.PT15M, Mtu.PT30M):
        WindowSpec(series, zone, mtu, deadline, 8)
