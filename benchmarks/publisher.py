"""Whoever publishes: one connection that posts drafts, each with the moment at which it was sent in its text."""

import itertools
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

TEXT_LENGTH = 70  # characters of a headline

Draft = Callable[[int, str], bytes]  # of an event's number and text


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def headline_id(self) -> str:
        return str(json.loads(self.body)["id"])


class Publisher:
    """One keep-alive connection that posts. Written by hand: between the time stamp and the wire lies only `send`."""

    def __init__(self, port: int, path: str, draft: Draft, key: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._draft = draft
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        self._head += f"Authorization: Bearer {key}\r\n" if key else ""

    def publish(self, event: int) -> Answer:
        body = self._draft(event, f"n={event} t={time.monotonic_ns()} ".ljust(TEXT_LENGTH, "x"))
        self._socket.sendall(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return self._answer()

    def _answer(self) -> Answer:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        size = int((head.lower().partition(b"content-length:")[2] or b"0").split(b"\r\n")[0])
        while len(body) < size:
            body += self._more()
        return Answer(int(head.split(b" ", 2)[1]), body)

    def _more(self) -> bytes:
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError("The server has hung up on a publisher.")
        return more

    def close(self) -> None:
        self._socket.close()


NewPublisher = Callable[[], Publisher]


def publish_steadily(new: NewPublisher, events: int, rate: float, first: int = 0) -> dict[int, str]:
    """Events `first` and on, `rate` a second, each of which must be accepted. Their headlines' ids, if any."""
    publisher = new()
    ids = {}
    start = time.monotonic()
    for turn in range(events):
        sleep_until(start + turn / rate)
        answer = publisher.publish(first + turn)
        if answer.status >= 300:
            raise RuntimeError(f"A publish was refused: {answer.status} {answer.body.decode()}")
        if answer.status == 201 and answer.body.startswith(b'{"id"'):
            ids[first + turn] = answer.headline_id
    sleep_until(start + events / rate)
    publisher.close()
    return ids


def sleep_until(moment: float) -> None:
    time.sleep(max(0, moment - time.monotonic()))


@dataclass
class Accepted:
    """What several writers at once were answered."""

    ids: dict[int, str] = field(default_factory=dict)  # event: its headline
    refused: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # that each answer took
    stop: threading.Event = field(default_factory=threading.Event)


class Writers:
    """Several publishers at once: as fast as they are answered, or, given a `rate`, no faster than that together."""

    def __init__(self, new: NewPublisher, writers: int, events: int, rate: float | None = None) -> None:
        self.accepted = Accepted()
        self._new, self._events, self._rate = new, events, rate
        self._turns = itertools.count()
        self._start = time.monotonic()
        self._threads = [threading.Thread(target=self._write, daemon=True) for _ in range(writers)]
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        self.accepted.stop.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        publisher = self._new()
        while not self.accepted.stop.is_set() and (event := next(self._turns)) < self._events:
            if self._rate:
                sleep_until(self._start + event / self._rate)
            self._once(publisher, event)
        publisher.close()

    def _once(self, publisher: Publisher, event: int) -> None:
        sent = time.monotonic()
        answer = publisher.publish(event)
        self.accepted.seconds.append(time.monotonic() - sent)
        if answer.status < 300:
            self.accepted.ids[event] = answer.headline_id if answer.body.startswith(b'{"id"') else ""
        else:
            self.accepted.refused[str(answer.status)] += 1
