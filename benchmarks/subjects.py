"""What is measured: this project as a user starts it, the floor, and the usual ways."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine

ROOT = machine.HERE.parent
TEXT_LENGTH = 70  # characters of a headline
PLAIN_SIZE = 400  # bytes of a message, where this project has not been asked how long its own are
PATIENCE = 20  # s that a server may take to start


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def headline_id(self) -> str:
        return str(json.loads(self.body)["id"])


class Publisher:
    """One keep-alive connection that posts. Written by hand: between the time stamp and the wire lies only `send`."""

    def __init__(self, port: int, path: str, draft: Callable[[str], bytes], key: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._draft = draft
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        self._head += f"Authorization: Bearer {key}\r\n" if key else ""

    def publish(self, event: int) -> Answer:
        body = self._draft(f"n={event} t={time.monotonic_ns()} ".ljust(TEXT_LENGTH, "x"))
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


@dataclass(frozen=True)
class Running:
    """A subject that serves."""

    pid: int
    port: int
    sse_path: str
    ws_path: str
    publisher: Callable[[], Publisher]


@dataclass(frozen=True)
class Subject:
    name: str  # of the command line and of the tables
    kind: str  # "sse" or "ws"
    start: Callable[[int], Iterator[Running]]  # given the bytes a message should have

    @contextmanager
    def running(self, size: int = PLAIN_SIZE) -> Iterator[Running]:
        with contextmanager(self.start)(size) as running:
            yield running


# --- processes ------------------------------------------------------------------------------------------------------


@contextmanager
def _process(command: list[str], core: int, ready: Callable[[], bool], env: dict[str, str]) -> Iterator[int]:
    with tempfile.TemporaryFile() as log:
        with machine.pinned(core):
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            _await(process, command, ready, log.fileno())
            yield process.pid
        finally:
            _end(process)


def _await(process: "subprocess.Popen[bytes]", command: list[str], ready: Callable[[], bool], log: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            said = os.pread(log, 1 << 16, 0).decode(errors="replace")[-3000:]
            raise RuntimeError(f"`{' '.join(command)}` does not serve. It said:\n{said}")
        time.sleep(0.05)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _readyz(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
            probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return probe.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


# --- the comparison -------------------------------------------------------------------------------------------------


def _plain(size: int) -> Callable[[str], bytes]:
    """A message of `size` bytes, shaped as this project's, encoded by the publisher already."""

    def draft(text: str) -> bytes:
        head, tail = f'{{"type":"published","headline":{{"text":"{text}', '"}}'
        return (head.ljust(size - len(tail), "x") + tail).encode()

    return draft


def _floor(size: int) -> Iterator[Running]:
    port = machine.free_port()
    command = [str(machine.compiled("floor")), str(port)]
    with _process(command, machine.SERVER_CORE, lambda: _listens(port), {}) as pid:
        yield Running(pid, port, "/", "/", lambda: Publisher(port, "/", _plain(size)))


def _queue(sse_path: str) -> Callable[[int], Iterator[Running]]:
    def start(size: int) -> Iterator[Running]:
        port = machine.free_port()
        command = [sys.executable, "-m", "uvicorn", "benchmarks.queue_app:app", "--port", str(port)]
        command += ["--no-access-log", "--log-level", "warning"]
        with _process(command, machine.SERVER_CORE, lambda: _listens(port), {}) as pid:
            yield Running(pid, port, sse_path, "/ws", lambda: Publisher(port, "/publish", _plain(size)))

    return start


def _broadcast(size: int) -> Iterator[Running]:
    port, publish_port = machine.free_port(), machine.free_port()
    command = [sys.executable, "-m", "benchmarks.broadcast_app", str(port), str(publish_port)]
    with _process(command, machine.SERVER_CORE, lambda: _listens(port), {}) as pid:
        yield Running(pid, port, "/", "/", lambda: Publisher(publish_port, "/", _plain(size)))


# --- this project ---------------------------------------------------------------------------------------------------


def _ticker(_size: int) -> Iterator[Running]:
    port = machine.free_port()
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        redis = data / "redis.sock"
        env = {
            "TICKER_BIND": f"127.0.0.1:{port}",
            "TICKER_DATA": str(data),
            "TICKER_CONFIG": str(data / "ticker.toml"),  # there is none: the channels as they come
            "TICKER_REDIS_URL": f"unix://{redis}",
            "TICKER_DEMO": "0",
        }
        stack.enter_context(_redis(redis))
        key = _key(env)
        command = [sys.executable, "-m", "ticker", "web"]
        pid = stack.enter_context(_process(command, machine.SERVER_CORE, lambda: _readyz(port), env))
        channel = "/v1/channels/en"

        def publisher() -> Publisher:
            return Publisher(port, f"{channel}/headlines", lambda text: json.dumps({"text": text}).encode(), key)

        yield Running(pid, port, f"{channel}/stream", f"{channel}/ws", publisher)


@contextmanager
def _redis(path: Path) -> Iterator[int]:
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--dir", str(path.parent)]
    command += ["--appendonly", "yes", "--save", ""]
    with _process(command, machine.OTHER_CORE, path.exists, {}) as pid:
        yield pid


def _key(env: dict[str, str]) -> str:
    command = [sys.executable, "-m", "ticker", "key", "create", "--scope", "publish"]
    made = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"`ticker key create` failed:\n{made.stderr}")
    return made.stdout.strip()


FLOOR = Subject("floor", "sse", _floor)
TICKER_SSE = Subject("ticker-sse", "sse", _ticker)
TICKER_WS = Subject("ticker-ws", "ws", _ticker)
QUEUE_SSE = Subject("queue-sse", "sse", _queue("/stream"))
QUEUE_WS = Subject("queue-ws", "ws", _queue("/stream"))
USUAL = (FLOOR, TICKER_SSE, TICKER_WS, QUEUE_SSE, QUEUE_WS)
OTHERS = (Subject("sse-starlette", "sse", _queue("/sse-starlette")), Subject("broadcast-ws", "ws", _broadcast))
