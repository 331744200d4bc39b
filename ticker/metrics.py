"""What operators watch, in Prometheus's format. Read from the hub and from Redis when somebody asks.

Nothing here walks the connections: a scrape costs the same with ten thousand readers as with none.
"""

import asyncio
import contextlib
import os
import resource
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from ticker.errors import TickerError
from ticker.fanout.fanout import Fanout
from ticker.fanout.hub import Hub
from ticker.histogram import Histogram
from ticker.most_read.reads import Reads
from ticker.onair.playouts import Playouts
from ticker.sources import Sources, State
from ticker.store import Gone

CONTENT_TYPE = CONTENT_TYPE_LATEST
WITHIN = 1.0  # s that Redis has for its part; without it the rest is told
TRANSPORTS = ("sse", "websocket", "poll")

_started_at = time.time()


async def text(hub: Hub, reads: Reads, playouts: Playouts) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collected(await families(hub, reads, playouts)))
    return generate_latest(registry)


async def families(hub: Hub, reads: Reads, playouts: Playouts) -> list[Metric]:
    told = [*_readers(hub), *_channels(hub), *_health(hub), *_reads(reads), *_outputs(playouts), *_process()]
    for asked in await asyncio.gather(*map(_from_redis, (_behind(hub), _sources(hub), _on_air(playouts)))):
        told += asked
    return told


async def _from_redis(asked: Awaitable[list[Metric]]) -> list[Metric]:
    """Nothing while Redis is away or hangs: the rest must be told just then."""
    try:
        return await asyncio.wait_for(asked, WITHIN)
    except (TickerError, *Gone):
        return []


class _Collected:
    def __init__(self, families: list[Metric]) -> None:
        self.families = families

    def collect(self) -> list[Metric]:
        return self.families


def _readers(hub: Hub) -> Iterator[Metric]:
    connections = GaugeMetricFamily("ticker_connections", "Readers of this process", labels=["channel", "transport"])
    at_desks = GaugeMetricFamily("ticker_desk_connections", "Who follows a desk here", labels=["channel"])
    for name, desk in hub.desks.items():
        at_desks.add_metric([name], desk.counts.connections.total())
    snapshots = CounterMetricFamily(
        "ticker_snapshots", "Snapshots made instead of a resume", labels=["channel", "reason"]
    )
    for name, fanout in hub.fanouts.items():
        for transport in TRANSPORTS:
            connections.add_metric([name, transport], fanout.counts.connections[transport])
        for reason, count in fanout.counts.snapshots.items():
            snapshots.add_metric([name, reason], count)
    yield from (connections, at_desks, snapshots)


def _channels(hub: Hub) -> Iterator[Metric]:
    gauges: dict[str, tuple[str, Callable[[Fanout], float]]] = {
        "paused": ("Readers that take nothing just now", lambda fanout: fanout.paused),
        "buffered_bytes": ("Bytes that wait for paused readers", lambda fanout: fanout.buffered),
        "headlines": ("Headlines on the strip", lambda fanout: len(fanout.board)),
        "stale": ("1 while Redis is away", lambda fanout: fanout.stale),
        "stalled": ("1 while nothing goes on although Redis is there", hub.stalled),
    }
    counters: dict[str, tuple[str, Callable[[Fanout], float]]] = {
        "events": ("Events taken from the log", lambda fanout: fanout.counts.events),
        "writes": ("Writes to readers", lambda fanout: fanout.counts.delivered),
        "written_bytes": ("Bytes written to readers", lambda fanout: fanout.counts.bytes),
        "catchups": ("Slow readers caught up", lambda fanout: fanout.counts.catchups),
        "slow_closed": ("Readers closed for being too slow", lambda fanout: fanout.counts.slow),
    }
    for family_of, figures in ((GaugeMetricFamily, gauges), (CounterMetricFamily, counters)):
        for figure, (meaning, value) in figures.items():
            family = family_of(f"ticker_{figure}", meaning, labels=["channel"])
            for name, fanout in hub.fanouts.items():
                family.add_metric([name], value(fanout))
            yield family
    delays = (([name], fanout.counts.delay) for name, fanout in hub.fanouts.items())
    yield _histogram("ticker_delay_seconds", "From the log in Redis to the last write", ["channel"], delays)


def _health(hub: Hub) -> Iterator[Metric]:
    canary, lag = hub.canary, hub.lag
    yield _histogram("ticker_canary_seconds", "From before Redis to the write, of the canary", [], [([], canary.delay)])
    yield CounterMetricFamily("ticker_canary_sent", "Canaries that Redis has taken", value=canary.sent)
    yield CounterMetricFamily("ticker_canary_refused", "Canaries that Redis did not take", value=canary.refused)
    yield GaugeMetricFamily("ticker_canary_stalled", "1 while the canary does not come back", value=canary.stalled)
    yield _histogram("ticker_loop_lag_seconds", "How late the event loop wakes", [], [([], lag.seen)])
    yield GaugeMetricFamily("ticker_loop_lag_last_seconds", "How late it was the last time", value=lag.last)


