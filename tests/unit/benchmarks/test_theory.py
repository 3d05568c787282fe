"""What docs/theory says in figures is what the benchmarks have measured, and every picture can be drawn again."""

import re
from itertools import combinations

import pytest
from common import CHECKOUT, read_results
from theory_pictures import PICTURES

PAGES = CHECKOUT / "docs" / "theory"
HOUR, DAY = "segments of 1 h", "segments of 24 h"


def value(results, task, model, metric):
    (found,) = [row for row in read_results(results) if (row.task, row.model, row.metric) == (task, model, metric)]
    return found


def theory(model, metric, task="load"):
    return value("theory", task, model, metric).value


def gates(model, metric, task=HOUR):
    return value("gates", task, model, metric).value


def loss(model, period="load_2025_test", metric="pinball"):
    return value("generalisation", period, model, metric)


def adding(model, steps, metric="mse"):
    return value("memory", f"adding_{steps}", model, metric).value


def oldest(model):
    return theory(model, "gradient_oldest_relative")


def power(number):
    """A tiny number as the pages write it: 10<sup>−25</sup>, 4.7·10<sup>−16</sup>."""
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits}·10<sup>{int(exponent)}</sup>".replace("-", "−")


def of_three(metric, form):
    return [form.format(theory(model, metric)) for model in ("rnn", "lstm", "gru")]


def said():
    """By page: sentences, with the figures put in."""
    weights = [f"{gates(cell, 'parameters'):,.0f}" for cell in ("rnn", "gru", "lstm")]
    by_day = [f"{gates(cell, 'parameters', DAY):,.0f}" for cell in ("rnn", "gru", "lstm")]
    times = {cell: gates(cell, "microseconds_a_window") for cell in ("rnn", "lstm", "gru")}
    lstm_by_day = gates("lstm", "microseconds_a_window", DAY)
    memory = {
        task: [f"{gates(cell, 'peak_megabytes', task):.{digits}f}" for cell in ("rnn", "lstm")]
        for task, digits in ((HOUR, 0), (DAY, 1))
    }
    yield "recurrent", f"{weights[0]} weights: 128 × 37 in W, 128 × 128 in U"
    yield "recurrent", f"holds {memory[HOUR][0]} MB for the plain RNN and {memory[HOUR][1]} MB for the LSTM"
    yield "recurrent", f"it is {memory[DAY][0]} MB and {float(memory[DAY][1]):.0f} MB"
    yield "cost", f"| weights, a step an hour | {' | '.join(weights)} |"
    yield "cost", f"| weights, a step a day | {' | '.join(by_day)} |"
    yield (
        "cost",
        f"{times['rnn']:,.0f} µs a window for the plain RNN, {times['lstm']:,.0f} µs for the LSTM and "
        f"{times['gru']:,.0f} µs for the GRU",
    )
    yield "cost", f"in {times['lstm'] / times['rnn']:.1f} times its time"
    yield "cost", f"takes {lstm_by_day:.0f} µs a window: {times['lstm'] / lstm_by_day:.0f} times less"
    yield "cost", f"holds {memory[HOUR][1]} MB by the hour and {float(memory[DAY][1]):.0f} MB by the day"
    today = ("slstm", "mlstm", "mingru", "minlstm")
    for words, task in (("an hour", HOUR), ("a day", DAY)):
        weights, spent = (
            [gates(cell, metric, task) for cell in today] for metric in ("parameters", "microseconds_a_window")
        )
        yield "cost", f"| weights, a step {words} | {' | '.join(f'{count:,.0f}' for count in weights)} |"
        yield "cost", f"| µs a window, a step {words} | {' | '.join(f'{each:,.0f}' for each in spent)} |"
    yield "cost", f"most memory of all, {gates('mlstm', 'peak_megabytes'):.0f} MB by the hour"
    ratios = {
        model: loss(model, "load_2025", "pinball_test_over_train").value
        for model in ("official", "rnn", "lstm", "gru", "transformer")
    }
    yield "memorising", f"loss in 2025 is {ratios['official']:.2f} times"
    yield (
        "memorising",
        f"{ratios['rnn']:.2f} (plain RNN), {ratios['lstm']:.2f} (LSTM) and {ratios['gru']:.2f} (GRU) times",
    )
    yield "memorising", "{:.0f}, {:.0f} and {:.0f} MW".format(*(loss(model).value for model in ("rnn", "lstm", "gru")))
    yield "memorising", f"official forecast is, {loss('official').value:.0f} MW"
    yield (
        "memorising",
        f"{ratios['transformer']:.2f} times, and is no better for it: {loss('transformer').value:.0f} MW",
    )
    names = {
        "gru": "GRU",
        "transformer": "Transformer",
        "lstm_attention": "LSTM with attention in the decoder",
        "rnn": "plain RNN",
        "lstm": "LSTM",
    }
    for model, name in names.items():
        row = loss(model)
        yield "attention", f"| {name} | {row.value:.0f} | {row.low:.0f} to {row.high:.0f} |"
    yield "attention", f"*{loss('official').value:.0f}*"
    yield "attention", f"is {oldest('transformer by day'):.0%} of that at the newest".replace("%", " %")
    yield "attention", f"from day to day and keeps {oldest('lstm by day'):.0%}".replace("%", " %")
    grown = theory("recurrence times 1.1", "gain", "335 h back")
    yield "gradients", f"it dies as computed: {power(theory('recurrence times 0.9', 'gain', '335 h back'))}"
    yield "gradients", f"to {grown / 1e6:.1f} million"
    yield "gradients", f"| σ of the step | {' | '.join(of_three('step_jacobian_sigma', '{:.2f}'))} |"
    yield "gradients", f"of the newest | {' | '.join(power(oldest(model)) for model in ('rnn', 'lstm', 'gru'))} |"
    yield "gradients", "and the GRU were {}, {} and {}.".format(*of_three("gradient_norm", "{:.2f}"))
    kept = [f"{theory(model, 'forget_gate_hours_median'):.1f}" for model in ("lstm", "gru")]
    yield "gates", f"for a median of {kept[0]} hours, those of the GRU for {kept[1]}"
    reach = of_three("gradient_memory_hours", "{:.0f}")
    yield "gates", f"is {reach[0]} hours for the plain RNN, {reach[1]} for the LSTM and {reach[2]} for the GRU"
    yield "gates", "{}, {} and {} MW: *the one".format(*of_three("validation_mae", "{:,.0f}"))
    yield "gates", f"for that, {reach[2]} hours are enough"
    yield "gates", f"still has {oldest('lstm by day'):.0%} of the newest gradient".replace("%", " %")
    yield "gates", f"by the hour it is {power(oldest('lstm'))}"
    yield "gates", f"for a median of {theory('lstm by day', 'forget_gate_hours_median'):.0f} hours, a tenth of them"
    yield "gates", f"Its error is {theory('lstm by day', 'validation_mae'):,.0f} MW"
    yield "gates", f"the error is {theory('lstm cut', 'validation_mae'):,.0f} MW"
    yield "gates", f"mean squared error of {adding('guess', 50):.3f}"
    yield "gates", f"not even over 50 steps: {adding('rnn', 50):.3f}"
    yield "gates", f"at 200 steps its error is {adding('gru', 200):.4f}"
    at_first = "gradient_at_first_step_relative_"
    assert f"{adding('gru', 200, at_first + 'untrained'):.0e}" == "1e-25"
    yield "gates", "at the first step is 10<sup>−25</sup>"
    yield "gates", f"After it, it is {adding('gru', 200, at_first + 'trained'):.2f}"


