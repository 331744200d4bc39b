"""One output as it plays: what is new for pages, and which words were ever ours."""

import asyncio
import json
from typing import Any

import pytest

from tests.samples import NOW, headline
from tests.test_control import clearance, output
from tests.test_playlist import EN, IDS, strip
from ticker.errors import Unavailable
from ticker.onair.control import Control
from ticker.onair.playout import ASKS_AGAIN, MOST_COUNTED, MOST_WORDS, Playout
from ticker.onair.report import Anchor, Shown


def playing() -> Playout:
    return Playout(output(clearance="automatic"), [EN])


def test_only_another_playlist_is_news() -> None:
    playout, one = playing(), headline(IDS[0])
    assert playout.renew([strip(one)], NOW)
    first = playout.current().id
    playout.anchor = {"frame": 1}
    assert not playout.renew([strip(one, at=NOW + 5000, leaving={IDS[2]})], NOW + 5000)
    assert (playout.current().id, playout.anchor) == (first, {"frame": 1})
    assert playout.renew([strip(one, headline(IDS[1]))], NOW)
    assert (playout.current().id == first, playout.anchor) == (False, None)


def test_it_is_due_again_when_the_first_of_its_headlines_is_over() -> None:
    playout = playing()
    playout.renew([strip(headline(IDS[0], expires_at=NOW + 9000), headline(IDS[1], expires_at=NOW + 7000))], NOW)
    assert playout.until == NOW + 7000


def test_before_it_was_made_there_is_nothing_to_tell() -> None:
    with pytest.raises(Unavailable):
        playing().message(NOW)


def test_a_page_that_polls_counts_as_one_that_follows_for_as_long_as_it_asks_again() -> None:
    playout = playing()
    assert not playout.is_followed(NOW)
    playout.asked_at = NOW
    assert [playout.is_followed(NOW + ms) for ms in (0, ASKS_AGAIN - 1, ASKS_AGAIN)] == [True, True, False]
    playout.followers = 1
    assert playout.is_followed(NOW + ASKS_AGAIN)


def test_what_has_run_is_counted_where_it_matters_and_of_late() -> None:
    unlimited, twice = playing(), Playout(output(clearance="automatic", plays=2), [EN])
    assert not unlimited.count({IDS[0]: 7}, NOW)
    assert unlimited.counted.plays == {}
    assert [twice.count({IDS[0]: runs}, NOW + runs) for runs in (1, 2, 3)] == [False, True, False]
    assert twice.counted == ({IDS[0]: 3}, NOW + 2)
    for number in range(MOST_COUNTED):
        twice.count({f"{number}": 1}, NOW)
        twice.count({IDS[1]: 1}, NOW)
    assert len(twice.counted.plays) == MOST_COUNTED
    assert (IDS[0] in twice.counted.plays, IDS[1] in twice.counted.plays) == (False, True)


def test_what_the_gallery_sees_is_made_once_until_it_changes() -> None:
    playout = Playout(output(), [EN])
    playout.renew([strip(headline(IDS[0]))], NOW)
    one, two = playout.picture(NOW), playout.picture(NOW + 1)
    assert one["waiting"] is two["waiting"]
    assert (one["now"], two["now"], two["playlist"]["now"]) == (NOW, NOW + 1, NOW + 1)
    playout.renew([strip(headline(IDS[0]), headline(IDS[1]))], NOW)
    assert [waits["id"] for waits in playout.picture(NOW)["waiting"]] == [IDS[0], IDS[1]], "though pages see no change"
    playout.decide(Control(speed=7))
    assert playout.picture(NOW)["control"]["speed"] == 7
    playout.hear_of({"id": playout.current().id, "anchor": {"frame": 1}})
    assert playout.picture(NOW)["playlist"]["anchor"] == {"frame": 1}


