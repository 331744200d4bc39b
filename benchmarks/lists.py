"""What the most-read lists cost the scheduler: `python -m benchmarks.lists`.

A channel with 50 sections and 2,000 stories that were read for a day, on a Redis of its own. Then looks, two seconds
of the clock apart, with more or less read between one and the next; nothing waits for real time. What counts is the
CPU time of this process for a look, and that of Redis, medians over the looks.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.beacon import BROWSER, a_redis
from ticker.channel import Channel, MostRead
from ticker.most_read.lists import Lists
from ticker.most_read.ranking import HOUR
from ticker.most_read.reads import Reads
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import StoryDraft, story_id
from ticker.store import connect

SECTIONS, STORIES, READS = 50, 2_000, 150_000
CHANNEL = Channel(name="en", most_read=MostRead(hosts=("news.example.org",), network_reads=10**6))
LINKS = [f"https://news.example.org/{number}" for number in range(STORIES)]
IDS = [story_id(link) for link in LINKS]
START = 1_795_424_400_000  # ms
EVERY = 2_000  # ms between two looks
BETWEEN = {"nothing read": 0, "1 read": 1, "20 reads": 20, "400 reads": 400, "4,000 reads": 4_000}


class Site:
    """Readers who like the first stories of each section best, and a scheduler's lists."""

    def __init__(self, redis: Any) -> None:
        self.redis, self.now = redis, START
        self.reads = Reads(redis, {"en": CHANNEL}, lambda: self.now)
        self.lists = Lists(Stories(redis))
        self.chance = random.Random(4)
        self.liked = [1 / (20 + number // SECTIONS) for number in range(STORIES)]
        self.reader = 0

    async def register(self) -> None:
        for number, link in enumerate(LINKS):
            section = f"Section {number % SECTIONS}"
            draft = StoryDraft(title=f"What has happened in place {number}", link=link, section=section)
            await self.lists.stories.register(CHANNEL, draft, START)
        await self.reads.turn()

    async def read(self, times: int) -> None:
        for story in self.chance.choices(IDS, self.liked, k=times):
            self.reader += 1
            address = f"{10 + (self.reader >> 16)}.{self.reader >> 8 & 255}.{self.reader & 255}.1"
            self.reads.count("en", f"s={story}&d=9", address, BROWSER)
        await self.reads.turn(all_=True)

    async def look(self) -> tuple[float, float]:
        """Milliseconds of this process's CPU and of Redis's."""
        redis, ours = await self._redis_ms(), time.process_time()
        await self.lists.make(CHANNEL, self.now)
        ours = (time.process_time() - ours) * 1000
        self.now += EVERY
        return ours, await self._redis_ms() - redis

    async def _redis_ms(self) -> float:
        cpu = await self.redis.info("cpu")
        return float(cpu["used_cpu_user"] + cpu["used_cpu_sys"]) * 1000

    async def listed(self) -> int:
        kept = await self.redis.hgetall(Scope("en", "section", "Section 0").lists)
        return sum(row.count('"rank"') for name, row in kept.items() if not name.startswith("told"))


async def run(url: str, looks: int) -> None:
    async with connect(url) as redis:
        site = Site(redis)
        await site.register()
        for _ in range(READS // 2_000):
            site.now += 24 * HOUR * 2_000 // READS
            await site.read(2_000)
        ours, theirs = await site.look()
        print(f"{'the first look':<16} {ours:8.1f} ms, Redis {theirs:6.1f}; {await site.listed()} rows in a section")
        for name, reads in BETWEEN.items():
            found = []
            for _ in range(looks):
                await site.read(reads)
                found.append(await site.look())
            _say(name, found)


def _say(name: str, found: Sequence[tuple[float, float]]) -> None:
    ours, theirs = sorted(one for one, _ in found), [one for _, one in found]
    middle, most = statistics.median(ours), ours[-1]
    print(f"{name:<16} {middle:8.1f} ms ({ours[0]:.1f} to {most:.1f}), Redis {statistics.median(theirs):6.1f}")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists", description="What the lists cost.")
    parser.add_argument("--looks", type=int, default=30)
    given = parser.parse_args(argv)
    with a_redis() as server:
        asyncio.run(run(server.url, given.looks))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
