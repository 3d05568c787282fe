"""A card that cannot be written costs a card, and no model."""

import logging
from typing import Any

from builders.registry import workspace_at
from builders.rows import LOAD

from gridahead.operate import model_card as module
from gridahead.registry.versions import Registered


def test_what_goes_wrong_with_a_card_is_said_and_stops_nothing(tmp_path, monkeypatch, caplog):
    workspace = workspace_at(tmp_path)
    no_model: Any = None
    fitted = [Registered(workspace.registry.add(number, 300.0), no_model) for number in ("1", "2")]

    def fails(*_given):
        raise OSError("No space left on device")

    monkeypatch.setattr(module, "measure", fails)
    with caplog.at_level(logging.WARNING):
        assert module.cards(workspace, fitted) == {}
    (said,) = caplog.messages
    for part in (str(LOAD), "lstm v1, lstm v2", "No space left on device", "gridahead models card VERSION"):
        assert part in said


def test_no_new_version_has_no_card(tmp_path):
    assert module.cards(workspace_at(tmp_path), []) == {}
