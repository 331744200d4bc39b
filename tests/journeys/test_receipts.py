"""A kill on a thousand screens at two web processes: the receipt says what the readers themselves have seen."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import aiohttp

from tests.journeys.crowd import crowd
from tests.journeys.readers import CHANNEL, Writer, new_key, one_long_channel
from tests.servers import Web, eventually, running

READERS = 500  # at each of two processes, half of them over WebSocket
STOPPED = 20

logger = logging.getLogger(__name__)


class Receipt:
    """What the desk knows of a headline's last event."""

    def __init__(self, session: aiohttp.ClientSession, web: Web, key: str, headline_id: str) -> None:
        self.session = session
        self.url = f"{web.url}/v1/desk/{CHANNEL}/receipts/{headline_id}"
        self.headers = {"Authorization": f"Bearer {key}"}

    async def now(self) -> dict[str, Any]:
        async with self.session.get(self.url, headers=self.headers) as answer:
            found = (await answer.json())["receipts"]
            return dict(found[0]) if found else {}

    async def when(self, **wanted: Any) -> dict[str, Any]:
        async def so() -> dict[str, Any] | None:
            now = await self.now()
            return now if wanted.items() <= now.items() else None

        found: dict[str, Any] = await eventually(so, f"the receipt says {wanted}")
        return found


async def test_a_kill_on_a_thousand_screens(redis_url: str, tmp_path: Path) -> None:
    webs = [Web(redis_url, tmp_path, **one_long_channel(tmp_path)) for _ in range(2)]
    async with running(*webs):
        key = await new_key(redis_url)
        async with (
            crowd("127.0.0.1", webs[0].port, READERS) as here,
            crowd("127.0.0.1", webs[1].port, READERS) as there,
            crowd("127.0.0.1", webs[0].port, STOPPED) as stopped,
            aiohttp.ClientSession() as session,
        ):
            writer = Writer(session, key, webs[0].url)
            headline = await writer.publish("A false alarm")
            await eventually(lambda: all_have(headline["id"], here, there, stopped), "all of them have it")
            stopped.stop()

            clicked = time.time()
            await writer.act(headline["id"], "retract", reason="false")
            receipt = Receipt(session, webs[1], key, headline["id"])
            settled = await receipt.when(confirmed=READERS, waiting=STOPPED // 2)
            assert settled["reached"] == 2 * READERS + STOPPED
            assert settled["had"] == {"websocket": READERS + STOPPED // 2, "sse": READERS + STOPPED // 2}
            gone_at = [at for one in (here, there) for at in (await one.report())["gone_at"][headline["id"]]]
            assert len(gone_at) == 2 * READERS
            logger.info("of 1,000: %s", figures(settled["slowest_ms"], clicked, gone_at))

            stopped.go_on()
            last = await receipt.when(waiting=0)
            assert (last["confirmed"], last["gone"]) == (READERS + STOPPED // 2, 0)
            assert last["slowest_ms"] >= settled["slowest_ms"]
            assert (await stopped.report())["gone_at"][headline["id"]]


def figures(slowest_ms: int, clicked: float, gone_at: list[float]) -> dict[str, int]:
    """Ms from the click until it had left: by the receipt, and by the readers' own clocks."""
    seen = [round(1000 * (at - clicked)) for at in sorted(gone_at)]
    return {"receipt": slowest_ms, "p50": seen[len(seen) // 2], "p99": seen[-len(seen) // 100], "slowest": seen[-1]}


async def all_have(headline_id: str, *crowds: Any) -> bool:
    reports = await asyncio.gather(*(one.report() for one in crowds))
    return all(headline_id in report["seen"] for report in reports)
