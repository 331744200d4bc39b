"""A ticker graphic of H2R: its items, its own status, and gone at once when something in it was killed."""

import pytest

from tests.http_system import HttpSystem
from tests.pushed import A, B, flash, item, playlist
from tests.samples import NOW
from ticker.onair.output import H2R
from workers.onair.adapter import Message, Trouble
from workers.onair.h2r import H2RTicker
from workers.onair.peer import Peer


class Ticker:
    def __init__(self, system: HttpSystem, asker: Peer) -> None:
        self.system = system
        self._ticker = H2RTicker(H2R(url=system.url, project="P1", graphic="G1"), asker)

    async def asked_again(self, playlist: Message, now: int) -> float:
        """After how many seconds it wants to be."""
        return await self._ticker.show(playlist, now)

    async def show(self, playlist: Message, now: int = NOW) -> tuple[str | None, list[str]]:
        await self.asked_again(playlist, now)
        method, path, _, body = self.system.asked[-1]
        assert (method, path) == ("POST", "/api/P1/graphic/G1/update")
        return body.get("status"), [one["body"] for one in body["items"]]


async def test_it_comes_and_takes_what_is_new(system: HttpSystem, asker: Peer) -> None:
    ticker, one = Ticker(system, asker), playlist(item(A))
    assert await ticker.show(one) == ("going", ["Headline a"]), "nobody knows what was on it before"
    assert await ticker.show(one) == ("coming", ["Headline a"])
    assert await ticker.show(playlist(item(A), item(B))) == (None, ["Headline a", "Headline b"])


async def test_after_a_kill_it_goes_and_comes(system: HttpSystem, asker: Peer) -> None:
    ticker, both, one = Ticker(system, asker), playlist(item(A), item(B)), playlist(item(A))
    for _ in range(2):
        await ticker.show(both)
    assert await ticker.show(one) == ("going", ["Headline a"])
    assert await ticker.show(one) == ("coming", ["Headline a"])
    assert await ticker.show(one) == (None, ["Headline a"])
    assert await ticker.show(playlist(leaving=[A])) == (None, ["Stay with us"])


async def test_a_kill_that_was_refused_goes_when_it_is_taken(system: HttpSystem, asker: Peer) -> None:
    ticker, both, one = Ticker(system, asker), playlist(item(A), item(B)), playlist(item(A))
    for _ in range(2):
        await ticker.show(both)
    system.status = 500
    with pytest.raises(Trouble, match="H2R Graphics answered 500"):
        await ticker.show(one)
    system.status = 200
    assert [(await ticker.show(one))[0] for _ in range(3)] == ["going", "coming", None]


async def test_a_take_over_has_it_alone(system: HttpSystem, asker: Peer) -> None:
    ticker, told = Ticker(system, asker), playlist(item(A), takeovers=[flash(B, NOW + 1000, NOW + 2000)])
    got = [await ticker.show(told, NOW + ms) for ms in (0, 0, 1000, 1500, 2000, 2500)]
    assert got == [
        ("going", ["Headline a"]), ("coming", ["Headline a"]), ("going", ["Flash b"]), ("coming", ["Flash b"]),
        ("going", ["Headline a"]), ("coming", ["Headline a"]),
    ]  # fmt: skip


async def test_what_has_left_and_is_killed_then_goes_at_once(system: HttpSystem, asker: Peer) -> None:
    ticker, left, killed = Ticker(system, asker), playlist(item(B), leaving=[A]), playlist(item(B))
    for _ in range(2):
        await ticker.show(playlist(item(A), item(B)))
    assert await ticker.show(left) == (None, ["Headline b"]), "H2R still runs through both"
    assert [await ticker.show(killed) for _ in range(3)] == [
        ("going", ["Headline b"]), ("coming", ["Headline b"]), (None, ["Headline b"]),
    ]  # fmt: skip


async def test_what_has_expired_or_was_edited_runs_for_a_minute_at_most(system: HttpSystem, asker: Peer) -> None:
    ticker, told = Ticker(system, asker), playlist(item(A), item(B, expires_at=NOW + 5000))
    better = playlist(item(A, "Better", version=2))
    for _ in range(2):
        await ticker.show(told)
    got = [await ticker.show(told, NOW + ms) for ms in (5000, 64_999, 65_000, 65_500)]
    assert [status for status, _ in got] == [None, None, "going", "coming"]
    assert await ticker.show(better, NOW + 70_000) == (None, ["Better"])
    assert await ticker.asked_again(better, NOW + 125_000) == 5.0
    assert [(await ticker.show(better, NOW + ms))[0] for ms in (130_000, 130_500)] == ["going", "coming"]


async def test_words_that_were_wrong_go_at_once(system: HttpSystem, asker: Peer) -> None:
    ticker, right = Ticker(system, asker), playlist(item(A, "Right", version=2, corrected=True), item(B))
    for _ in range(2):
        await ticker.show(playlist(item(A, "Wrong"), item(B)))
    got = [await ticker.show(right) for _ in range(3)]
    assert got == [(status, ["Right", "Headline b"]) for status in ("going", "coming", None)]


async def test_headlines_do_not_wait_for_the_outputs_own_lines(system: HttpSystem, asker: Peer) -> None:
    ticker, one = Ticker(system, asker), playlist(item(A))
    got = [await ticker.show(each) for each in (playlist(), playlist(), playlist(), one, one, one)]
    assert [status for status, _ in got] == ["going", "coming", None, "going", "coming", None]


async def test_a_rehearsal_says_so(system: HttpSystem, asker: Peer) -> None:
    ticker = Ticker(system, asker)
    assert await ticker.show(playlist(item(A), kind="training")) == ("going", ["REHEARSAL: Headline a"])
    assert system.asked[-1][3]["title"] == "REHEARSAL: Program"


async def test_off_is_off(system: HttpSystem, asker: Peer) -> None:
    ticker, off = Ticker(system, asker), playlist(item(A), on=False, stop="now")
    assert (await ticker.show(off))[0] == "going"
    assert (await ticker.show(playlist(item(A))))[0] == "coming"