def test_what_pages_are_sent_is_written_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    playout, written = playing(), list[int]()
    message = playout.message

    def writing(now: int) -> dict[str, Any]:
        written.append(now)
        return message(now)

    monkeypatch.setattr(playout, "message", writing)

    def is_told(at: int) -> bool:
        return bool(json.loads(playout.text(at)) == json.loads(json.dumps(message(at))))

    playout.renew([strip(headline(IDS[0], text="عاجل"))], NOW)
    assert all(is_told(NOW + later) for later in range(100)), "each with the time at which it is told"
    assert len(written) == 1
    playout.hear_of({"id": playout.current().id, "anchor": {"frame": 1, "run": [], "next": 0}})
    assert is_told(NOW)
    playout.renew([strip(headline(IDS[0]), headline(IDS[1]))], NOW)
    assert is_told(NOW)
    assert len(written) == 3


async def test_a_change_between_the_call_and_the_wait_is_heard_of() -> None:
    playout = playing()
    waiting = playout.changed(0.01)
    playout.wake()
    assert await waiting


async def test_whoever_waits_hears_of_a_change_and_of_none() -> None:
    playout = playing()
    assert not await playout.changed(0.01)
    waiting = asyncio.create_task(playout.changed(20))
    await asyncio.sleep(0)
    playout.renew([strip(headline(IDS[0]))], NOW)
    assert await waiting


def test_words_are_ours_for_as_long_as_a_page_may_show_them() -> None:
    playout = playing()

    def anchor(text: str, version: int) -> Anchor:
        placed = {"id": IDS[0], "version": version, "x": 0, "width": 5, "text": text}
        return Anchor.model_validate({"frame": 1, "run": [placed], "next": 0})

    for version in range(1, MOST_WORDS + 3):
        playout.control = Control()
        playout.renew([strip(headline(IDS[0], version=version, text=f"Version {version}"))], NOW)
    assert playout.knows(anchor(f"Version {MOST_WORDS}", MOST_WORDS))
    assert not playout.knows(anchor("Version 1", 1)), "long gone"
    assert not playout.knows(anchor("Version 7", MOST_WORDS))


@pytest.mark.parametrize(
    "placed",
    [
        {"id": "fallback:0", "text": ""},
        {"id": IDS[0], "text": ""},
        {"id": IDS[0], "kicker": ""},
        {"id": IDS[0], "width": 1_000_000},
        {"id": IDS[0], "x": 1_000_000},
        {"id": IDS[0], "x": -1_000_000},
    ],
)
def test_nothing_that_would_blank_other_pages_is_handed_on(placed: dict[str, Any]) -> None:
    playout = playing()
    playout.renew([strip(headline(IDS[0]))], NOW)

    def anchor(**placed: Any) -> Anchor:
        given = {"version": 1, "x": 0, "width": 500, **placed}
        return Anchor.model_validate({"frame": 1, "run": [given], "next": 0})

    assert playout.knows(anchor(id=IDS[0]))
    assert playout.knows(anchor(id=IDS[0], x=playout.output.look.width, width=280 * playout.output.look.text))
    assert not playout.knows(anchor(**placed))


def test_a_clearance_is_of_words_and_not_of_whatever_a_page_says_under_their_name() -> None:
    playout = playing()
    playout.decide(Control(cleared={IDS[0]: clearance(1, "Ann")}))
    playout.renew([strip(headline(IDS[0], text="What Ann has read", kicker="LIVE"))], NOW)

    def cleared(text: str, **fields: Any) -> Any:
        shown = Shown.model_validate({"id": IDS[0], "version": 1, "text": text, "first": 1, "last": 99, **fields})
        return playout.clearance_of(shown)

    assert cleared("What Ann has read", kicker="LIVE") == clearance(1, "Ann")
    assert cleared("What Ann has read") == clearance(1, "Ann"), "where the look has no kickers"
    assert cleared("What Ann has never read", kicker="LIVE") is None
    assert cleared("What Ann has read", kicker="ANN SAYS") is None
    assert cleared("What Ann has read", version=2) is None
