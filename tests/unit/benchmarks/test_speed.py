"""The parts of the speed benchmark that are not the clock: operations counted, many series made, the race judged."""

import datetime as dt

import numpy as np
import pytest
import torch
from common import Row, read_results, write_results
from peak import SIDE, peak_flops, step_flops
from race import OURS, RACERS, TASK, Point, _against, _speed, time_to
from race_own import windows
from speed import draw
from steps import DAYS, build, epochs, many_series
from torch.utils.flop_counter import FlopCounterMode

from gridahead.training.batch import Batch, pinball


def made_batch(count=6, segments=5, features=7, horizon=4, known=3):
    torch.manual_seed(0)
    return Batch(
        torch.randn(count, segments, features),
        torch.randn(count, horizon, known),
        torch.randn(count, horizon),
        torch.ones(count, horizon),
        torch.zeros(count, 0),
        torch.full((count,), horizon),
    )


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_operations_of_a_step_are_those_that_torch_counts_where_it_runs_without_fusion(cell):
    batch, levels = made_batch(), torch.tensor([0.1, 0.5, 0.9])
    network = build(batch, cell, 32)
    with FlopCounterMode(display=False) as counter:
        answer = network(batch.encoder, batch.decoder, batch.static, batch.length)
        pinball(answer[..., [1, 5, 9]], batch, levels).backward()
    assert step_flops(network, batch) == pytest.approx(counter.get_total_flops() / len(batch), rel=0.03)


def test_operations_of_an_lstm_by_hand():
    # 5 steps, 4 gates, 32 wide, 7 inputs without gradient; the other layers are the same for every cell.
    batch = made_batch()
    lstm, rnn = (step_flops(build(batch, cell, 32), batch) for cell in ("lstm", "rnn"))
    assert lstm - rnn == 2 * 5 * (4 - 1) * 32 * (2 * 7 + 3 * 32)


def test_the_peak_is_at_least_a_billion_operations_a_second(monkeypatch):
    monkeypatch.setitem(SIDE, "cpu", 512)
    assert 1e9 < peak_flops(torch.device("cpu")) < 1e14


def test_epochs_without_validation_tell_their_speed():
    told = epochs(build(made_batch(), "lstm", 8), made_batch(), 2, 3, "cpu")
    assert [epoch.epoch for epoch in told] == [0, 1]
    assert all(epoch.windows_per_second > 0 and epoch.validation_loss is None for epoch in told)


def test_many_series_have_each_their_own_mark_and_level():
    alone = made_batch(count=250)
    many = many_series(alone, 10)
    assert len(many) == 10 * DAYS
    assert many.static.sum(dim=1).eq(1).all()
    assert many.static.sum(dim=0).eq(DAYS).all()
    third = many.rows(torch.arange(3 * DAYS, 4 * DAYS))
    moved = third.encoder - alone.encoder[3 * 37 : 3 * 37 + DAYS]
    assert torch.allclose(moved, moved[0, 0, 0].expand_as(moved), atol=1e-5)


def test_speed_leaves_the_first_pass_out():
    points = [Point(10.0, 100, 9.0), Point(11.0, 200, 8.0), Point(12.0, 300, 7.0), Point(13.0, 400, 7.5)]
    assert _speed(points) == 100.0
    assert _speed(points[:1]) == 10.0


def test_time_to_an_error_is_when_it_was_first_reached():
    points = [Point(1.0, 1, 9.0), Point(2.0, 2, 7.0), Point(3.0, 3, 8.0)]
    assert time_to(8.5, points) == 2.0
    assert time_to(7.0, points) == 2.0
    assert time_to(6.9, points) is None


def test_the_race_is_judged_by_the_best_that_the_other_reached():
    ours = [Point(1.0, 1000, 1600.0), Point(2.0, 2000, 1480.0), Point(3.0, 3000, 1300.0)]
    theirs = [Point(10.0, 1000, 2000.0), Point(20.0, 2000, 1500.0), Point(30.0, 3000, 1550.0)]
    rows = {(row.model, row.metric): row.value for row in _against("darts", [{OURS: ours, "darts": theirs}])}
    assert rows[f"{OURS} / darts", "windows_per_second_ratio"] == pytest.approx(10.0)
    assert rows["darts", "mae_mw"] == 1500.0
    assert rows[f"{OURS} / darts", "seconds_ratio"] == pytest.approx(10.0)


def test_a_race_that_was_not_won_in_every_round_has_no_ratio_of_times():
    ours, theirs = [Point(1.0, 1000, 1600.0)], [Point(10.0, 1000, 1500.0)]
    rows = _against("darts", [{OURS: ours, "darts": theirs}])
    assert [row.metric for row in rows] == ["windows_per_second_ratio"]


def test_our_windows_of_the_race_are_the_days_that_the_others_see(tmp_path):
    hours = 70 * 24
    start = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000
    load = np.random.default_rng(1).normal(50_000, 9_000, hours).astype(np.float32)
    np.savez(tmp_path / "load.npz", times=start + np.arange(hours) * 3_600_000_000, load=load)
    job = {"arrays": str(tmp_path / "load.npz"), "context": 504, "validation_steps": 10 * 24, "train_windows": 39}
    train, validation, scaler = windows(job)
    assert (len(train), len(validation)) == (39, 10)
    assert scaler.anchor == "recent"  # of noise, the mean of a day is the best forecast here
    for number, batch in ((0, train), (39, validation)):
        first = 504 + 24 * number
        expected = (load[first : first + 24] - load[first - 24 : first].mean()) / scaler.scale
        np.testing.assert_allclose(batch.target[0].numpy(), expected, atol=2e-3)
    assert train.weight.eq(1).all()


def test_the_picture_is_drawn_from_the_rows_of_results(tmp_path):
    rows = [Row(f"step, {size}, cpu", cell, "share_of_peak", 0.5) for size in "ab" for cell in ("rnn", "lstm", "gru")]
    rows += [Row(TASK, name, "windows_per_second", 100.0) for name in (OURS, *RACERS)]
    rows += [Row(f"{count} series", "lstm", "seconds_per_epoch", 0.1 * count) for count in (1, 10)]
    write_results("speed", rows, tmp_path)
    draw(read_results("speed", tmp_path), tmp_path / "speed.png")
    assert (tmp_path / "speed.png").stat().st_size > 10_000
