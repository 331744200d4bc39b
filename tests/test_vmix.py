"""A vMix title gets one headline after another."""

from tests.http_system import HttpSystem
from tests.pushed import A, B, flash, item, playlist
from tests.samples import NOW
from ticker.onair.output import Vmix
from workers.onair.peer import Peer
from workers.onair.vmix import AGAIN, VmixTitle


async def test_lines_follow_each_other_and_breaking_comes_at_once(system: HttpSystem, asker: Peer) -> None:
    title = VmixTitle(Vmix(url=system.url, input="3"), asker)
    both = playlist(item(A, "5 + 5 & «$»"), item(B))
    assert await title.show(both, NOW) == 2.0
    assert await title.show(both, NOW + 2000) == 2.0
    breaking = playlist(item(A, "5 + 5 & «$»"), item(B), takeovers=[flash(B, NOW + 2500, NOW + 60_000)])
    assert await title.show(breaking, NOW + 2500) <= AGAIN
    await title.show(playlist(on=False), NOW + 3000)
    assert {(method, path) for method, path, *_ in system.asked} == {("GET", "/api/")}
    assert [query for _, _, query, _ in system.asked] == [
        {"Function": "SetText", "Input": "3", "SelectedName": "Headline.Text", "Value": text}
        for text in ("5 + 5 & «$»", "Headline b", "Flash b", "")
    ]


async def test_a_line_is_said_again_for_one_that_was_restarted(system: HttpSystem, asker: Peer) -> None:
    title = VmixTitle(Vmix(url=system.url + "/", input="Ticker"), asker)
    slow = playlist(item(A), item(B), flip=5000)
    assert await title.show(slow, NOW) == AGAIN
    await title.show(slow, NOW + 5000)
    assert [query["Value"] for _, _, query, _ in system.asked] == ["Headline a"] * 2
