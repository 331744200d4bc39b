"""What Redis keeps for the MOS device, so that a restart forgets nothing.

ticker:{onair}:mos           hash: `ro NAME` → a running order, `carried NAME` → what has become of its items,
                             `answer NCS` → the last answer to a newsroom, `order` → what the output was told last,
                             `playing` → what a newsroom was told to be on screen,
                             `mark` → by which the last writing is known
ticker:{onair}:mos-life:ID   how often an item has come anew after it was taken away
"""

import secrets
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ticker.store import Client, ask
from ticker.stream import Keys
from workers.mos.newsroom import Place
from workers.mos.running_order import RunningOrder

KEY = "ticker:{onair}:mos"


class Carried(BaseModel):
    """What has become of an item: its headline, and how far it has come."""

    model_config = ConfigDict(frozen=True)
    id: str  # of the headline
    first: str  # the id of the first headline that the item was
    life: int  # how often it has come; each time it is a new headline
    version: int  # that we have written
    digest: str  # of what the newsroom wants
    released: bool = False  # handed on towards readers
    cleared: int = 0  # the version that we have cleared for the output, or left to others to clear
    refused: int = 0  # the version that the output refuses, of which the newsroom is told
    held: bool = False  # on the output, because it is not ready: by us, or by the gallery already
    over: str = ""  # why nothing more can be done with it


class Answer(BaseModel):
    """To the last message of a newsroom that changed something; without a reply as long as it is not carried out."""

    model_config = ConfigDict(frozen=True)
    id: str
    digest: str
    reply: str = ""


class Kept(NamedTuple):
    orders: dict[str, RunningOrder]
    carried: dict[str, dict[str, Carried]]  # by running order, then by `story/item`
    answers: dict[str, Answer]  # by newsroom
    order: list[str]


_CARRIED = TypeAdapter(dict[str, Carried])
_IDS = TypeAdapter(list[str])
_PLACES = TypeAdapter(set[Place])


class MosStore:
    """Every call raises a TickerError when Redis cannot do it."""

    def __init__(self, redis: Client, channel: str) -> None:
        self.redis = redis
        self._desk_meta = Keys.of(channel).desk_meta
        self._mark: str | None = None
        self._epoch: str | None = None

    async def holds(self) -> bool:
        """Whether Redis still has what was loaded and written last.

        It may have been restored or have lost its tail without a word: a client connects anew by itself. The desk is
        perhaps another node of a Cluster; of that the channel's epoch tells.
        """
        mark = await ask(self.redis, "hget", KEY, "mark")
        return mark == self._mark and await self._epoch_now() == self._epoch

    async def _epoch_now(self) -> str | None:
        epoch: str | None = await ask(self.redis, "hget", self._desk_meta, "epoch")
        return epoch

    async def load(self) -> Kept:
        await ask(self.redis, "hsetnx", self._desk_meta, "epoch", secrets.token_hex(4))
        self._epoch = await self._epoch_now()
        found = await ask(self.redis, "hgetall", KEY)
        self._mark = found.get("mark")
        kept = Kept({}, {}, {}, [])
        for field, raw in found.items():
            kind, _, name = field.partition(" ")
            match kind:
                case "ro" if raw:
                    kept.orders[name] = RunningOrder.model_validate_json(raw)
                case "carried" if raw:
                    kept.carried[name] = _CARRIED.validate_json(raw)
                case "answer":
                    kept.answers[name] = Answer.model_validate_json(raw)
                case "order":
                    kept.order.extend(_IDS.validate_json(raw))
        return kept

    async def accept(self, ro_id: str, order: RunningOrder | None, ncs_id: str, answer: Answer) -> None:
        """A running order as it is from now on; None when it is gone."""
        raw = order.model_dump_json() if order else ""
        await self._set({f"ro {ro_id}": raw, f"answer {ncs_id}": answer.model_dump_json()})

    async def remember(self, ncs_id: str, answer: Answer) -> None:
        await self._set({f"answer {ncs_id}": answer.model_dump_json()})

    async def carry(self, ro_id: str, carried: Mapping[str, Carried]) -> None:
        await self._set({f"carried {ro_id}": _CARRIED.dump_json(dict(carried)).decode() if carried else ""})

    async def say_order(self, ids: list[str]) -> None:
        await self._set({"order": _IDS.dump_json(ids).decode()})

    async def playing(self) -> set[Place]:
        return _PLACES.validate_json(await ask(self.redis, "hget", KEY, "playing") or "[]")

    async def say_playing(self, places: set[Place]) -> None:
        """Not marked: it is said beside all else, and told anew with each change."""
        await ask(self.redis, "hset", KEY, "playing", _PLACES.dump_json(places).decode())

    async def forget(self, ro_id: str) -> None:
        """Of a running order that is gone, once all of it is taken away."""
        await ask(self.redis, "hdel", KEY, f"ro {ro_id}", f"carried {ro_id}")

    async def life(self, headline_id: str) -> int:
        """1, or how often it comes: an item that is taken away and comes anew is a new headline."""
        return int(await ask(self.redis, "get", _life(headline_id)) or 1)

    async def set_life(self, headline_id: str, life: int, kept_ms: int) -> None:
        await ask(self.redis, "set", _life(headline_id), life, px=kept_ms)

    async def _set(self, fields: dict[str, str]) -> None:
        mark = secrets.token_hex(8)
        await ask(self.redis, "hset", KEY, mapping={**fields, "mark": mark})
        self._mark = mark  # if it was done and only the answer was lost, this is not ours: it is loaded


def _life(headline_id: str) -> str:
    return f"{KEY}-life:{headline_id}"
