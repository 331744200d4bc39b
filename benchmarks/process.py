"""A server as a child: started on a core, awaited, ended."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks import machine

ROOT = machine.HERE.parent
PATIENCE = 30  # s that a server may take to start, and to end

Process = subprocess.Popen[bytes]


@contextmanager
def process(
    command: list[str], cores: Collection[int], ready: Callable[[], bool], env: Mapping[str, str] | None = None
) -> Iterator[Process]:
    with tempfile.TemporaryFile() as log:
        with machine.pinned(cores):
            child = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | (env or {}), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            _await(child, command, ready, log.fileno())
            yield child
        finally:
            _end(child)


def _await(child: Process, command: list[str], ready: Callable[[], bool], log: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            said = os.pread(log, 1 << 16, 0).decode(errors="replace")[-3000:]
            raise RuntimeError(f"`{' '.join(command)}` does not serve. It said:\n{said}")
        time.sleep(0.05)


def _end(child: Process) -> None:
    """Not gently: what it leaves behind is a folder that is thrown away. The whole family, or the port stays taken."""
    if child.poll() is None:
        family = machine.family(child.pid)
        child.terminate()
        try:
            child.wait(2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pid in family[1:]:
            if Path(f"/proc/{pid}").exists():
                _kill(pid)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, 9)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(port: int, path: str) -> bytes:
    """The whole answer, head and body; nothing when there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return b""
