"""How the systems are doing that an output's playlist is pushed to, and which process pushes.

ticker:{onair}:targets   hash: `output system` → how it is, JSON
ticker:{onair}:pusher    string with a time to live: the token of the process that pushes
"""

import json
from collections.abc import Mapping
from dataclasses import asdict

from ticker.onair.log import PREFIX
from ticker.onair.target import Target
from ticker.sources import RELEASE, RENEW
from ticker.store import Client, ask

TARGETS, PUSHER = PREFIX + "targets", PREFIX + "pusher"


class Targets:
    """Every call may be Unavailable, while Redis is away."""

    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def tell(self, *targets: Target) -> None:
        told = {f"{target.output} {target.system}": json.dumps(asdict(target)) for target in targets}
        await ask(self.redis, "hset", TARGETS, mapping=told)

    async def all(self) -> list[Target]:
        """By output and system. Also those that are configured no more, until they are forgotten."""
        told: Mapping[str, str] = await ask(self.redis, "hgetall", TARGETS)
        return [Target(**json.loads(told[name])) for name in sorted(told)]

    async def forget_all_but(self, names: set[tuple[str, str]]) -> None:
        """Those of these outputs and systems stay."""
        gone = [one for one in await self.all() if (one.output, one.system) not in names]
        if gone:
            await ask(self.redis, "hdel", TARGETS, *(f"{one.output} {one.system}" for one in gone))

    # --- who pushes -------------------------------------------------------------------------------------------------

    async def take(self, token: str, ms: int) -> bool:
        """Be the process that pushes, unless another is."""
        return bool(await ask(self.redis, "set", PUSHER, token, nx=True, px=ms))

    async def renew(self, token: str, ms: int) -> bool:
        """False when another is by now, or nobody."""
        return bool(await ask(self.redis, "eval", RENEW, 1, PUSHER, token, ms))

    async def release(self, token: str) -> None:
        await ask(self.redis, "eval", RELEASE, 1, PUSHER, token)
