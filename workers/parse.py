"""Parsing where it can do no harm: each document in a process of its own, with little memory and a deadline.

The kernel keeps both limits, also when whoever set them has died.
"""

import asyncio
import multiprocessing
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

from workers import sources
from workers.sources import Document, Unreadable

DEADLINE = 5.0  # s
MEMORY = 1_000_000_000  # bytes of address space
AT_ONCE = 2  # documents
BEGINS_WITHIN = 60.0  # s; a process that has not begun by then never will

_processes = multiprocessing.get_context("forkserver")
_register = threading.Lock()  # multiprocessing's list of children is for one thread at a time

Letter = tuple[bytes, str, str, int]  # body, content type, address, now


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there are no entries."""

    reason: str


class Parser:
    def __init__(self, threads: ThreadPoolExecutor, end: Connection, deadline: float, memory: int) -> None:
        self._threads = threads
        self._end = end
        self._deadline = deadline
        self._memory = memory

    async def parse(self, body: bytes, content_type: str, url: str, now: int) -> Document | Failed:
        """Whatever the document does to the parser, the answer is a value."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, (body, content_type, url, now))

    def _read(self, letter: Letter) -> Document | Failed:
        answer, to_us = _processes.Pipe(duplex=False)
        process = _processes.Process(target=_answer, args=(to_us, self._deadline, self._memory, letter))
        with answer:
            try:
                with to_us, _register:
                    process.start()
            except (OSError, EOFError) as error:
                return Failed(f"No process to read it could be started: {error}.")
            try:
                if answer in wait([answer, self._end], BEGINS_WITHIN + self._deadline):
                    result: Document | Failed = answer.recv()
                    return result
            except EOFError:
                if _end(process) == -signal.SIGALRM:
                    return Failed(f"It could not be read within {self._deadline:g} s.")
                return Failed("It ended the process that read it.")
            finally:
                _end(process)
        return Failed("No process began to read it.")


@contextmanager
def parser(*, at_once: int = AT_ONCE, deadline: float = DEADLINE, memory: int = MEMORY) -> Iterator[Parser]:
    """What is being read when this ends is given up."""
    _start_fork_server()
    end, ending = _processes.Pipe(duplex=False)
    with end, ThreadPoolExecutor(at_once, "parse") as threads, ending:
        yield Parser(threads, end, deadline, memory)


def _start_fork_server() -> None:
    """It forks in milliseconds what has all that a document needs, and our main module, which each process has too.

    A signal to our process group, such as the Ctrl-C of a terminal, is for us alone: what we have started we end.
    """
    _processes.set_forkserver_preload([name for name in sys.modules if name.startswith(("ticker.", "workers."))])
    resource_tracker.ensure_running()  # before, because it lets signals through
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _end(process: ForkServerProcess) -> int | None:
    """Its exit code: its own, if it has ended already."""
    with _register:
        process.kill()
        process.join()
        return process.exitcode


def _answer(to: Connection, deadline: float, memory: int, letter: Letter) -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody waits for the answer any more: no need for words
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        to.send(_parse(*letter))
    except MemoryError:
        to.send(Failed("It takes more memory to read than a document may."))


def _parse(body: bytes, content_type: str, url: str, now: int) -> Document | Failed:
    try:
        return sources.parse(body, content_type, url, now)
    except Unreadable as unreadable:
        return Failed(str(unreadable))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a parser's fault is the document's fault
        return Failed(f"It cannot be read: {type(error).__name__}.")
