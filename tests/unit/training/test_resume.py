"""A training killed at any step and started again ends with the same bits as one that nobody disturbed."""

import json
import random
import signal
import subprocess
import sys

import pytest
import torch
from builders.batches import LEVELS, batch_of, network_of, settings_of
from builders.long import first_of
from children import environment
from children.resume import EPOCHS, STEPS

from gridahead.core.errors import LakeError
from gridahead.training.checkpoint import Checkpoint
from gridahead.training.loop import train_network

TOTAL = EPOCHS * STEPS
RANDOM_STEPS = random.Random(20261122).sample(range(2, TOTAL + 1), 4)
OFTEN = {"checkpoint_steps": 1}
# Each story is told in a folder of its own: the steps and the writes in which its trainings die, 0 for never.
STORIES: dict[str, list[tuple[int, int, dict[str, int]]]] = {
    "undisturbed": [(0, 0, {}), (0, 0, {})],
    **{f"epoch {step}": [(step, 0, {}), (0, 0, {})] for step in RANDOM_STEPS},
    **{f"step {step}": [(step, 0, OFTEN), (0, 0, OFTEN)] for step in RANDOM_STEPS},
    "again and again": [(4, 0, OFTEN)] * 3 + [(0, 0, OFTEN)],
    "write": [(0, 3, {}), (0, 0, {})],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """For each story, what the trainings that were not killed left."""
    folders = {story: tmp_path_factory.mktemp("story") for story in STORIES}
    jobs = [(story, number, *life) for story, lives in STORIES.items() for number, life in enumerate(lives)]
    arguments = [[str(folders[story]), str(number), *life] for story, number, *life in jobs]
    command = [sys.executable, "-m", "children.resume", json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, env=environment())
    ends: dict[str, list] = {story: [] for story in STORIES}
    for (story, number, step, write, _), code in zip(jobs, json.loads(done.stdout), strict=True):
        if step or write:
            assert code == -signal.SIGKILL, f"{story}: the child was not killed inside its work"
        else:
            assert code == 0, done.stderr
            ends[story].append(torch.load(folders[story] / f"{number}.pt", weights_only=True))
    return ends


@pytest.fixture
def undisturbed(told):
    whole = told["undisturbed"][0]
    assert whole["steps"] == TOTAL
    assert len(whole["epochs"]) == EPOCHS
    return whole


def assert_same(found, expected):
    assert found["epochs"] == expected["epochs"]
    assert found["weights"].keys() == expected["weights"].keys()
    for name, weights in expected["weights"].items():
        assert torch.equal(found["weights"][name], weights), name


@pytest.mark.parametrize("step", first_of(RANDOM_STEPS, 1))
def test_killed_at_a_random_step_it_goes_on_from_the_end_of_the_last_epoch(told, undisturbed, step):
    (found,) = told[f"epoch {step}"]
    assert_same(found, undisturbed)
    assert found["steps"] == TOTAL - (step - 1) // STEPS * STEPS


@pytest.mark.parametrize("step", first_of(RANDOM_STEPS, 1))
def test_killed_at_a_random_step_it_goes_on_from_the_middle_of_an_epoch(told, undisturbed, step):
    (found,) = told[f"step {step}"]
    assert_same(found, undisturbed)
    assert found["steps"] == TOTAL - (step - 1)


def test_killed_again_and_again_it_still_ends_the_same(told, undisturbed):
    (found,) = told["again and again"]
    assert_same(found, undisturbed)
    assert found["steps"] == TOTAL - 3 * 3


def test_killed_while_a_checkpoint_is_written_it_goes_on_from_the_one_before(told, undisturbed):
    (found,) = told["write"]
    assert_same(found, undisturbed)
    assert found["steps"] == TOTAL - 2 * STEPS


def test_a_training_that_was_finished_is_not_done_again(told, undisturbed):
    again = told["undisturbed"][1]
    assert_same(again, undisturbed)
    assert again["steps"] == 0


# -- whose checkpoint it is -----------------------------------------------------------------------------------------


def trained(file, *, target=1.0, seed=0, network_seed=0, **changes):
    """How many epochs were trained and not only told again: those whose checkpoint was written."""
    written, write = [], Checkpoint.write

    def counted(self, state):
        written.append(1)
        write(self, state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "write", counted)
        train_network(
            network_of(seed=network_seed),
            batch_of(target),
            batch_of(1.0, seed=7),
            LEVELS,
            settings_of(epochs=2, **changes),
            model="m",
            member=0,
            seed=seed,
            progress=lambda epoch: None,
            checkpoint=file,
        )
    return len(written)


@pytest.mark.parametrize(
    "change",
    [{"target": 1.5}, {"seed": 1}, {"network_seed": 1}, {"learning_rate": 1e-4}, {"clip_norm": 2.0}],
    ids=lambda change: next(iter(change)),
)
def test_a_checkpoint_of_another_training_is_replaced(tmp_path, change):
    file = tmp_path / "training.pt"
    assert trained(file) == 2
    assert trained(file) == 0
    assert trained(file, **change) == 2
    assert trained(file, **change) == 0


def test_how_often_checkpoints_are_written_and_how_many_fits_run_does_not_matter(tmp_path):
    assert trained(tmp_path / "training.pt") == 2
    assert trained(tmp_path / "training.pt", workers=7, checkpoint_steps=1) == 0


def test_a_checkpoint_of_other_code_is_replaced(tmp_path, monkeypatch):
    assert trained(tmp_path / "training.pt") == 2
    monkeypatch.setattr("gridahead.training.checkpoint.code_hash", lambda: "changed")
    assert trained(tmp_path / "training.pt") == 2


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", None], ids=["empty", "other", "torn"])
def test_a_damaged_checkpoint_is_replaced(tmp_path, damage, caplog):
    file = tmp_path / "training.pt"
    trained(file)
    file.write_bytes(file.read_bytes()[:1000] if damage is None else damage)
    assert trained(file) == 2
    assert f"{file} cannot be read" in caplog.text
    assert trained(file) == 0


def test_a_folder_that_cannot_be_written_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match="cannot write"):
        trained(tmp_path / "file" / "training.pt")
