"""What Redis knows of the outputs: their controls, where their playlists stand, and what has run.

ticker:{onair}:control              hash: output → its control, JSON
ticker:{onair}:current              hash: output → the playlist that pages have, and its anchor, JSON
ticker:{onair}:log                  stream: what has changed, for every process that follows
ticker:{onair}:pages                hash: `output page` → its last report, JSON
ticker:{onair}:as-run:OUTPUT        stream: what was on screen and who said what, hash-chained like an audit
ticker:{onair}:as-run-meta:OUTPUT   hash: the chain's last hash; by page the reports taken, and how much it has said
ticker:{onair}:plays:OUTPUT         hash: headline → how often it has run, and its last frame
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ticker.errors import TooMany
from ticker.onair.as_run import Ran
from ticker.onair.control import Control
from ticker.store import Client, Gone, refusal
from ticker.stream import TRIM

SCRIPT = Path(__file__).with_name("change.lua").read_text()

PREFIX = "ticker:{onair}:"
CONTROL, CURRENT, LOG, PAGES = (PREFIX + name for name in ("control", "current", "log", "pages"))
KEPT = 10_000  # entries of the log
BATCH = 500
BLOCK = 1_000  # ms
MOST_PAGES = 20  # of one output
EACH = 100  # ms that a report takes of its page's time, and each KB of what has run; an honest page says one a second
SAVED = 60_000  # ms of it that a page may take at once: what has run while no service answered


class Where(NamedTuple):
    """Where an output's as-run log is kept."""

    audit: str
    meta: str
    plays: str

    @classmethod
    def of(cls, output: str) -> "Where":
        return cls(*(f"{PREFIX}{name}:{output}" for name in ("as-run", "as-run-meta", "plays")))


class Told(NamedTuple):
    """An entry of the log: what has happened to an output, and when (ms)."""

    at: int
    output: str
    kind: str  # control, anchor or ran
    body: dict[str, Any]
    plays: Mapping[str, int]


class Known(NamedTuple):
    """All outputs as they were at one moment, and where the log stood then."""

    controls: Mapping[str, Control]
    current: Mapping[str, dict[str, Any]]
    plays: Mapping[str, Mapping[str, int]]
    after: str


