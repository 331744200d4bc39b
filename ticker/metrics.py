"""What operators watch, in Prometheus's format. Read from the hub and from Redis when somebody asks."""

from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ticker.errors import TickerError
from ticker.hub import Hub
from ticker.reads import Reads
from ticker.sources import Sources, State

CONTENT_TYPE = CONTENT_TYPE_LATEST


async def text(hub: Hub, reads: Reads) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collected([*_channels(hub), *_reads(reads), *await _sources(hub)]))
    return generate_latest(registry)


class _Collected:
    def __init__(self, families: list[Metric]) -> None:
        self.families = families

    def collect(self) -> list[Metric]:
        return self.families


def _channels(hub: Hub) -> Iterator[Metric]:
    connections = GaugeMetricFamily("ticker_connections", "Readers of this process", labels=["channel", "transport"])
    paused = GaugeMetricFamily("ticker_paused", "Readers that take nothing just now", labels=["channel"])
    headlines = GaugeMetricFamily("ticker_headlines", "Headlines on the strip", labels=["channel"])
    stale = GaugeMetricFamily("ticker_stale", "1 while Redis is away", labels=["channel"])
    delivered = CounterMetricFamily("ticker_writes", "Writes to readers", labels=["channel"])
    catchups = CounterMetricFamily("ticker_catchups", "Slow readers caught up", labels=["channel"])
    slow = CounterMetricFamily("ticker_slow_closed", "Readers closed for being too slow", labels=["channel"])
    snapshots = CounterMetricFamily(
        "ticker_snapshots", "Snapshots made instead of a resume", labels=["channel", "reason"]
    )
    for name, fanout in hub.fanouts.items():
        by_transport: dict[str, int] = {"sse": 0, "websocket": 0, "poll": 0}
        for subscriber in fanout.subscribers():
            by_transport[subscriber.transport] = by_transport.get(subscriber.transport, 0) + 1
        for transport, count in by_transport.items():
            connections.add_metric([name, transport], count)
        paused.add_metric([name], fanout.paused)
        headlines.add_metric([name], len(fanout.board))
        stale.add_metric([name], fanout.stale)
        delivered.add_metric([name], fanout.counts.delivered)
        catchups.add_metric([name], fanout.counts.catchups)
        slow.add_metric([name], fanout.counts.slow)
        for reason, count in fanout.counts.snapshots.items():
            snapshots.add_metric([name, reason], count)
    yield from (connections, paused, headlines, stale, delivered, catchups, slow, snapshots)


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


async def _sources(hub: Hub) -> list[Metric]:
    """What the ingest workers have written down of each source. Nothing while Redis is away."""
    try:
        states = await Sources(hub.stream.redis).states()
    except TickerError:
        return []
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
