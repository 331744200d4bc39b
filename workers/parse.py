"""Parsing where it can do no harm: in processes of its own, with little memory and a deadline."""

import asyncio
import ctypes
import multiprocessing
import resource
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass

from pebble import ProcessExpired, ProcessPool

from workers import sources
from workers.sources import Document, Unreadable

DEADLINE = 5.0  # s
MEMORY = 1_000_000_000  # bytes of address space
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there are no entries."""

    reason: str


class Parser:
    def __init__(self, pool: ProcessPool, deadline: float) -> None:
        self._pool = pool
        self._deadline = deadline

    async def parse(self, body: bytes, content_type: str, url: str, now: int) -> Document | Failed:
        """Whatever the document does to the parser, the answer is a value."""
        future = self._pool.schedule(_parse, args=(body, content_type, url, now), timeout=self._deadline)
        try:
            result: Document | Failed = await asyncio.wrap_future(future)
        except TimeoutError:
            return Failed(f"It could not be read within {self._deadline:g} s.")
        except ProcessExpired:
            return Failed("It ended the process that read it.")
        except MemoryError:
            return Failed("It takes more memory to read than a document may.")
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  a parser's fault is the document's fault
            return Failed(f"It cannot be read: {type(error).__name__}.")
        return result


@contextmanager
def parser(*, workers: int = WORKERS, deadline: float = DEADLINE, memory: int = MEMORY) -> Iterator[Parser]:
    """The processes start at the first document."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["workers.sources"])  # a process that replaces a killed one is there at once
    pool = ProcessPool(max_workers=workers, initializer=_begin, initargs=(memory,), context=context)
    try:
        yield Parser(pool, deadline)
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _begin(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    if sys.platform == "linux":  # end with the process that started us, also when it is killed
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, int(signal.SIGKILL))


def _parse(body: bytes, content_type: str, url: str, now: int) -> Document | Failed:
    try:
        return sources.parse(body, content_type, url, now)
    except Unreadable as unreadable:
        return Failed(str(unreadable))
