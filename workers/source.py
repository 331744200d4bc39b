"""One source: ask, read, match, hand in, remember. Nothing that a source does ends this, or costs another its turn."""

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ticker.dead import Dead, Letter
from ticker.desk.desk import Desk
from ticker.errors import TickerError, Unavailable
from ticker.seen import Known, Seen
from ticker.settings import SourceSettings
from ticker.sources import Sources, State
from workers import fetch, match, parse
from workers.deliver import Delivery
from workers.fetch import Fetched, Fetcher, NotModified, Request
from workers.identity import Matched, identify
from workers.parse import Parser
from workers.sources import Document

FAILURES_APART = 3600  # s at most between two polls of a source that fails
GONE_APART = 24 * 3600  # s between two polls of a source that says it is gone for good
SOON = 2.0  # s until the next try when it was the desk that could not
JITTER = 0.1  # of the interval, so that sources that began together do not stay together
FORGET_AFTER = 30 * 24 * 3600 * 1000  # ms for which an entry that has left its document is remembered
PRUNE_EVERY = 24 * 3600 * 1000  # ms
MOST_DOUBLINGS = 12

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What every source is polled with."""

    fetcher: Fetcher
    parser: Parser
    desk: Desk
    sources: Sources
    dead: Dead

    def now(self) -> int:
        return self.desk.stream.now()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a poll went: what was done how often, and when to come again (ms)."""

    next_at: int
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str = ""


