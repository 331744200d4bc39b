import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.samples import NOW, headline
from ticker.headline import (
    KICKER_LIMIT,
    TAGS_LIMIT,
    TEXT_LIMIT,
    Draft,
    Headline,
    Patch,
    Record,
    new_id,
    source_headline_id,
)


def faults(model: type[Draft] | type[Patch], **fields: object) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(fields)
    return ["/".join(map(str, fault["loc"])) for fault in refused.value.errors()]


def test_text_is_cleaned_on_the_way_in() -> None:
    assert Draft(text=" two\nlines\u202e ").text == "two lines"


def test_limits_count_what_people_see() -> None:
    family = "👨\u200d👩\u200d👧"
    assert Draft(text=family * TEXT_LIMIT).text == family * TEXT_LIMIT
    assert faults(Draft, text="x" * (TEXT_LIMIT + 1)) == ["text"]
    assert faults(Draft, text="x", kicker="k" * (KICKER_LIMIT + 1)) == ["kicker"]
    assert faults(Draft, text="x", tags=["t"] * (TAGS_LIMIT + 1)) == ["tags"]


def test_one_grapheme_may_not_be_a_kilobyte() -> None:
    pile = "👨" + "\u200d👩" * 3000
    assert faults(Draft, text=pile) == ["text"]


def test_all_faults_are_named_at_once() -> None:
    found = faults(
        Draft, text="\u200b", urgency="loud", link="javascript:alert(1)", tags=["", 5], colour="red", expires_in=0
    )
    assert found == ["expires_in", "link", "text", "urgency", "tags/0", "tags/1", "colour"] or set(found) == {
        "expires_in", "link", "text", "urgency", "tags/0", "tags/1", "colour",
    }  # fmt: skip


@pytest.mark.parametrize(
    "link",
    [
        "ftp://x/",
        "//x/",
        "http://",
        "https://user@x/",
        "http://x/a b",
        "http://[::1",
        "data:text/html,x",
        "http://x:99999/",
    ],
)
def test_links_are_web_addresses(link: str) -> None:
    assert faults(Draft, text="t", link=link) == ["link"]


def test_broken_encoding_is_refused() -> None:
    assert faults(Draft, text="Caf\ufffd") == ["text"]


def test_a_patch_names_what_it_changes() -> None:
    assert faults(Patch) == [""]
    assert faults(Patch, text=None) == [""]
    patch = Patch.model_validate({"kicker": None, "section": "sport"})
    assert patch.changes() == {"kicker": None, "section": "sport"}
    assert Patch(text="t", correction="c").is_correction


def test_one_way_to_say_the_expiry() -> None:
    assert faults(Draft, text="t", expires_in=5, expires_at="2026-11-23T10:00:00Z") == [""]


def test_readers_never_get_private_fields() -> None:
    record = Record(**headline().model_dump(), author="ann", publish_at=NOW, expires_in=5)
    public = record.to_json()
    assert "author" not in public
    assert "publish_at" not in public
    assert Headline.model_validate_json(public) == headline()
    assert Record.model_validate_json(record.to_record()) == record


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_source_and_its_id_are_one_headline(source: str, one: str, other: str) -> None:
    assert source_headline_id(source, one) == source_headline_id(source, one)
    assert (source_headline_id(source, one) == source_headline_id(source, other)) == (one == other)
    assert len(new_id(bytes(10))) == 16