class OnAirLog:
    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def load(self, outputs: Sequence[str]) -> Known:
        """Gone when Redis cannot say. What happens meanwhile is told again by the log, which does no harm."""
        pipe = self.redis.pipeline(transaction=False)
        pipe.xrevrange(LOG, count=1)
        pipe.hgetall(CONTROL)
        pipe.hgetall(CURRENT)
        for output in outputs:
            pipe.hgetall(Where.of(output).plays)
        last, controls, current, *plays = await pipe.execute()
        return Known(
            {name: Control.model_validate_json(raw) for name, raw in controls.items()},
            {name: json.loads(raw) for name, raw in current.items()},
            {name: _counts(kept) for name, kept in zip(outputs, plays, strict=True)},
            last[0][0] if last else "0-0",
        )

    async def follow(self, after: str) -> AsyncIterator[list[Told]]:
        """What comes after an entry, in batches; an empty one when nothing came for a while. Gone when Redis is.

        Ends when the log no longer holds the entry: it was lost or trimmed, and all must be loaded anew.
        """
        while True:
            pipe = self.redis.pipeline(transaction=False)
            pipe.xrange(LOG, after, after)
            pipe.xread({LOG: after}, count=BATCH, block=BLOCK)
            here, reply = await pipe.execute()
            if after != "0-0" and not here:
                return
            entries = reply[0][1] if reply else []
            if entries:
                after = entries[-1][0]
            yield [_told(entry_id, fields) for entry_id, fields in entries]

    async def control(self, output: str) -> tuple[Control, str]:
        """The control, and how it is kept. TickerError when Redis cannot say."""
        try:
            raw = await self.redis.hget(CONTROL, output)
        except Gone as error:
            raise refusal(error) from error
        return (Control.model_validate_json(raw) if raw else Control(), raw or "")

    async def set_control(self, output: str, found: str, control: Control, *entries: Mapping[str, Any]) -> bool:
        """False when it is no longer as it was found. TickerError when Redis cannot do it."""
        becomes, said = control.model_dump_json(), [Ran(entry) for entry in entries]
        return await self._change(CONTROL, output, (found, becomes), ("control", becomes), said) == "done"

    async def current(self, output: str) -> dict[str, Any] | None:
        """The playlist that pages have, if there are any. Gone when Redis cannot say."""
        raw = await self.redis.hget(CURRENT, output)
        found: dict[str, Any] | None = json.loads(raw) if raw else None
        return found

    async def set_current(self, output: str, playlist_id: str) -> bool:
        """Keep which playlist pages have. False when somebody else has kept one just now. Gone when Redis is."""
        raw = await self.redis.hget(CURRENT, output)
        if raw and json.loads(raw)["id"] == playlist_id:
            return True
        becomes = _dump({"id": playlist_id, "anchor": None})
        return await self._script(CURRENT, output, (raw or "", becomes), ("", ""), ()) == "done"

    async def set_anchor(self, output: str, playlist_id: str, anchor: Mapping[str, Any]) -> None:
        """The first one that is told of a playlist is its anchor."""
        raw = await self.redis.hget(CURRENT, output)
        kept = json.loads(raw) if raw else {}
        if kept.get("id") == playlist_id and kept["anchor"] is None:
            becomes = _dump({"id": playlist_id, "anchor": anchor})
            await self._script(CURRENT, output, (raw, becomes), ("anchor", becomes), ())

    async def add_report(
        self,
        output: str,
        page: str,
        boot: str,
        seq: int,
        ran: Sequence[Ran],
        covered: Sequence[Any],
        seen: Mapping[str, Any],
    ) -> None:
        """What a page says has run, once, and what else is kept of its report. TooMany when it says too much, or there
        are enough pages without it; TickerError when Redis cannot take it.
        """
        told = _dump({"ran": [one.entry for one in ran], "covered": list(covered)}) if ran or covered else ""
        report = (page, boot, seq, _dump(seen))
        match await self._change(CURRENT, output, ("", ""), ("ran", told), ran, report):
            case "often":
                raise TooMany("This page reports more than a page has to say; say it again in a second.", retry_after=1)
            case "many":
                raise TooMany(
                    f"This output has {MOST_PAGES} pages, and none is forgotten within a day; say at `/onair` which"
                    " of them were closed on purpose, or use one of their names."
                )

    async def pages(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The last report of each page, by output and name; in the order of their names, which a hash has not."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for name, raw in sorted((await self.redis.hgetall(PAGES)).items()):
            output, _, page = name.partition(" ")
            found.setdefault(output, {})[page] = json.loads(raw)
        return found

    async def forget_page(self, output: str, page: str) -> None:
        """Not which of its reports were taken: if it is there after all, it may say one of them again."""
        await self.redis.hdel(PAGES, f"{output} {page}")

    async def trim(self, output: str, *, before: int, frame: int, unseen: int) -> None:
        """Let go of as-run entries older than `before` (ms), of the plays of what last ran before a frame, and of pages
        that have not reported since `unseen` (ms).
        """
        where = Where.of(output)
        await self.redis.eval(TRIM, 2, where.audit, where.meta, f"{before}-0")
        plays = await self.redis.hgetall(where.plays)
        old = [one for one, count in plays.items() if int(count.split()[1]) < frame]
        if old:
            await self.redis.hdel(where.plays, *old)
        for page, seen in (await self.pages()).get(output, {}).items():
            if seen["seen_at"] < unseen:
                await self.forget_page(output, page)
        meta = await self.redis.hgetall(where.meta)
        reports = {name: kept.split()[1] for name, kept in meta.items() if name.startswith(("now:", "before:"))}
        reports |= {name: kept for name, kept in meta.items() if name.startswith("spent:")}
        old = [name for name, at in reports.items() if int(at) < unseen]
        if old:
            await self.redis.hdel(where.meta, *old)

    async def _change(self, *args: Any) -> str:
        try:
            return await self._script(*args)
        except Gone as error:
            raise refusal(error) from error

    async def _script(
        self,
        table: str,
        output: str,
        value: tuple[str, str],
        told: tuple[str, str],
        ran: Sequence[Ran],
        report: tuple[str, str, int | str, str] = ("", "", "", ""),
    ) -> str:
        where = Where.of(output)
        entries = [part for one in ran for part in (_dump(one.entry), one.id, one.first, one.last)]
        args = [output, *value, *told, KEPT, MOST_PAGES, EACH, SAVED, *report, *entries]
        keys = [table, LOG, where.audit, where.meta, where.plays, PAGES]
        done: str = await self.redis.eval(SCRIPT, len(keys), *keys, *args)
        return done


def _counts(kept: Mapping[str, str]) -> dict[str, int]:
    return {one: int(count.split()[0]) for one, count in kept.items()}


def _told(entry_id: str, fields: Mapping[str, str]) -> Told:
    counted = (line.rsplit(" ", 1) for line in fields.get("plays", "").splitlines())
    plays = {one: int(count) for one, count in counted}
    return Told(int(entry_id.partition("-")[0]), fields["output"], fields["kind"], json.loads(fields["body"]), plays)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
