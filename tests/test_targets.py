"""How the systems are doing that are pushed to, and that one process pushes."""

from tests.samples import NOW
from ticker.onair.target import Target
from ticker.onair.targets import Targets
from ticker.store import Client

WELL = Target("program", "vmix", "", "p-1", NOW, NOW)
ILL = Target("program", "casparcg", "CasparCG has closed the connection.", "p-1", NOW, NOW)


async def test_what_was_told_last_is_known(redis: Client) -> None:
    targets = Targets(redis)
    for one in (ILL, WELL, Target("old", "h2r")):
        await targets.tell(one)
    assert await targets.all() == [Target("old", "h2r"), ILL, WELL]
    await targets.forget_all_but({("program", "vmix"), ("program", "casparcg")})
    assert await targets.all() == [ILL, WELL]


async def test_one_process_pushes(redis: Client) -> None:
    targets = Targets(redis)
    assert await targets.take("a", 10_000)
    assert not await targets.take("b", 10_000)
    assert await targets.renew("a", 10_000)
    assert not await targets.renew("b", 10_000)
    await targets.release("b")
    assert await targets.renew("a", 10_000)
    await targets.release("a")
    assert await targets.take("b", 10_000)
