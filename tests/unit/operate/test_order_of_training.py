"""In which order series, and the groups that share a network, are trained."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gridahead.core.errors import LakeError, ModelError, PartialError, SettingsError
from gridahead.core.grid import Series
from gridahead.operate import train as module
from gridahead.operate.train import Order, order_of, train_all
from gridahead.settings.model import Settings
from gridahead.workspace import Workspace

LOAD, WIND, SOLAR = (Series("DE", quantity) for quantity in ("load", "wind_onshore", "solar"))
DEADLINE = "D-1T1100[Europe/Berlin]"


def settings_of(own: dict[Series, tuple[str, ...]], *groups: tuple[Series, ...], **training) -> Settings:
    """Series with models of their own, and groups `group 0`, `group 1` and so on that share an LSTM."""
    return Settings.model_validate(
        {
            "data_folder": "nowhere",
            "series": [{"series": str(one), "deadline": DEADLINE, "models": models} for one, models in own.items()],
            "shared": [
                {"name": f"group {n}", "model": "lstm", "series": [str(one) for one in group]}
                for n, group in enumerate(groups)
            ],
            "training": training,
        }
    )


def named(order: Order) -> tuple[list[str], list[Series], list[str]]:
    return [one.name for one in order.first], order.own, [one.name for one in order.last]


def test_a_group_whose_series_have_no_models_of_their_own_is_trained_beside_the_series():
    settings = settings_of({LOAD: ("lstm",), WIND: (), SOLAR: ()}, (WIND, SOLAR))
    assert named(order_of(settings, [LOAD, WIND, SOLAR])) == (["group 0"], [LOAD], [])


def test_a_group_that_challenges_models_of_one_of_its_series_comes_after_them():
    settings = settings_of({LOAD: ("lstm",), WIND: (), SOLAR: ("gru",)}, (WIND, SOLAR), (LOAD, WIND))
    assert named(order_of(settings, [LOAD, WIND, SOLAR])) == ([], [LOAD, SOLAR], ["group 0", "group 1"])


def test_of_two_groups_only_the_one_with_rivals_waits():
    settings = settings_of({LOAD: ("lstm",), WIND: (), SOLAR: ()}, (WIND, SOLAR), (LOAD, WIND))
    assert named(order_of(settings, [LOAD, WIND, SOLAR])) == (["group 0"], [LOAD], ["group 1"])


def test_a_group_whose_series_have_models_is_trained_only_with_all_of_them():
    settings = settings_of({LOAD: ("lstm",), WIND: ("gru",), SOLAR: ("gru",)}, (WIND, SOLAR))
    assert named(order_of(settings, [LOAD, WIND])) == ([], [LOAD, WIND], [])
    assert named(order_of(settings, [])) == ([], [], [])


def test_who_asks_for_a_series_without_models_gets_its_group():
    settings = settings_of({LOAD: ("lstm",), WIND: (), SOLAR: ()}, (WIND, SOLAR))
    assert named(order_of(settings, [WIND])) == (["group 0"], [], [])


def test_a_series_without_models_in_no_group_is_an_error_with_the_way_out():
    settings = settings_of({LOAD: (), WIND: ("gru",)})
    with pytest.raises(SettingsError, match=r"DE/load has models = \[\] and is in no .* leave the line out"):
        order_of(settings, [LOAD, WIND])
    following = settings.model_copy(update={"series": settings.series[1:]})
    assert named(order_of(following, [LOAD, WIND])) == ([], [LOAD, WIND], [])


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What is trained, in order, by a command that trains one at a time."""
    done = []

    def train(workspace, series, *rest, **options):
        done.append(series)
        return [series]

    def train_shared(workspace, group, *rest):
        done.append(group.name)
        return [group.name]

    monkeypatch.setattr(module, "train", train)
    monkeypatch.setattr(module, "train_shared", train_shared)

    def trained(settings: Settings, series: list[Series]):
        workspace = Workspace(
            settings.model_copy(update={"data_folder": tmp_path}), registry_of=lambda workspace: cast(Any, None)
        )
        return done, train_all(workspace, series)

    return trained


