"""What can be done of several is done; what cannot is named, with an exit code that says whose fault it is."""

import pickle

import pytest

from gridahead.cli.main import exit_code
from gridahead.core.each import of_each, require
from gridahead.core.errors import LakeError, ModelError, PartialError, SettingsError


def doing(**errors):
    def call(name):
        if name in errors:
            raise errors[name]
        return name.upper()

    return call


def test_the_others_are_done_in_their_order():
    done, failed = of_each(["a", "b", "c"], doing(b=LakeError("the lake has no b")))
    assert list(done.items()) == [("a", "A"), ("c", "C")]
    assert list(failed) == ["b"]


def test_a_name_that_comes_twice_is_done_once():
    assert of_each(["a", "a"], doing())[0] == {"a": "A"}


def test_a_call_that_cannot_be_meant_of_any_is_one_error():
    with pytest.raises(SettingsError, match="say lead"):
        of_each(["DE/load", "b"], doing(**{"DE/load": SettingsError("--by x: say lead")}))


def test_settings_that_are_wrong_of_one_keep_no_other_waiting():
    done, failed = of_each(["DE/load", "FR/load"], doing(**{"DE/load": SettingsError("DE/load has another unit")}))
    assert (list(done), list(failed)) == (["FR/load"], ["DE/load"])


def test_nothing_is_raised_where_all_is_done():
    require({}, [1, 2])


def test_one_alone_keeps_its_own_error():
    with pytest.raises(ModelError, match="no champion"):
        require({"a": ModelError("a", "no champion")})


def test_of_several_the_error_names_each_says_why_and_keeps_what_is_done():
    failed = {"DE/solar": LakeError("nothing yet"), "FR/load": ModelError("FR/load", "has no champion")}
    with pytest.raises(PartialError) as caught:
        require(failed, ["x", "y", "z"])
    assert str(caught.value).splitlines() == [
        "not done: DE/solar, FR/load; the rest is done",
        "DE/solar: nothing yet",
        "FR/load: has no champion",
    ]
    assert caught.value.done == ("x", "y", "z")
    assert exit_code(caught.value) == 6
    assert pickle.loads(pickle.dumps(caught.value)).done == ("x", "y", "z")


@pytest.mark.parametrize(
    ("error", "code"), [(SettingsError("a"), 2), (ModelError("a", "b"), 5), (LakeError("a"), 6)], ids=str
)
def test_the_exit_code_is_that_of_the_first_that_failed(error, code):
    assert exit_code(PartialError({"a": error, "b": LakeError("b")})) == code
