import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import headline
from ticker.events import Event, EventType, from_fields, removal, upsert


@given(st.sampled_from(EventType), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_stream_entry_and_its_event_are_inverse(kind: EventType, words: str) -> None:
    event = removal(kind, "a" * 16, words) if kind.removes else upsert(kind, headline(text=words))
    if not kind.concerns_a_headline:
        event = Event(kind, "the list", json=words)
    assert from_fields(event.to_fields()) == event


@pytest.mark.parametrize(
    "fields", [{}, {"type": "invented", "id": "x"}, {"type": "published", "id": "x"}, {"type": "held"}]
)
def test_what_is_not_ours_is_a_value_error(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_fields(fields)
