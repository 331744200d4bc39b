"""Pages that report reads at a set rate: `python -m benchmarks.reading PORT READS_A_SECOND SECONDS`.

In a process of its own, so that neither the readers of the stream nor whoever publishes waits for it. It says `ready`
when it has connected, begins at the first line it is given, sends by the clock, however fast it is answered, over
connections that are kept, and prints what came of it as JSON.
"""

import asyncio
import itertools
import json
import math
import os
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import uvloop

from benchmarks import machine
from benchmarks.beacon import requests

CONNECTIONS = 64
TICK = 0.01  # s
PATIENCE = 5  # s until the last answer


@dataclass(frozen=True)
class Answers:
    sent: int
    answered: int
    p50: float  # ms from when a read was due to its answer
    p99: float
    seconds: float


class Page(asyncio.Protocol):
    """One kept connection: what is due while it waits for an answer is sent after that."""

    def __init__(self, took: list[float]) -> None:
        self.took = took
        self.due: deque[tuple[float, bytes]] = deque()
        self.sent_at = 0.0  # 0: nothing is on its way

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def report(self, now: float, request: bytes) -> None:
        self.due.append((now, request))
        if not self.sent_at:
            self._send()

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 204"), data
        self.took.append(time.monotonic() - self.sent_at)
        self.sent_at = 0.0
        if self.due:
            self._send()

    def _send(self) -> None:
        self.sent_at, request = self.due.popleft()
        self.transport.write(request)


async def read(port: int, rate: int, seconds: float) -> Answers:
    loop, took, source = asyncio.get_running_loop(), list[float](), requests()
    made = [await loop.create_connection(lambda: Page(took), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    pages = itertools.cycle(page for _, page in made)
    print("ready", flush=True)
    sys.stdin.readline()  # until we are told: what a process needs to start is no part of the load
    start, sent, wanted = time.monotonic(), 0, round(rate * seconds)
    while sent < wanted:
        due = min(wanted, math.ceil((time.monotonic() - start) * rate))
        for request in itertools.islice(source, due - sent):
            next(pages).report(time.monotonic(), request)
            sent += 1
        await asyncio.sleep(TICK)
    elapsed = time.monotonic() - start
    for _ in range(round(PATIENCE / TICK)):
        if len(took) == sent:
            break
        await asyncio.sleep(TICK)
    in_order = sorted(took)
    p50, p99 = (in_order[int(len(in_order) * share)] * 1000 if in_order else math.inf for share in (0.5, 0.99))
    return Answers(sent, len(took), p50, p99, elapsed)


def main(argv: list[str]) -> int:
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    answers = uvloop.run(read(int(argv[0]), int(argv[1]), float(argv[2])))
    print(json.dumps(asdict(answers)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
