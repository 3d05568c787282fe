"""Errors cross processes: a fit runs in one of its own."""

import pickle

import pytest

from gridahead.core.errors import (
    ContractError,
    LakeError,
    ModelError,
    PublicationError,
    SourceError,
    did_you_mean,
    nearest,
)


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


@pytest.mark.parametrize(
    ("name", "likeness", "near"),
    [
        ("laod", 0.7, "load"),
        ("LOAD", 0.7, "load"),
        ("solr", 0.7, "Solar"),
        ("wind", 0.7, None),
        ("wind", 0.0, "load"),
    ],
)
def test_the_nearest_name_is_found_in_whichever_case_as_far_as_it_is_alike(name, likeness, near):
    assert nearest(name, ["load", "Solar"], likeness) == near


def test_a_hint_is_a_question_with_a_space_behind_it_or_nothing():
    assert did_you_mean("laod", ["load"]) == "did you mean 'load'? "
    assert did_you_mean("wind", ["load"]) == ""
