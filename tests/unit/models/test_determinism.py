"""Torch's global switches: set inside, as they were outside, whoever enters beside or within."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from gridahead.models.determinism import deterministic, seeded, switches


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """A number of threads that nothing of ours would set."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def fused() -> bool:
    return torch.backends.mha.get_fastpath_enabled()


def test_inside_there_is_one_thread_no_fused_attention_and_denormals_are_as_asked():
    smallest = sys.float_info.min
    with deterministic():
        assert (torch.get_num_threads(), fused()) == (1, False)
        assert smallest / 2 > 0
        assert torch.tensor(smallest, dtype=torch.float64).div(2) > 0
        with deterministic(flush_denormal=True):
            assert torch.tensor(smallest, dtype=torch.float64).div(2) == 0
            with deterministic():
                assert smallest / 2 > 0
            assert smallest / 2 == 0
        assert smallest / 2 > 0
        assert (torch.get_num_threads(), fused()) == (1, False)


def test_outside_everything_is_as_before_also_after_an_error():
    torch.set_float32_matmul_precision("highest")
    before = switches()
    assert before.threads == 3
    with pytest.raises(ZeroDivisionError), deterministic(flush_denormal=True):
        torch.set_float32_matmul_precision("high")
        raise ZeroDivisionError
    assert switches() == before


def test_what_was_set_by_somebody_else_is_kept():
    torch.set_flush_denormal(True)
    torch.backends.mha.set_fastpath_enabled(False)
    before = switches()
    with deterministic():
        pass
    assert switches() == before
    assert before.flush_denormal and not before.fused_attention
    torch.set_flush_denormal(False)
    torch.backends.mha.set_fastpath_enabled(True)


def test_the_first_thread_that_leaves_takes_nothing_from_the_others():
    """Guard: the number of threads of the linear algebra and fused attention are of the process."""
    entered, left = threading.Event(), threading.Event()

    def stay() -> tuple[int, bool]:
        with deterministic():
            entered.set()
            left.wait(10)
            return torch.get_num_threads(), fused()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(stay)
        entered.wait(10)
        with deterministic():
            pass
        assert not fused()
        left.set()
        assert other.result() == (1, False)
        assert fused()
    with deterministic():  # it has kept one thread because another was inside, and does not take it for its own
        pass
    assert switches().threads == 3


def test_it_goes_around_a_function_as_well():
    @deterministic(flush_denormal=True)
    def inside() -> bool:
        return switches().flush_denormal

    assert [inside(), inside()] == [True, True]
    assert not switches().flush_denormal


def test_numbers_from_a_seed_are_those_of_torch_and_whoever_draws_besides_goes_on_where_it_was():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(1)
    first, then = torch.rand(3), torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), first)
    with pytest.raises(ZeroDivisionError), seeded(7):
        assert torch.equal(torch.rand(3), expected)
        raise ZeroDivisionError
    assert torch.equal(torch.rand(3), then)
