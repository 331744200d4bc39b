"""A playlist says what may be shown; every process makes the same one of the same boards."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW, headline
from tests.test_control import clearance, output
from ticker.channel import Channel
from ticker.headline import Headline
from ticker.onair.control import Breaking, Control
from ticker.onair.output import LEAD, frame_from
from ticker.onair.playlist import Counted, Playlist, Strip, make
from ticker.urgency import Urgency

EN, AR = Channel(name="en"), Channel(name="ar")
IDS = [letter * 16 for letter in "abcdefgh"]
ANY = output(clearance="automatic")


def strip(*headlines: Headline, at: int = NOW, leaving: set[str] = frozenset(), channel: Channel = EN) -> Strip:  # type: ignore[assignment]
    return Strip(channel, headlines, at, frozenset(leaving))


def cleared(*headlines: Headline) -> Control:
    return Control(cleared={h.id: clearance(h.version, "ben", NOW) for h in headlines})


def ids(playlist: Playlist) -> list[str]:
    return [item["id"][0] for item in playlist.fields["items"]]


def test_nothing_is_shown_that_nobody_has_cleared_for_this_output() -> None:
    one, two = headline(IDS[0]), headline(IDS[1])
    playlist = make(output(), [strip(one, two)], cleared(two), NOW)
    assert ids(playlist) == ["b"]
    assert [(waits.headline, waits.why) for waits in playlist.waiting] == [(one, "not_cleared")]
    assert make(output(), [strip(one, two)], Control(), NOW).fields["fallback"] == ("Program",)


def test_an_edit_finishes_its_run_in_the_words_that_were_cleared_and_a_correction_does_not() -> None:
    one = headline(IDS[0])
    edited, corrected = one.model_copy(update={"version": 2}), one.model_copy(update={"version": 2, "correction": "No"})
    assert make(output(), [strip(edited)], cleared(one), NOW).fields["leaving"] == [IDS[0]]
    assert make(output(), [strip(corrected)], cleared(one), NOW).fields["leaving"] == []


def test_what_cannot_be_shown_is_left_out_with_why_though_it_was_cleared() -> None:
    long, fine = headline(IDS[0], text="x " * 30), headline(IDS[1])
    for rules, control in (
        (output(longest=40), cleared(long, fine)),
        (output(longest=40, clearance="automatic"), Control()),
    ):
        playlist = make(rules, [strip(long, fine)], control, NOW)
        assert ids(playlist) == ["b"]
        [waits] = playlist.waiting
        assert (waits.headline, waits.why) == (long, "air_long")
        assert "On Program" in waits.sentence


def test_what_was_held_or_killed_does_not_finish_its_run_and_what_expired_does() -> None:
    one, two = headline(IDS[0]), headline(IDS[1], expires_at=NOW + 1000)
    assert make(ANY, [strip(one)], Control(held={IDS[0]: "ben"}), NOW).fields["leaving"] == []
    assert make(ANY, [strip(leaving={IDS[2]})], Control(), NOW).fields["leaving"] == [IDS[2]]
    over = make(ANY, [strip(one, two)], Control(), NOW + 1000)
    assert (ids(over), over.fields["leaving"]) == (["a"], [IDS[1]])
    assert over.mark.frame == frame_from(NOW + 1000 + LEAD, ANY.rate), "from when its time was over"


def test_what_has_run_often_enough_leaves() -> None:
    one, twice = headline(IDS[0]), output(clearance="automatic", plays=2)
    assert ids(make(twice, [strip(one)], Control(), NOW, counted=Counted({IDS[0]: 1}))) == ["a"]
    gone = make(twice, [strip(one)], Control(), NOW, counted=Counted({IDS[0]: 2}, NOW + 7))
    assert (ids(gone), gone.fields["leaving"]) == ([], [IDS[0]])


def test_a_flash_takes_over_for_its_time_and_comes_in_its_turn() -> None:
    flash = headline(IDS[0], urgency=Urgency.FLASH, published_at=NOW)
    [told] = make(ANY, [strip(flash)], Control(), NOW).fields["takeovers"]
    assert told["text"] == flash.text
    assert (told["from"], told["until"]) == (
        frame_from(NOW + LEAD, ANY.rate),
        frame_from(NOW + 12_000 + LEAD, ANY.rate),
    )
    assert make(ANY, [strip(flash, at=NOW + 12_000)], Control(), NOW).fields["takeovers"] == []


def test_a_take_over_ends_with_its_headline() -> None:
    """Also one that nobody ends: a page that is cut off drops it by its own clock."""
    flash = headline(IDS[0], expires_at=NOW + 5000)
    control = Control(breaking=Breaking(id=IDS[0], version=1, at=NOW))
    [told] = make(ANY, [strip(flash)], control, NOW).fields["takeovers"]
    assert told["until"] == frame_from(NOW + 5000 + LEAD, ANY.rate)


def test_the_first_that_is_over_may_be_one_for_which_there_is_no_room() -> None:
    one, two = headline(IDS[0], expires_at=NOW + 9000), headline(IDS[1], expires_at=NOW + 5000)
    first = make(output(clearance="automatic", limit=1), [strip(one, two)], Control(), NOW)
    assert (ids(first), first.until(NOW)) == (["a"], NOW + 5000)


def test_no_rehearsal_gets_on_air_whatever_its_channel_has_become() -> None:
    drill, real = headline(IDS[0], rehearsal=True), headline(IDS[1])
    assert ids(make(ANY, [strip(drill, real)], Control(), NOW)) == ["b"]
    school = output(clearance="automatic", type="training")
    assert ids(make(school, [strip(drill, real)], Control(), NOW)) == ["a"]


def test_the_words_of_a_corrected_one_do_not_run_on() -> None:
    one, two = headline(IDS[0], correction="It was two.", version=2), headline(IDS[1])
    told = make(ANY, [strip(one, two)], Control(), NOW).fields["items"]
    assert [item.get("corrected") for item in told] == [True, None]


def test_what_is_held_takes_nothing_over() -> None:
    flash = headline(IDS[0], urgency=Urgency.FLASH)
    control = Control(held={IDS[0]: "ben"}, breaking=Breaking(id=IDS[0], version=1, at=NOW))
    assert make(ANY, [strip(flash)], control, NOW).fields["takeovers"] == []


def test_order_filter_and_limit() -> None:
    one, two = headline(IDS[0], section="sport"), headline(IDS[1], urgency=Urgency.URGENT)
    three = headline(IDS[2], channel="ar", lang="ar", dir="rtl")
    strips = [strip(one, two), strip(three, channel=AR)]

    def shown(control: Control = Control(), **rules: Any) -> list[str]:  # noqa: B008  never changed
        return ids(make(output(clearance="automatic", channels=["en", "ar"], **rules), strips, control, NOW))

    assert shown() == ["a", "b", "c"]
    assert shown(order="urgency") == ["b", "a", "c"]
    assert shown(urgency="urgent") == ["b"]
    assert shown(sections=["sport"]) == ["a"]
    assert shown(limit=2) == ["a", "b"]
    assert shown(Control(running_order=(IDS[2], IDS[1]))) == ["c", "b", "a"]
    assert shown(Control(running_order=(IDS[2],)), limit=2) == ["c", "a"]


def test_one_that_is_to_come_next_must_be_there() -> None:
    one = headline(IDS[0])
    assert make(ANY, [strip(one)], Control(first=IDS[0]), NOW).fields["first"] == IDS[0]
    assert make(ANY, [strip(one)], Control(first=IDS[1]), NOW).fields["first"] is None


def test_its_frame_stays_while_its_content_does() -> None:
    one = headline(IDS[0])
    first = make(ANY, [strip(one)], Control(), NOW)
    same = make(ANY, [strip(one, at=NOW + 9000, leaving={IDS[3]})], Control(), NOW + 9000, known=[first.mark])
    other = make(ANY, [strip(one, headline(IDS[1]), at=NOW + 9000)], Control(), NOW, known=[first.mark])
    assert same.mark == first.mark
    assert (other.mark.digest, other.mark.frame) != first.mark
    assert other.mark.frame == frame_from(NOW + 9000 + LEAD, ANY.rate)


def test_what_is_taken_off_makes_a_later_one_of_the_same_for_whoever_looks_and_whenever() -> None:
    """Else pages would take no notice of it."""
    one, control = headline(IDS[0]), cleared(headline(IDS[0]), headline(IDS[2]))
    first = make(output(), [strip(one, leaving={IDS[2]})], control, NOW)
    off = frame_from(NOW + 7000 + LEAD, ANY.rate)
    for later in (7000, 9000):
        killed = strip(one, at=NOW + later)._replace(taken={IDS[2]: NOW + 7000})
        made = make(output(), [killed], control, NOW + later, known=[first.mark])
        assert (made.mark.digest, made.mark.frame) == (first.mark.digest, off)
        assert make(output(), [killed], control, NOW + later, known=[made.mark]).mark == made.mark
    held = make(output(), [strip(one)], control.model_copy(update={"held_at": NOW + 7000}), NOW, known=[first.mark])
    assert (held.mark.digest, held.mark.frame) == (first.mark.digest, off)


def test_what_was_never_on_its_screens_makes_no_other() -> None:
    one, control = headline(IDS[0]), cleared(headline(IDS[0]))
    first = make(output(), [strip(one)], control, NOW)
    elsewhere = strip(one, at=NOW + 7000)._replace(taken={IDS[1]: NOW + 7000})
    assert make(output(), [elsewhere], control, NOW, known=[first.mark]).mark == first.mark
    assert make(ANY, [elsewhere], control, NOW, known=[make(ANY, [strip(one)], control, NOW).mark]).mark.frame == (
        frame_from(NOW + 7000 + LEAD, ANY.rate)
    ), "where nobody clears, anything may have been"


def test_of_several_that_are_known_the_one_with_its_content_keeps_its_frame() -> None:
    one, two = headline(IDS[0]), headline(IDS[1])
    known = [make(ANY, [strip(shown)], Control(), NOW).mark for shown in (two, one)]
    assert make(ANY, [strip(one, at=NOW + 9000)], Control(), NOW, known=known).mark == known[1]


def test_that_one_is_asked_for_anew_is_told() -> None:
    one = headline(IDS[0])
    asked, anew = (make(ANY, [strip(one)], Control(first=IDS[0], first_at=NOW + ms), NOW) for ms in (0, 9000))
    assert (asked.fields["first_at"], anew.fields["first_at"]) == (NOW, NOW + 9000)
    assert asked.mark.digest != anew.mark.digest
    assert "first_at" not in make(ANY, [strip()], Control(first=IDS[0], first_at=NOW), NOW).fields


headlines = st.lists(
    st.builds(
        headline,
        st.sampled_from(IDS),
        urgency=st.sampled_from(list(Urgency)),
        version=st.integers(1, 3),
        published_at=st.integers(NOW - 60_000, NOW),
        expires_at=st.sampled_from([None, NOW - 5, NOW + 60_000]),
    ),
    unique_by=lambda h: h.id,
    max_size=len(IDS),
)
controls = st.builds(
    Control,
    cleared=st.dictionaries(st.sampled_from(IDS), st.builds(clearance, st.integers(1, 3))),
    held=st.dictionaries(st.sampled_from(IDS), st.just("ben"), max_size=3),
    ended=st.lists(st.sampled_from(IDS), unique=True, max_size=3).map(tuple),
    running_order=st.lists(st.sampled_from(IDS), max_size=5).map(tuple),
)


@given(headlines, controls, st.sampled_from(["required", "automatic"]), st.integers(0, 400))
def test_of_whatever_is_there(board: list[Headline], control: Control, clearance: str, later: int) -> None:
    """Only what is live, cleared at that version and not held; whoever looks, and whenever, makes the same."""
    rules = output(clearance=clearance)
    playlist = make(rules, [strip(*board)], control, NOW)
    by_id = {h.id: h for h in board}
    told = [*playlist.fields["items"], *playlist.fields["takeovers"]]
    for item in told:
        shown = by_id[item["id"]]
        assert item["id"] not in control.held
        assert shown.expires_at is None or shown.expires_at > NOW
        known = control.cleared.get(shown.id)
        assert clearance == "automatic" or (known is not None and known.version == item["version"])
    assert not {item["id"] for item in told} & set(playlist.fields["leaving"])
    assert not set(control.held) & set(playlist.fields["leaving"])
    assert set(playlist.fields["order"]) == {item["id"] for item in playlist.fields["items"]}
    assert make(rules, [strip(*board)], control, NOW + later).id == playlist.id
    assert json.loads(json.dumps(playlist.message(NOW)))["id"] == playlist.id
