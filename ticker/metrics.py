"""What operators watch, in Prometheus's format. Read from the hub and from Redis when somebody asks."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ticker.hub import Hub

CONTENT_TYPE = CONTENT_TYPE_LATEST


async def text(hub: Hub) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collected([*_channels(hub)]))
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
