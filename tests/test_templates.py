"""Templates: every word in every language, and whose language it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.pages import WEB
from ticker.people import Person
from ticker.templates import DIRECTION, WORDS, language_of

TEMPLATES = sorted((WEB / "desk").glob("*.html"))
LETTERS = {"ar": r"[\u0600-\u06ff]", "en": "[a-z]", "es": "[a-z]"}


def test_all_languages_have_the_same_words_with_the_same_places() -> None:
    places = {
        language: {name: set(re.findall(r"{\w+}", word)) for name, word in words.items()}
        for language, words in WORDS.items()
    }
    assert places["ar"] == places["es"] == places["en"]
    assert set(DIRECTION) == set(WORDS)


@pytest.mark.parametrize("language", WORDS)
def test_words_are_in_their_language(language: str) -> None:
    for name, word in WORDS[language].items():
        assert re.search(LETTERS[language], word.lower()), name
        assert word == word.strip() != "", name


def test_no_template_has_words_or_styles_or_scripts_of_its_own() -> None:
    for path in TEMPLATES:
        text = re.sub(r"{[{%#].*?[}%#]}", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"<script>|\son\w+=|\sstyle=|<style", text), path
        words = re.sub(r"<[^>]*>", " ", text).replace("Ticker", "")
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
