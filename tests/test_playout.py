"""One output as it plays: what is new for pages, and which words were ever ours."""

import asyncio

import pytest

from tests.samples import NOW, headline
from tests.test_control import output
from tests.test_playlist import EN, IDS, strip
from ticker.errors import Unavailable
from ticker.onair.control import Control
from ticker.onair.playout import MOST_WORDS, Playout
from ticker.onair.report import Anchor


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