def _process() -> Iterator[Metric]:
    """Under the names of prometheus_client's own collector, which lists every descriptor: 17 ms with 10,000 readers."""
    yield CounterMetricFamily("process_cpu_seconds", "CPU time, user and system", value=time.process_time())
    yield GaugeMetricFamily("process_start_time_seconds", "When it was started", value=_started_at)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield GaugeMetricFamily("process_max_fds", "Descriptors that it may have", value=most)
    with contextlib.suppress(OSError):  # no Linux
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        yield GaugeMetricFamily("process_resident_memory_bytes", "Memory in use", value=resident)
        fds = Path("/proc/self/fd")
        number = fds.stat().st_size or len(list(fds.iterdir()))  # Linux before 6.2 has no size for it
        yield GaugeMetricFamily("process_open_fds", "Descriptors in use", value=number)


def _histogram(
    name: str, meaning: str, labels: list[str], histograms: Iterable[tuple[list[str], Histogram]]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, meaning, labels=labels)
    for values, histogram in histograms:
        family.add_metric(values, histogram.buckets(), histogram.sum)
    return family


async def _behind(hub: Hub) -> list[Metric]:
    """What the log has and readers do not: asked of Redis, so that a follower that hangs does not hide it."""
    behind = GaugeMetricFamily("ticker_behind", "Events in the log not yet handed on", labels=["channel"])
    oldest = GaugeMetricFamily("ticker_behind_seconds", "Since the oldest of them came", labels=["channel"])
    for name, fanout in hub.fanouts.items():
        if fanout.position is not None and not fanout.stale:
            found = await hub.stream.waiting(name, fanout.position)
            # What has been handed on meanwhile was only on its way.
            waiting = [position.ms for position in found if position.offset > fanout.position.offset]
            behind.add_metric([name], len(waiting))
            oldest.add_metric([name], max(0, hub.stream.now() - waiting[0]) / 1000 if waiting else 0)
    return [behind, oldest]


def _reads(reads: Reads) -> Iterator[Metric]:
    beacons = CounterMetricFamily("ticker_reads", "Beacons by what became of them", labels=["channel", "outcome"])
    waiting = GaugeMetricFamily("ticker_reads_waiting", "Reads that are not in Redis yet", labels=["channel"])
    written = CounterMetricFamily("ticker_reads_written", "Reads by what Redis made of them", labels=["outcome"])
    for channel, counting in reads.counting.items():
        waiting.add_metric([channel], counting.size)
        for outcome, count in counting.outcomes.items():
            beacons.add_metric([channel, outcome], count)
    for fate in ("written", "repeats", "unregistered", "lost"):
        written.add_metric([fate], getattr(reads, fate))
    yield from (beacons, waiting, written)


def _outputs(playouts: Playouts) -> Iterator[Metric]:
    following = GaugeMetricFamily("ticker_onair_streams", "Pages that follow an output here", labels=["output"])
    for playout in playouts:
        following.add_metric([playout.output.name], playout.streams)
    yield following


async def _on_air(playouts: Playouts) -> list[Metric]:
    """What the pages of the outputs say is on their screens, and what is wrong with that."""
    age = GaugeMetricFamily(
        "ticker_onair_confirmed_age_seconds", "Since a page said what is on its screen", labels=["output", "page"]
    )
    dropped = GaugeMetricFamily("ticker_onair_dropped", "Frames that a page has lost", labels=["output", "page"])
    wrong = GaugeMetricFamily("ticker_onair_alarm", "1 while this is wrong with an output", labels=["output", "code"])
    up = GaugeMetricFamily(
        "ticker_onair_target_up", "1 while a system has what is pushed to it", labels=["output", "system"]
    )
    pages, targets = await playouts.told_of(*playouts)
    now = playouts.now()
    for target in targets:
        up.add_metric([target.output, target.system], target.is_up(now))
    for playout in playouts:
        name, known = playout.output.name, pages.get(playout.output.name, {})
        for page, seen in known.items():
            age.add_metric([name, page], max(0, now - seen["seen_at"]) / 1000)
            dropped.add_metric([name, page], seen["dropped"])
        if (known or playout.output.systems) and playout.playlist is not None:
            pushed = [target for target in targets if target.output == name]
            for code in {alarm.code for alarm in playouts.wrong(playout, list(known.values()), pushed)}:
                wrong.add_metric([name, code], 1)
    return [age, dropped, up, wrong]


async def _sources(hub: Hub) -> list[Metric]:
    """What the ingest workers have written down of each source."""
    states = await Sources(hub.stream.redis).states()
    now = hub.stream.now()
    entries = CounterMetricFamily(
        "ticker_source_entries", "Entries by what became of them", labels=["source", "outcome"]
    )
    gauges: dict[str, tuple[str, Callable[[State], float]]] = {
        "failures": ("Polls that have failed in a row", lambda state: state.failures),
        "quiet": ("1 when nothing new has come for longer than expected", lambda state: state.quiet),
        "silence_seconds": ("Since something new came", lambda state: (now - (state.new_at or state.since)) / 1000),
        "poll_age_seconds": ("Since the last poll", lambda state: (now - state.polled_at) / 1000),
    }
    families: list[Metric] = [entries]
    for name, (meaning, value) in gauges.items():
        family = GaugeMetricFamily(f"ticker_source_{name}", meaning, labels=["source"])
        for source, state in states.items():
            family.add_metric([source], max(0, value(state)))
        families.append(family)
    for source, state in states.items():
        for outcome, count in state.counts.items():
            entries.add_metric([source, outcome], count)
    return families
