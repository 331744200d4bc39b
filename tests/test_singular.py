"""A data stream of Singular.live has all that an output shows."""

import pytest

from tests.http_system import HttpSystem
from tests.pushed import A, B, flash, item, playlist
from tests.samples import NOW
from ticker.onair.output import Singular
from workers.onair.adapter import Trouble
from workers.onair.peer import Peer
from workers.onair.singular import AGAIN, SingularStream, payload


async def test_it_is_put_where_the_token_says(system: HttpSystem, asker: Peer) -> None:
    stream = SingularStream(Singular(url=system.url + "/datastreams", token="t/0"), asker)
    told = playlist(item(A, kicker="Sport"), item(B))
    assert await stream.show(told, NOW) == AGAIN
    assert system.asked == [("PUT", "/datastreams/t%2F0", {}, payload(told, NOW))]


def test_what_a_composition_gets() -> None:
    told = payload(playlist(item(A, kicker="Sport"), item(B), takeovers=[flash(B, NOW)]), NOW)
    assert (told["breaking"], told["crawl"]) == ("Flash b", "Sport: Headline a • Headline b")
    assert [one["text"] for one in told["headlines"]] == ["Headline a", "Headline b"]
    assert payload(playlist(), NOW)["crawl"] == "Stay with us"
    off = payload(playlist(item(A), takeovers=[flash(B, NOW)], on=False), NOW)
    assert (off["on"], off["crawl"], off["headlines"], off["breaking"]) == (False, "", [], "")


def test_a_rehearsal_says_so_wherever_a_composition_looks() -> None:
    told = payload(playlist(item(A), takeovers=[flash(B, NOW)], kind="training"), NOW)
    found = [told["title"], told["breaking"], told["crawl"], told["headlines"][0]["text"]]
    assert found == ["REHEARSAL: Program", "REHEARSAL: Flash b", *["REHEARSAL: Headline a"] * 2]


async def test_it_is_asked_again_when_a_take_over_ends(system: HttpSystem, asker: Peer) -> None:
    stream = SingularStream(Singular(url=system.url, token="t"), asker)
    assert await stream.show(playlist(item(A), takeovers=[flash(B, NOW, NOW + 3000)]), NOW) == 3.0


async def test_the_token_is_in_no_sentence(system: HttpSystem, asker: Peer) -> None:
    stream = SingularStream(Singular(url=system.url, token="top-secret"), asker)
    system.status = 404
    with pytest.raises(Trouble) as trouble:
        await stream.show(playlist(), NOW)
    assert "top-secret" not in f"{trouble.value}{trouble.value!r}{trouble.value.__cause__}"
