"""Progress for a person at a terminal."""

import io

from rich.console import Console

from gridahead.cli.progress import training_progress
from gridahead.training.epoch import Epoch, log_epoch


def epoch_of(**changes):
    plain = {
        "model": "DE/load lstm",
        "member": 0,
        "epoch": 4,
        "epochs": 10,
        "train_loss": 0.25,
        "validation_loss": 0.5,
        "gradient_norm": 2.0,
        "mean_gradient_norm": 1.0,
        "clip_rate": 0.1,
        "learning_rate": 1e-3,
        "windows_per_second": 1234.4,
        "training": 1,
        "trainings": 4,
    }
    return Epoch(**{**plain, **changes})


def shown(*epochs):
    """What a terminal shows at the end."""
    text = io.StringIO()
    screen = Console(file=text, force_terminal=True, width=160, color_system=None)
    with training_progress(screen) as report:
        for epoch in epochs:
            report(epoch)
    return text.getvalue()


def test_a_bar_tells_the_loss_the_speed_and_how_much_of_the_fit_is_done():
    # The second of four networks is half done: 1.5 of 4.
    line = next(line for line in reversed(shown(epoch_of()).splitlines()) if "DE/load lstm" in line)
    assert "38%" in line
    assert "network 2/4, loss 0.2500 (0.5000 validated), 1,234 windows/s" in line


def test_an_early_stop_lets_the_bar_leap_and_a_refit_has_no_validation():
    last = epoch_of(training=3, epoch=2, epochs=3, validation_loss=None)
    line = next(line for line in reversed(shown(epoch_of(), last).splitlines()) if "DE/load lstm" in line)
    assert "100%" in line
    assert "network 4/4, loss 0.2500, 1,234 windows/s" in line


def test_every_fit_has_its_bar():
    lines = shown(epoch_of(), epoch_of(model="DE/solar gru")).splitlines()
    assert {name for name in ("DE/load lstm", "DE/solar gru") if any(name in line for line in lines[-3:])} == {
        "DE/load lstm",
        "DE/solar gru",
    }


def test_a_log_gets_lines_instead():
    with training_progress(Console(file=io.StringIO())) as report:
        assert report is log_epoch
