"""What is known of the links that editors are about to publish: asked here, looked at by ingest, kept for a while.

ticker:links:asked      hash: link → since when (ms); what nobody has looked at yet
ticker:links:DIGEST     string, for ten minutes: `ok`, or what was wrong, as a sentence
"""

import hashlib

from ticker.store import Client, Gone, refusal

ASKED = "ticker:links:asked"
MOST_ASKED = 1_000  # links that wait; beyond that none is looked at
KEPT = 10 * 60 * 1000  # ms a verdict holds: a page that was not there yet may be by then
FINE = "ok"


class Links:
    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def verdict(self, link: str, now: int) -> str:
        """`ok`, or what is wrong as a sentence; empty when it is yet to be looked at, which is then asked for."""
        try:
            known = await self.redis.get(_key(link))
            if known is None and await self.redis.hlen(ASKED) < MOST_ASKED:
                await self.redis.hsetnx(ASKED, link, str(now))
        except Gone as error:
            raise refusal(error) from error
        return known or ""

    async def asked(self, most: int) -> list[str]:
        """Links to look at, those that wait longest first."""
        waiting = await self.redis.hgetall(ASKED)
        return sorted(waiting, key=lambda link: int(waiting[link]))[:most]

    async def take(self, link: str) -> bool:
        """Whether it is ours to look at: of several who try, one."""
        return bool(await self.redis.hdel(ASKED, link))

    async def tell(self, link: str, verdict: str) -> None:
        await self.redis.set(_key(link), verdict, px=KEPT)


def _key(link: str) -> str:
    return "ticker:links:" + hashlib.blake2b(link.encode(), digest_size=12).hexdigest()
