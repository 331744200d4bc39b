"""How exact the lists are: `python -m benchmarks.exact`; a million reads, or `--reads`.

They go through everything but HTTP, and every day of ten all lists of the channel, of a section and of a region are
compared with every read decayed by itself. What Redis was busy with is told beside it.
"""

import argparse
import sys

import uvloop

from benchmarks.beacon import a_redis
from tests.drift import Drift
from tests.servers import RedisServer
from ticker.most_read.ranking import HOUR, LISTS, Window
from ticker.most_read.scope import Scope
from ticker.store import connect

STORIES, DAYS = 500, 10


async def run(url: str, reads: int) -> None:
    async with connect(url) as redis:
        drift = Drift(redis, STORIES, seed=1)
        looks = [look async for look in drift.compare(reads, DAYS * 24 * HOUR, DAYS)]
        written, keys = drift.reads, [Scope("en").ranking(window) for window in Window]
        bytes_ = [await redis.memory_usage(key, samples=0) / await redis.zcard(key) for key in keys]
    print(f"{written.written:,} reads written, {written.repeats:,} taken for repeats, {written.lost:,} lost")
    for name in LISTS:
        found = [one for look in looks for one in look if one.name == name]
        rows, right = sum(one.rows for one in found), sum(one.in_place for one in found)
        recall, error = min(one.recall for one in found), max(one.error for one in found)
        print(
            f"  {name:<6} {len(found)} lists: recall@10 {recall:.3f} at least, {right:,} of {rows:,} rows in their"
            f" exact place, largest error of a count {error:.0e}"
        )
    print(f"  memory of a ranking: {max(bytes_):.0f} bytes a story")


def say_redis(server: RedisServer) -> None:
    with server.client as client:
        stats, slow = client.info("commandstats"), client.slowlog_get(128)
        latency = client.info("latencystats") if "redis_version" in client.info("server") else {}
    for name, one in sorted(stats.items()):
        if one["calls"] > 50 or name.endswith("zunionstore"):
            percentiles = latency.get(name.replace("cmdstat_", "latency_percentiles_usec_"), {})
            told = f"p50 {percentiles['p50']:.0f}, p99 {percentiles['p99']:.0f} µs" if "p99" in percentiles else ""
            print(
                f"  {name.removeprefix('cmdstat_'):<18} {one['calls']:>9,} calls {one['usec_per_call']:6.1f} µs {told}"
            )
    print(f"  over 1 ms: {len(slow)} of the last 128 noted")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exact", description="How exact the lists are.")
    parser.add_argument("--reads", type=int, default=1_000_000)
    given = parser.parse_args(argv)
    with a_redis() as server:
        uvloop.run(run(server.url, given.reads))
        say_redis(server)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
