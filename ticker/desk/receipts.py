"""Receipts: of each correction, hold and kill, how many connections had the headline and how many have confirmed.

Each web process tallies its own readers. What all of them know is added up in Redis, told on the desk's stream while
it moves, and goes into the audit once.

    ticker:{CHANNEL}:receipts:ID    hash: `<position> <process>` → figures, `<position>` → what they come to
"""

import asyncio
import json
import logging
import secrets
from pathlib import Path
from typing import Any

from ticker import instant
from ticker.desk.tally import Tally
from ticker.fanout.hub import Hub
from ticker.most_read.scope import Scope
from ticker.store import Gone, end_if_cancelled, refusal
from ticker.stream import DESK_LOG_KEPT, Keys

SCRIPT = Path(__file__).with_name("receipt.lua").read_text()

TURN = 0.2  # s between two tellings of what has moved
KEPT = 3_600_000  # ms
AUDITED_AFTER = 10_000  # ms after the event: who has not confirmed by then is not waited for

logger = logging.getLogger(__name__)


class Receipts:
    """Of one process."""

    def __init__(self, hub: Hub, process: str = "") -> None:
        self.hub = hub
        self._process = process or secrets.token_hex(8)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(TURN)
            end_if_cancelled()
            for channel, fanout in self.hub.fanouts.items():
                for tally in list(fanout.tallies):
                    if self._is_due(tally):
                        await self._tell(channel, tally)

    def _is_due(self, tally: Tally) -> bool:
        return tally.moved or (not tally.audited and self._is_settled(tally))

    def _is_settled(self, tally: Tally) -> bool:
        return self.hub.stream.now() - tally.position.ms >= AUDITED_AFTER

    async def _tell(self, channel: str, tally: Tally) -> None:
        keys = Keys.of(channel)
        figures, settled = tally.figures(), self._is_settled(tally)
        about = {"id": tally.id, "of": tally.type.value, "event": str(tally.position)}
        entry = _dump({"at": instant.format(self.hub.stream.now()), "by": "desk", "action": "reached", **about})
        args = [str(tally.position), self._process, _dump(figures), _dump(about)[:-1], KEPT]
        args += [entry[:-1] if settled else "", secrets.token_hex(4), DESK_LOG_KEPT]
        touched = [_key(channel, tally.id), keys.desk_log, keys.desk_meta, keys.meta, keys.audit]
        try:
            await self.hub.stream.redis.eval(SCRIPT, len(touched), *touched, *args)
            tally.audited |= settled
        except Gone as error:
            tally.moved = True  # it is told once Redis is back
            logger.warning("%s: a receipt cannot be written: %s", channel, error)
            await asyncio.sleep(1)

    async def of(self, channel: str, headline_id: str) -> list[dict[str, Any]]:
        """The receipts of a headline, the newest first. TickerError when Redis cannot say."""
        try:
            kept = await self.hub.stream.redis.hgetall(_key(channel, headline_id))
        except Gone as error:
            raise refusal(error) from error
        found = [json.loads(told) for field, told in kept.items() if " " not in field]
        return sorted(found, key=lambda receipt: str(receipt["event"]), reverse=True)


def _key(channel: str, headline_id: str) -> str:
    return Scope(channel).key(f"receipts:{headline_id}")


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