def test_every_figure_of_the_pages_is_what_was_measured():
    text = {page.stem: " ".join(page.read_text(encoding="utf-8").split()) for page in PAGES.glob("*.md")}
    wrong = [f"{page}: {sentence}" for page, sentence in said() if sentence not in text[page]]
    assert not wrong, "\n".join(wrong)


def test_what_the_pages_conclude_still_holds():
    lengths = (50, 100, 200, 400)
    assert all(adding("gru", steps) < 0.01 and adding("lstm chrono", steps) < 0.01 for steps in lengths)
    assert [adding("lstm", steps) < 0.01 for steps in lengths] == [True, False, False, False]
    assert theory("rnn", "step_jacobian_sigma") > 1 and theory("lstm", "step_jacobian_sigma") > 1
    assert theory("gru", "step_jacobian_sigma") < 1
    assert all(oldest(model) < 1e-6 for model in ("rnn", "lstm", "gru")) and oldest("lstm by day") > 0.01
    assert theory("lstm by day", "forget_gate_hours_p90") > 7 * 24
    assert all(theory(model, "clip_rate") == 0 for model in ("rnn", "lstm", "gru"))
    assert oldest("lstm") < theory("lstm", "relative_untrained", "335 h back")
    untrained = [theory(model, "relative_untrained", "48 h back") for model in ("gru", "rnn", "lstm")]
    assert untrained == sorted(untrained)
    assert loss("gru").value < loss("transformer").value < loss("lstm").value < 0.74 * loss("official").value


def test_every_picture_of_the_pages_is_drawn_by_the_script():
    shown = {name for page in PAGES.glob("*.md") for name in re.findall(r"!\[[^]]+\]\((\w+)\.png\)", page.read_text())}
    assert shown == set(PICTURES) == {file.stem for file in PAGES.glob("*.png")}


@pytest.mark.parametrize("name", ["gradient", "memorise"])
def test_a_picture_can_be_drawn_again(name, tmp_path):
    PICTURES[name](tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_ranges_of_the_seeds_meet_but_for_two_pairs():
    rows = [loss(model) for model in ("gru", "transformer", "lstm_attention", "rnn", "lstm")]
    apart = [(one.model, other.model) for one, other in combinations(rows, 2) if one.high < other.low]
    assert apart == [("gru", "lstm_attention"), ("gru", "lstm")]
    official = loss("official").value
    assert rows[-1].value / rows[0].value == pytest.approx(1.03, abs=0.005)
    assert 1 - rows[-1].value / official == pytest.approx(0.27, abs=0.005)
    assert 1 - rows[0].value / official == pytest.approx(0.29, abs=0.005)
