import pytest
from pydantic import ValidationError

from ticker.channel import Channel


@pytest.mark.parametrize(
    ("given", "lang", "dir_"),
    [({"name": "ar"}, "ar", "rtl"), ({"name": "sport"}, "en", "ltr"),
     ({"name": "c0"}, "en", "ltr"), ({"name": "x1", "lang": "fa-IR"}, "fa-IR", "rtl"),
     ({"name": "es", "dir": "rtl"}, "es", "rtl")],
)  # fmt: skip
def test_language_and_direction_follow_from_the_name(given: dict[str, str], lang: str, dir_: str) -> None:
    channel = Channel.model_validate(given)
    assert (channel.lang, channel.dir) == (lang, dir_)


@pytest.mark.parametrize("name", ["", "EN", "e n", "a/b", "{en}", "-x", "x" * 33, "été"])
def test_names_are_safe_in_keys_and_addresses(name: str) -> None:
    with pytest.raises(ValidationError):
        Channel(name=name)
