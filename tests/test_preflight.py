"""What an editor is told before a headline leaves: each finding, and that a good headline has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.channel import Channel, Lengths, MostRead
from ticker.desk.likeness import folded
from ticker.desk.preflight import Around, Finding, Level, Near, findings, limits
from ticker.headline import Draft, State

EN = Channel(name="en", most_read=MostRead(hosts=("news.example",)), forbidden=("terrorist", "crisis  point"))
AR, ES = Channel(name="ar"), Channel(name="es")


def check(text: str, channel: Channel = EN, around: Around | None = None, raw: str = "", **fields) -> list[Finding]:
    draft = Draft(text=text, **fields)
    return findings(draft, channel, around or Around(), raw or text)


def codes(*args, **fields) -> list[str]:
    return [finding.code for finding in check(*args, **fields)]


def near(text: str, headline_id: str = "a" * 16) -> Near:
    return Near(headline_id, text, State.LIVE, 1, folded(text))


@pytest.mark.parametrize(("text", "channel"), [
    ("Police: Storm reaches the coast", EN),
    ("La policía confirma un herido en el puerto", ES),
    ("الشرطة: العاصفة تصل إلى الساحل", AR),
])  # fmt: skip
def test_a_good_headline_has_no_finding(text: str, channel: Channel) -> None:
    assert codes(text, channel) == []


def test_who_says_so() -> None:
    assert codes("Storm reaches the coast") == ["no_source"]
    assert codes("Storm reaches the coast", source={"name": "Wire"}) == []


def test_how_long_it_is() -> None:
    strict = Channel(name="en", lengths=Lengths(advice=20, editorial=30))
    assert limits(strict) == {"advice": 20, "editorial": 30, "hard": 280}
    assert codes("Police: " + "a" * 12, strict) == []
    assert codes("Police: " + "a" * 13, strict) == ["long"]
    assert codes("Police: " + "a" * 23, strict) == ["too_long"]
    assert codes("Police: " + "e\u0301" * 12, strict) == [], "what people see as one character counts as one"


def test_a_link_that_is_not_ours_or_does_not_open() -> None:
    line = "Police: Storm reaches the coast"
    assert codes(line, link="https://news.example/a") == []
    assert codes(line, link="https://news.example/a", around=Around(link="ok")) == []
    assert codes(line, link="https://elsewhere.example/a") == ["link_not_ours"]
    dead = check(line, link="https://news.example/a", around=Around(link="It answered 404."))
    assert [(f.code, f.level, f.field, f.sentence) for f in dead] == [
        ("link_dead", Level.WARNING, "link", "It answered 404.")
    ]
    assert codes(line, AR, link="https://elsewhere.example/a")[:1] == ["script"], "without hosts every link is ours"


def test_what_is_here_already_is_shown_beside_it() -> None:
    day = Around(near=(near("Police say storm reaches coast"), near("Minister says no to tax")))
    same = check("POLICE say:  storm reaches coast", around=day)
    assert same[0].code == "same_words"
    assert same[0].more["text"] == "Police say storm reaches coast"
    assert codes("Storm reaches the coast, police say", around=day) == ["near_duplicate"]
    assert codes("Police say 3 storms reach coast", around=day) == ["update_of"]
    assert codes("Police: Champion wins the final", around=day) == []


def test_the_headline_that_is_edited_is_not_compared_with_itself() -> None:
    day = Around(near=(near("Police say storm reaches coast", "b" * 16),), id="b" * 16)
    assert codes("Police say storm reaches coast", around=day) == []


def test_the_most_alike_come_first_and_not_all_of_them() -> None:
    words = ["Police say storm reaches coast" + " and" * n for n in range(9)]
    day = Around(near=tuple(near(line, f"{n}".rjust(16, "a")) for n, line in enumerate(words)))
    alike = check("Police say storm reaches coast", around=day)
    assert len(alike) == 3
    assert alike[0].code == "same_words"
    assert alike[1].more["likeness"] >= alike[2].more["likeness"]


def test_numbers_and_negations_since_readers_first_saw_it() -> None:
    first = Around(first_text="Police: 12 injured in storm")
    assert codes("Police: 12 injured in coastal storm", around=first) == []
    (found,) = check("Police: 28 injured in storm", around=first)
    assert found.code == "numbers_changed"
    assert "12" in found.sentence
    assert "28" in found.sentence
    assert codes("Police: 12 not injured in storm", around=first) == ["negation_changed"]
    assert codes("الشرطة: ١٢ جريحا", AR, around=Around(first_text="الشرطة: 12 جريحا")) == []


def test_the_script_fits_the_language() -> None:
    assert codes("الشرطة: العاصفة تصل إلى الساحل", EN) == ["script"]
    assert codes("Police: Storm reaches the coast", AR) == ["script"]
    assert codes("الشرطة: شركة Apple تعلن", AR) == [], "names may stand in letters of their own"
    for lang, line in {"ja": "警察：嵐が海岸に到達", "ru": "Полиция: шторм", "el": "Αστυνομία: καταιγίδα"}.items():
        assert codes(line, Channel(name="xx", lang=lang)) == []


def test_letters_that_look_alike_and_characters_that_nobody_sees() -> None:
    (found,) = check("Police: B\u0430nk closed")  # a Cyrillic a
    assert (found.code, found.level) == ("mixed_scripts", Level.WARNING)
    (found,) = check("Police: Bank closed", raw="Police:\u202e Bank\u200b closed")
    assert found.code == "hidden_characters"
    assert found.sentence.startswith("2 ")


def test_words_that_are_not_used_here() -> None:
    assert codes("Police: Terrorist arrested") == ["forbidden"]
    assert codes("Police: Talks at crisis point") == ["forbidden"]
    assert codes("Police: Terrorists arrested") == [], "a whole word, not a part of one"
    assert codes("Police: One arrested", kicker="Terrorist") == ["forbidden"]
    assert codes("Police: Terrorist arrested", ES) == [], "each channel has its own"


def test_all_in_capitals() -> None:
    assert codes("POLICE: STORM REACHES COAST") == ["capitals"]
    assert codes("UN: NATO") == []
    assert codes("الشرطة: العاصفة تصل إلى الساحل", AR) == []


def test_killed_words_stop_it_and_stand_first() -> None:
    found = check("STORM REACHES THE COAST NOW", around=Around(killed=True))
    assert [(f.code, f.level) for f in found] == [
        ("killed_words", Level.STOP), ("no_source", Level.ADVICE), ("capitals", Level.ADVICE),
    ]  # fmt: skip


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co"]), min_size=1, max_size=60)


@given(WORDS, st.lists(WORDS, max_size=5), WORDS)
def test_any_text_gets_its_findings_in_order(line: str, day: list[str], first: str) -> None:
    try:
        draft = Draft(text=line)
    except ValueError:
        return
    around = Around(tuple(near(one) for one in day), first)
    found = findings(draft, EN, around, line)
    levels = [list(Level).index(finding.level) for finding in found]
    assert levels == sorted(levels, reverse=True)
    assert all(finding.to_dict()["sentence"].endswith((".", "?")) for finding in found)