class Source:
    def __init__(
        self, settings: SourceSettings, tools: Tools, *, holder: str = "", chance: Callable[[], float] = random.random
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.tools = tools
        self.holder = holder
        self._chance = chance

    async def poll(self) -> Outcome:
        """TickerError only where Redis does not answer; a fault of the source, or of ours, is in the outcome."""
        state = await self.tools.sources.state(self.name)
        try:
            return await self._poll(state)
        except TickerError:
            raise
        except Exception as error:
            logger.exception("%s: a fault of ours", self.name)
            return await self._failed(state, fetch.Failed(f"A fault of ours: {type(error).__name__}."))

    async def _poll(self, state: State) -> Outcome:
        answer = await self.tools.fetcher.fetch(self._request(state))
        if isinstance(answer, fetch.Failed):
            return await self._failed(state, answer)
        if isinstance(answer, NotModified):
            return await self._succeeded(state, Counter(unchanged=1), answer, more=False)
        document = await self.tools.parser.parse(answer.body, answer.content_type, answer.url, self.tools.now())
        if isinstance(document, parse.Failed):
            await self._bury(answer, document.reason)
            return await self._failed(state, fetch.Failed(document.reason))
        try:
            counts, more = await self.hand_in(document, answer.url)
        except Unavailable as error:
            return await self._postponed(error)
        return await self._succeeded(state, counts, answer, more=more)

    async def hand_in(self, document: Document, url: str) -> tuple[Counter[str], bool]:
        """What was done, and whether there is more to do. Unavailable when the desk cannot take it now."""
        matched = identify(document, self.settings)
        known = await self.tools.sources.known(self.name, matched.ids, matched.aliases)
        plan = match.decide(matched, known, self.settings, self.tools.now())
        delivery = Delivery(self.settings, self.tools.desk, self.tools.dead, url)
        counts: Counter[str] = Counter()
        done: dict[str, Seen] = {}
        try:
            for action in plan.actions:
                outcome, seen = await delivery.do(action)
                done[action.id] = seen
                counts[outcome] += 1
        finally:
            await self._remember(matched, known, done)
        return counts, plan.more or counts["adopted"] > 0

    def _request(self, state: State) -> Request:
        """Where it has moved to. That may have been a mistake: while it fails, the settings' address has every other
        turn.
        """
        if state.configured != self.settings.url or (state.url and state.failures % 2):
            return Request(self.settings.url, allow_private=self.settings.allow_private)
        return Request(state.url or self.settings.url, state.etag, state.last_modified, self.settings.allow_private)

    def _moved_to(self, state: State) -> str:
        """Empty when it was the settings' address that was asked."""
        url = self._request(state).url
        return url if url != self.settings.url else ""

    async def _remember(self, matched: Matched, known: Known, done: Mapping[str, Seen]) -> None:
        aliases: dict[str, str] = {}
        for one in matched.matches:
            headline = one.id if one.id in done or one.id in known.entries else known.aliases.get(one.alias or "")
            if one.alias and headline is not None and headline in done and known.aliases.get(one.alias) != headline:
                aliases[one.alias] = headline
        await self.tools.sources.remember(self.name, done, aliases)

    # --- how it went ----------------------------------------------------------------------------------------------

    async def _succeeded(
        self, state: State, counts: Counter[str], answer: Fetched | NotModified, *, more: bool
    ) -> Outcome:
        now = self.tools.now()
        new = any(counts[name] for name in ("published", "drafted", "updated", "corrected", "retracted"))
        new_at = now if new else state.new_at
        silent_since = max(new_at, state.since or now)
        quiet = now - silent_since > self.settings.quiet_after * 1000
        if quiet and not state.quiet:
            logger.warning("%s: nothing new for more than %d s", self.name, self.settings.quiet_after)
        if state.failures:
            logger.info("%s: works again after %d failures", self.name, state.failures)
        next_at = now + self._spread(self.settings.every)
        counts["polls"] += 1
        await self._save(
            now, state, counts, next_at,
            # With entries left over, the same document must come again.
            etag="" if more else answer.etag,
            last_modified="" if more else answer.last_modified,
            url=answer.moved_to or self._moved_to(state),
            failures=0, error="", ok_at=now, new_at=new_at, quiet=int(quiet),
        )  # fmt: skip
        await self._prune(state, now)
        return Outcome(next_at, counts)

    async def _failed(self, state: State, failed: fetch.Failed) -> Outcome:
        now = self.tools.now()
        failures = state.failures + 1
        if failed.reason != state.error:
            logger.warning("%s: %s", self.name, failed.reason)
        every = self.settings.every
        most = max(every, min(FAILURES_APART, every * 2 ** min(failures, MOST_DOUBLINGS)))
        wait = every + self._chance() * (most - every)
        gone = failed.gone and not self._moved_to(state)
        wait = max(wait, failed.retry_after or 0, GONE_APART if gone else 0)
        next_at = now + round(wait * 1000)
        counts = {"polls": 1, "failed": 1}
        await self._save(now, state, counts, next_at, failures=failures, error=failed.reason)
        return Outcome(next_at, counts, failed.reason)

    async def _postponed(self, error: Unavailable) -> Outcome:
        """It is not the source's fault: nothing of it is counted against it, and it is asked again soon."""
        logger.warning("%s: %s", self.name, error.detail)
        next_at = self.tools.now() + round(max(SOON, error.retry_after) * 1000)
        return Outcome(next_at, {"postponed": 1}, error.detail)

    async def _save(self, now: int, state: State, counts: Mapping[str, int], next_at: int, **fields: str | int) -> None:
        since = state.since or now
        fields |= {"polled_at": now, "since": since, "next_at": next_at, "holder": self.holder}
        fields["configured"] = self.settings.url
        if state.configured != self.settings.url:
            fields = {"url": "", "etag": "", "last_modified": "", **fields}
        await self.tools.sources.save(self.name, counts=counts, **fields)

    async def _prune(self, state: State, now: int) -> None:
        if now - state.pruned_at > PRUNE_EVERY:
            await self.tools.sources.prune(self.name, now - FORGET_AFTER)
            await self.tools.sources.save(self.name, pruned_at=now)

    async def _bury(self, answer: Fetched, reason: str) -> None:
        letter = Letter(
            source=self.name, channel=self.settings.channel, at=self.tools.now(), reason=reason, url=answer.url,
            content_type=answer.content_type, body=answer.body, kind="document",
        )  # fmt: skip
        try:
            await self.tools.dead.add(letter)
        except TickerError as error:
            logger.warning("%s: a dead letter is lost: %s", self.name, error.detail)

    def _spread(self, seconds: float) -> int:
        return round(seconds * 1000 * (1 + JITTER * (2 * self._chance() - 1)))