def test_groups_without_rivals_begin_and_groups_with_rivals_end(told):
    settings = settings_of({LOAD: ("lstm",), WIND: (), SOLAR: ()}, (LOAD, WIND), (WIND, SOLAR), workers=1)
    done, candidates = told(settings, [LOAD, WIND, SOLAR])
    assert done == ["group 1", LOAD, "group 0"]
    assert candidates == [LOAD, "group 1", "group 0"]


def test_a_series_that_cannot_be_trained_keeps_neither_the_others_nor_the_groups_from_it(told, monkeypatch):
    def train(workspace, series, *rest, **options):
        if series == LOAD:
            raise LakeError("the lake has no DE/load")
        return [series]

    settings = settings_of({LOAD: ("lstm",), WIND: (), SOLAR: ("gru",)}, (LOAD, WIND), workers=1)
    monkeypatch.setattr(module, "train", train)
    with pytest.raises(PartialError, match="not done: DE/load; the rest is done\nthe lake has no DE/load") as caught:
        told(settings, [LOAD, WIND, SOLAR])
    assert caught.value.done == (SOLAR, "group 0")


@pytest.fixture
def sharing(tmp_path, monkeypatch):
    """Train the group of three series, of which some cannot be part of it; gives what was trained together."""
    together: list[list[Series]] = []

    def fit(group, splits, newcomers, *rest, **options):
        together.append([*splits])
        return [[SimpleNamespace(model=SimpleNamespace(name=group.name))] for _ in splits]

    def split(observations, spec, settings):
        if spec.series in broken:
            raise ModelError(str(spec.series), "has too few days")
        windows = SimpleNamespace(spec=spec)
        return SimpleNamespace(windows=windows, judged=windows, fingerprint=lambda: "0123")

    broken: set[Series] = set()
    odd: dict[Series, ModelError] = {}
    training = SimpleNamespace(withdraw_if_unused=lambda: None)
    registry = SimpleNamespace(versions=lambda series: [], together=lambda *given: training)
    monkeypatch.setattr(module, "sync", lambda *given: None)
    monkeypatch.setattr(module, "split", split)
    monkeypatch.setattr(module, "unlike", lambda splits, newcomers: odd)
    monkeypatch.setattr(module, "keep_regression", lambda *given: None)
    monkeypatch.setattr(module, "_known", lambda *given: {})
    monkeypatch.setattr(module, "fit_shared_in_worker", fit)
    monkeypatch.setattr(module, "_admit", lambda workspace, series, *rest, **_: [str(series)])
    monkeypatch.setattr(Workspace, "inputs", lambda self, series: (SimpleNamespace(series=series), None), raising=True)

    def trained(*few: Series, unlike: dict[Series, ModelError] | None = None):
        broken.update(few)
        odd.update(unlike or {})
        settings = settings_of({LOAD: (), WIND: (), SOLAR: ()}, (LOAD, WIND, SOLAR), workers=1)
        workspace = Workspace(
            settings.model_copy(update={"data_folder": tmp_path}), registry_of=lambda workspace: cast(Any, registry)
        )
        return together, lambda: train_all(workspace, [LOAD, WIND, SOLAR])

    return trained


def test_a_series_with_too_few_days_keeps_no_other_of_its_group_from_the_network(sharing):
    together, train_them = sharing(WIND)
    with pytest.raises(PartialError, match="not done: DE/wind_onshore; the rest is done\nDE/wind_onshore: has too few"):
        train_them()
    assert together == [[LOAD, SOLAR]]


def test_a_series_on_other_axes_is_left_out_as_well(sharing):
    together, train_them = sharing(unlike={SOLAR: ModelError("DE/solar", "cannot share")})
    with pytest.raises(PartialError, match="DE/solar: cannot share") as caught:
        train_them()
    assert together == [[LOAD, WIND]]
    assert caught.value.done == ("DE/load", "DE/wind_onshore")


def test_of_one_series_alone_nothing_is_shared(sharing):
    together, train_them = sharing(WIND, SOLAR)
    with pytest.raises(PartialError, match="nothing is done"):
        train_them()
    assert together == []
