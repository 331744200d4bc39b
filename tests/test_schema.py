"""What a headline is in an item."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mos import MOS, item, mos, order, story
from ticker.urgency import Urgency
from workers.mos.command import apply
from workers.mos.message import parse
from workers.mos.schema import Wanted, headlines


def wanted(*items: str) -> list[Wanted]:
    made = apply(None, parse(mos(order("roCreate", story("S", *items)))), 1)
    assert made
    return headlines(made, MOS, Urgency.BULLETIN)


def test_the_words_are_the_slugs() -> None:
    (one,) = wanted(item("1", "Storm & tide"))
    assert one.key == "S/1"
    assert one.draft
    assert (one.draft.text, one.draft.urgency, one.draft.state) == ("Storm & tide", Urgency.BULLETIN, "draft")


def test_metadata_says_more_than_the_slug() -> None:
    fields = {"text": "Words", "kicker": "LIVE", "urgency": "Flash", "link": "https://news.example/a",
              "section": "world", "region": "north", "expires_in": "600"}  # fmt: skip
    (one,) = wanted(item("1", "slug", **fields))
    assert one.draft
    assert {name: getattr(one.draft, name) for name in fields} == {**fields, "urgency": "flash", "expires_in": 600}
    patch = one.patch().changes()
    assert "expires_in" not in patch
    assert patch["kicker"] == "LIVE"


def test_what_is_no_longer_said_is_cleared_but_its_time_does_not_begin_anew() -> None:
    (one,) = wanted(item("1", "slug", kicker=""))
    assert one.patch().changes()["kicker"] is None
    assert "expires_in" not in one.patch().model_fields_set


def test_items_of_other_devices_are_none_of_ours() -> None:
    assert wanted(item("1", mos_id="video.server")) == []
    assert [one.item for one in wanted(item("1", mos_id="video.server", text="Ours"), item("2"))] == ["1", "2"]


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"text": "x" * 281}, "text is longer than 280 characters"),
    ({"urgency": "enormous"}, "urgency Input should be"),
    ({"link": "javascript:alert(1)"}, "link must be"),
    ({"expires_in": "soon"}, "expires_in Input should be"),
    ({"text": "\u200b", "kicker": "k"}, "text is empty"),
])  # fmt: skip
def test_what_cannot_be_a_headline_is_told(fields: dict[str, str], sentence: str) -> None:
    (one,) = wanted(item("1", **fields))
    assert one.draft is None
    assert sentence in one.fault


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_slug_is_a_headline_or_a_sentence(slug: str) -> None:
    (one,) = wanted(item("1", slug))
    assert (one.draft is None) == bool(one.fault)
