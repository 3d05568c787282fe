"""An explanation is of the published forecast: what adaptation has moved is a share beside those of the inputs."""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
import pytest
from builders.ladder import slot_for, whole_ladder
from builders.rows import LOAD

from gridahead.explain.news import ADAPTED
from gridahead.forecasting.publish import Issue
from gridahead.operate.explain import explanation_of
from gridahead.operate.forecast import publish_slot
from gridahead.promotion.serving import serving
from gridahead.reports.explanation import draw_explanation, explanation_json, explanation_sentences, share_rows

if TYPE_CHECKING:
    from gridahead.registry.registry import Registry

DAY = dt.date(2025, 3, 19)


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    """The published median of the day, and the explanation of its forecast."""
    ladder = whole_ladder(tmp_path_factory.mktemp("explained"), LOAD, DAY)
    published = publish_slot(ladder, slot_for(ladder, LOAD, DAY), serving(ladder, LOAD))
    rows = Issue(published.folder, dict(published.manifest)).forecasts
    exports = ladder.exports
    version = exports.version(LOAD, "2")
    assert version is not None
    served = cast("Registry", SimpleNamespace(champion=lambda series: exports.load(version)))
    asked = replace(ladder, registry_of=lambda _: served, lake_of=lambda _: ladder.lake)
    explanation = explanation_of(asked, LOAD, pd.Timestamp(str(published.manifest["issue_time"])))
    return rows[rows["quantile"] == 0.5], explanation


def test_shares_and_adaptation_add_up_to_what_is_published(explained):
    median, explanation = explained
    delivery, attribution = explanation.windows.delivery[0], explanation.attribution
    assert explanation.published[delivery].tobytes() == median["value_mw"].to_numpy(np.float32).tobytes()
    assert explanation.forecast[delivery].tobytes() == median["unadapted_mw"].to_numpy(np.float32).tobytes()
    assert np.abs(explanation.adapted[delivery]).max() > 1
    usual = explanation.forecast - attribution.difference
    together = usual + attribution.shares.sum(axis=0) + attribution.left + explanation.adapted
    np.testing.assert_allclose(together[delivery], median["value_mw"], atol=0.05)
    rows = {(row["input"], row["when"]): float(str(row["share_mw"])) for row in share_rows(explanation)}
    assert rows[ADAPTED, "the day"] == pytest.approx((median["value_mw"] - median["unadapted_mw"]).mean(), abs=0.01)
    left = float(attribution.left[delivery].mean())
    assert sum(rows.values()) + left == pytest.approx(median["value_mw"].mean() - usual[delivery].mean(), abs=0.05)


def test_it_is_told_in_words_for_machines_and_in_the_picture(explained, tmp_path):
    median, explanation = explained
    (first, *_) = explanation_sentences(explanation)
    assert f"{median['value_mw'].mean():,.0f} MW on average" in first
    said = explanation_json(explanation, tmp_path, None)
    moved = np.array(said["published_mw"]) - np.array(said["forecast_mw"])
    np.testing.assert_allclose(said["adapted_mw"], moved, atol=0.01)
    assert ADAPTED in said["change"]["parts_mw"]
    assert draw_explanation(explanation).startswith(b"\x89PNG")
