"""Scopes: one hash tag each, whatever a section is called."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ticker.most_read.ranking import Window
from ticker.most_read.scope import REGION, SECTION, Scope, scopes_of


def tag(key: str) -> str:
    """As Redis finds it: what is between the first brace and the next that closes."""
    found = re.search(r"\{([^}]+)\}", key)
    assert found
    return found[1]


@given(st.text(min_size=1).filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_all_keys_of_a_scope_lie_together(name: str) -> None:
    scope = Scope("en", SECTION, name)
    keys = [scope.landmarks, scope.readers, scope.lists, *(scope.ranking(window) for window in Window)]
    assert {tag(key) for key in keys} == {f"en/{scope.path}"}
    assert len(set(keys)) == len(keys)
    assert Scope.parse("en", scope.path) == scope


def test_the_channel_lies_with_its_log() -> None:
    assert tag(Scope("en").readers) == "en"
    assert Scope.parse("en", "") == Scope("en")


def test_a_story_is_ranked_in_its_section_and_region() -> None:
    assert scopes_of("en", "World", None) == [Scope("en", SECTION, "World")]
    assert scopes_of("en", "World", "Coast") == [Scope("en", SECTION, "World"), Scope("en", REGION, "Coast")]
    assert scopes_of("en", None, None) == []
