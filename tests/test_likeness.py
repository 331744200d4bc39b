"""Likeness of headlines, on pairs of our own in three languages: what people would call the same, and what not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.desk.likeness import ALIKE, differences, folded, likeness, names_a_speaker, negated, numbers, speaker

SAME = [
    ("Storm reaches the coast, thousands leave their homes", "Thousands leave homes as storm reaches coast"),
    ("Parliament passes the budget by two votes", "Budget passes parliament by two votes"),
    ("Police: Bridge closed", "Bridge closed, police say"),
    ("Central bank raises interest rates again", "Central bank again raises interest rates"),
    ("El Gobierno aprueba la reforma de las pensiones", "Aprueba el Gobierno la reforma de pensiones"),
    ("Miles de evacuados por el incendio en Galicia", "Evacuados miles por un incendio en Galicia"),
    ("البرلمان يقر الموازنة العامة للدولة", "البرلمان يُقرّ الموازنة العامّة للدولة"),
    ("العاصفة تصل إلى الساحل وإجلاء الآلاف", "إجلاء الآلاف مع وصول العاصفة إلى الساحل"),
]  # fmt: skip
DIFFERENT = [
    ("Storm reaches the coast, thousands leave their homes", "Parliament passes the budget by two votes"),
    ("Central bank raises interest rates again", "Champion wins the final in five sets"),
    ("El Gobierno aprueba la reforma de las pensiones", "El volcán vuelve a entrar en erupción"),
    ("البرلمان يقر الموازنة العامة للدولة", "زلزال يضرب شمال البلاد"),
]
DIFFER = [
    ("12 killed in mine blast", "28 killed in mine blast", "numbers"),
    ("Court finds minister guilty", "Court finds minister not guilty", "negation"),
    ("Minister will resign", "Minister won't resign", "negation"),
    ("Macron: The ceasefire must hold", "Scholz: The ceasefire must hold", "speaker"),
    ("Mueren 12 personas en la explosión", "Mueren 28 personas en la explosión", "numbers"),
    ("El acusado es culpable", "El acusado no es culpable", "negation"),
    ("مقتل 12 شخصا في انفجار", "مقتل 28 شخصا في انفجار", "numbers"),
    ("المحكمة: المتهم مذنب", "المحكمة: المتهم غير مذنب", "negation"),
    ("Inflation at 2.5 percent", "Inflation at 25 percent", "numbers"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_news_is_alike_and_differs_in_nothing(one: str, other: str) -> None:
    assert likeness(folded(one), folded(other)) >= ALIKE
    assert not differences(one, other).any


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_news_is_not_alike(one: str, other: str) -> None:
    assert likeness(folded(one), folded(other)) < ALIKE / 2


@pytest.mark.parametrize(("one", "other", "how"), DIFFER)
def test_what_looks_alike_and_says_otherwise(one: str, other: str, how: str) -> None:
    assert likeness(folded(one), folded(other)) >= ALIKE, "the likeness alone would take them for one"
    assert differences(one, other)._asdict() == {"numbers": False, "negation": False, "speaker": False} | {how: True}


def test_digits_of_other_scripts_and_points_that_group_are_the_same_number() -> None:
    assert numbers("١٢ قتيلا") == numbers("12 dead") == {"12"}
    assert numbers("1,200 homes") == numbers("1.200 casas") == numbers("1200") == {"1200"}
    assert numbers("2.5") == numbers("2,5") == {"2.5"}
    assert folded("١٢ قتيلا") == folded("12 قتيلا")


def test_arabic_letters_of_one_sound_are_one() -> None:
    assert folded("إلى أحمد") == folded("الي احمد")
    assert folded("القاهرة") == folded("القاهره")
    assert folded("مُحَمَّد") == folded("محمـــد")


@pytest.mark.parametrize(("line", "said"), [
    ("Macron: The ceasefire must hold", True),
    ("Police say bridge is closed", True),
    ("Bridge closed, according to police", True),
    ("Dos heridos, según la policía", True),
    ("الشرطة: إغلاق الجسر", True),
    ("إغلاق الجسر بحسب الشرطة", True),
    ("Bridge closed", False),
    ("Puente cerrado", False),
])  # fmt: skip
def test_who_says_it(line: str, said: bool) -> None:
    assert names_a_speaker(line) is said


def test_a_time_is_no_speaker() -> None:
    assert speaker("Bridge opens at 12:30") == ""


LINES = st.text(st.characters(codec="utf-8"), max_size=80)


@given(LINES)
def test_folding_what_is_folded_changes_nothing(line: str) -> None:
    assert folded(folded(line)) == folded(line)


@given(LINES, LINES)
def test_likeness_is_a_share_and_has_no_sides(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) == likeness(other, one) <= 1
    assert likeness(one, one) == 1


@given(LINES)
def test_nothing_differs_from_itself(line: str) -> None:
    assert not differences(line, line).any
    assert negated(line) >= 0
