"""Templates: every word in every language, and whose language it is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.headline import State
from ticker.life import Action
from ticker.pages import WEB
from ticker.people.people import Person
from ticker.templates import DIRECTION, WORDS, language_of

TEMPLATES = sorted((WEB / "desk").glob("*.html"))
LETTERS = {"ar": r"[\u0600-\u06ff]", "en": "[a-z]", "es": "[a-z]"}


def places(words: Any) -> Any:
    if isinstance(words, dict):
        counts = "other" in words  # of a word that counts each language has forms of its own
        return {name: places(word) for name, word in words.items() if not counts or name == "other"}
    return set(re.findall(r"{\w+}", words))


def every_word(words: Any) -> Iterator[str]:
    for word in words.values():
        yield from every_word(word) if isinstance(word, dict) else [word]


def test_all_languages_have_the_same_words_with_the_same_places() -> None:
    # `findings` is in no English: there the server's own sentences stand.
    found = {language: places({**words, "findings": {}}) for language, words in WORDS.items()}
    assert found["ar"] == found["es"] == found["en"]
    assert places(WORDS["ar"]["findings"]) == places(WORDS["es"]["findings"])
    assert set(DIRECTION) == set(WORDS)


@pytest.mark.parametrize("language", WORDS)
def test_words_are_in_their_language(language: str) -> None:
    for word in every_word(WORDS[language]):
        assert re.search(LETTERS[language], word.lower()), word
        assert word == word.strip() != "", word


def test_whatever_is_in_the_audit_has_its_words() -> None:
    for words in WORDS.values():
        assert words["deeds"].keys() == {*(action.value for action in Action), "break_glass", "reached"}
        assert words["states"].keys() == {state.value for state in State}


def test_no_template_has_words_or_styles_or_scripts_of_its_own() -> None:
    for path in TEMPLATES:
        text = re.sub(r"{[{%#].*?[}%#]}", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"<script(?![^>]*( src=|json\"))|\son\w+=|\sstyle=|<style", text), path
        text = re.sub(r"<kbd>.*?</kbd>", "", text)  # what stands on the keys
        words = re.sub(r"<[^>]*>|Ticker|CSV|JSON Lines", " ", text)
        assert not re.search(r"[A-Za-z]{2,}", words), (path, words.split())


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("ar-EG,ar;q=0.9,en;q=0.8", "ar"),
        ("fr-FR, fr;q=0.9, es;q=0.3, en;q=0.2", "es"),
        ("en;q=0.2, ar;q=0.7", "ar"),
        ("es;q=0, de", "en"),
        ("*", "en"),
        ("ar;q=², es", "es"),
    ],
)
def test_the_browser_says_which_language(accepted: str, language: str) -> None:
    assert language_of(accepted) == language
    assert language_of(accepted, Person("ana", "Ana", {}, 0)) == language
    assert language_of(accepted, Person("ana", "Ana", {}, 0, lang="ar")) == "ar"
    assert language_of(accepted, Person("ana", "Ana", {}, 0, lang="xx")) == language


@given(st.text(max_size=600))
def test_whatever_a_browser_says_is_some_language(accepted: str) -> None:
    assert language_of(accepted) in WORDS
