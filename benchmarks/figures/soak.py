"""Much is published to many, and everything accepted must reach everyone once."""

import statistics
import time

from benchmarks import machine
from benchmarks.figures.measure import SETTLE
from benchmarks.figures.options import Options
from benchmarks.load import Heard, Load
from benchmarks.project import CHANNEL, TICKER_SSE
from benchmarks.publisher import Accepted, Writers
from benchmarks.report import Bars, Figure, Table, say

WRITERS = 8


def soak(options: Options) -> Figure:
    seconds, readers = options.window(60, 6), options.readers(500, 100)
    events = round(options.rate * seconds)
    with TICKER_SSE.running() as running:
        sse = readers // 2
        with Load(running, sse=sse, ws=readers - sse, ws_path=f"{CHANNEL}/ws", most_events=events) as load:
            load.open()
            time.sleep(SETTLE)
            load.begin()
            before, start = machine.cpu_seconds(running.pid), time.monotonic()
            writers = Writers(running.publisher, WRITERS, events, options.rate)
            while not writers.done:
                time.sleep(2)
                say(f"soak: {len(writers.accepted.ids)} of {events} accepted")
            writers.join()
            took = time.monotonic() - start
            cpu = machine.cpu_seconds(running.pid) - before
            load.settle(len(writers.accepted.ids) * readers)
            heard = load.end(events, writers.accepted.ids)
    return _figure(writers.accepted, heard, options.rate, took, cpu)


def _figure(accepted: Accepted, heard: Heard, rate: int, took: float, cpu: float) -> Figure:
    lost = sum(readers for event, readers in heard.missing.items() if event in accepted.ids)
    refused = ", ".join(f"{n} × {status}" for status, n in accepted.refused.items()) or "0"
    answers = statistics.quantiles(accepted.seconds, n=100)[98] * 1000 if len(accepted.seconds) > 1 else 0
    rows = [
        ["accepted a second", f"{len(accepted.ids) / took:.1f} (wanted {rate})"],
        ["accepted", f"{len(accepted.ids):,} in {took:.1f} s"],
        ["refused", refused],
        ["answer p99, ms", f"{answers:.1f}"],
        ["readers", f"{heard.connections} ({heard.closed} cut off)"],
        ["deliveries", f"{heard.deliveries:,} ({heard.deliveries / took:,.0f} a second)"],
        ["lost", str(lost)],
        ["repeated", str(heard.repeated)],
        ["gone again before they came (net change)", str(heard.net)],
        ["removals, snapshots", f"{heard.removals:,}, {heard.snapshots:,}"],
        [
            "delivery p50 / p99 / max, ms",
            f"{heard.latency.p50:.1f} / {heard.latency.p99:.1f} / {heard.latency.max:.1f}",
        ],
        ["last reader p50 / p99, ms", f"{heard.last.p50:.1f} / {heard.last.p99:.1f}"],
        ["server CPU", f"{cpu / took * 100:.0f} %"],
    ]
    return Figure(
        name="soak",
        title=f"{rate} publishes/s to {heard.connections} readers",
        tables=[Table("", ["", "soak"], rows)],
        picture=Bars("ms", {"p50": heard.latency.p50, "p99": heard.latency.p99, "max": heard.latency.max}),
        notes=["Half of the readers on SSE, half on WebSocket; every accepted headline must reach each of them once."],
        failed=bool(lost or heard.repeated or not accepted.ids),
    )
