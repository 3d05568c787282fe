"""Errors cross processes: a fit runs in one of its own."""

import pickle

import pytest

from gridahead.core.errors import ContractError, LakeError, ModelError, PublicationError, SourceError


@pytest.mark.parametrize(
    "error",
    [
        ModelError("DE/load gru", "the loss is nan"),
        SourceError("smard", "503", retryable=True),
        PublicationError("folder", "full", retryable=True),
        ContractError("observations", ["one", "two"]),
        LakeError("empty"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_arrives_as_what_it_is(error):
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)
