"""Run named commands side by side: their lines under their names, started again when they die, stopped together,
and renewed one after another without a moment in which nobody does the work.
"""

import asyncio
import contextlib
import ctypes
import itertools
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from ticker.errors import Invalid

FIRST_DELAY = 0.5  # seconds before a process that died is started again; doubles up to the longest
LONGEST_DELAY = 10.0
STEADY_AFTER = 30.0  # seconds; a process that lived this long has no bad start behind it
LONGEST_LINE = 64 * 1024  # bytes
SUPERVISED = "TICKER_SUPERVISED"  # in the environment of the children: our process id
READY = "TICKER_READY"  # there too: the descriptor of a pipe, for one byte once the child does its work

_PROCFILE_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
_FOR_THE_SHELL = re.compile(r"[^A-Za-z0-9 _./:,@%+-]|^\s*(?:exec|cd|\.)\s")
_COLOURS = (36, 33, 32, 35, 34, 31)  # of the names, as SGR numbers


def parse_procfile(text: str) -> dict[str, str]:
    """Name to command. A line is `name: command`; empty lines and those that start with # say nothing."""
    commands: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _PROCFILE_LINE.fullmatch(line.strip())
        if match is None:
            raise Invalid(f"Line {number} of the Procfile is not `name: command`.")
        if match[1] in commands:
            raise Invalid(f"Line {number} of the Procfile names {match[1]!r} again.")
        commands[match[1]] = match[2]
    return commands


def backoff() -> Iterator[float]:
    """Seconds to wait before each new start."""
    return (min(LONGEST_DELAY, FIRST_DELAY * 2.0**n) for n in itertools.count())


class Processes:
    """The commands: a string as in a Procfile, or a list of words."""

    def __init__(
        self,
        commands: Mapping[str, str | Sequence[str]],
        *,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stop_within: float = 10.0,
        ready_within: float = 30.0,
        out: TextIO | None = None,
    ) -> None:
        self.commands = dict(commands)
        self.env = {**os.environ, **(env or {}), SUPERVISED: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
        self.pass_fds = tuple(pass_fds)
        self.stop_within = stop_within  # seconds between TERM and KILL
        self.ready_within = ready_within  # seconds that a new one has until it says that it is ready
        self._printer = _Printer(list(self.commands), out or sys.stdout)
        self._kept: dict[str, _Process] = {}  # the one that is started again when it dies
        self._alive: set[_Process] = set()  # and those that come or go
        self._stopping = asyncio.Event()
        self._renewing = asyncio.Event()

    def heed_signals(self) -> None:
        """From now on Ctrl-C and SIGTERM mean `stop`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    def heed_hangup(self, act: Callable[[], None]) -> None:
        """From now on SIGHUP means `act`; but `stop` when it says that the terminal we had has gone."""
        had_terminal = self._printer.on_terminal

        def heed() -> None:
            (self.stop if had_terminal and not self._printer.on_terminal else act)()

        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, heed)

    async def run(self) -> int:
        """Until `stop` or a signal. 0 when all ended in time, 1 when one had to be killed."""
        self.heed_signals()
        async with asyncio.TaskGroup() as group:
            for name in self.commands:
                group.create_task(self._keep(name))
            renewal = group.create_task(self._renew_when_asked())
            await self._stopping.wait()
            renewal.cancel()
            self.signal_all(signal.SIGTERM)
            late = await _wait_for_end(self._alive, self.stop_within)
            if late:
                names = ", ".join(sorted({process.name for process in late}))
                self.say(f"{names} did not end within {self.stop_within:g} s: killed")
                self.signal_all(signal.SIGKILL)
        return 1 if late else 0

    def stop(self) -> None:
        """The first time: ask all to end. The second time: end them."""
        if self._stopping.is_set():
            self.signal_all(signal.SIGKILL)
        self._stopping.set()

    def renew(self) -> None:
        """Put a new process in the place of each, one after another: see `_renew`."""
        self._renewing.set()

    def signal_all(self, number: signal.Signals) -> None:
        for process in self._alive:
            process.signal(number)

    def say(self, text: str) -> None:
        self._printer.print("", text)

    async def _keep(self, name: str) -> None:
        delays = backoff()
        process = self._kept[name] = self._start(name)
        while True:
            outcome = await asyncio.shield(process.outcome)
            if self._stopping.is_set():
                return
            if self._kept[name] is process:  # no other has taken its place
                if process.age() > STEADY_AFTER:
                    delays = backoff()
                delay = next(delays)
                self._printer.print(name, f"{outcome}; starts again in {delay:g} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), delay)
                    return
            if self._kept[name] is process:
                self._kept[name] = self._start(name)
            process = self._kept[name]

    async def _renew_when_asked(self) -> None:
        while await self._renewing.wait():
            self._renewing.clear()
            for name in self.commands:
                if not await self._renew(name):
                    break  # what ails this one ails the next

    async def _renew(self, name: str) -> bool:
        """Start a new one beside the old; once it says that it is ready it is the one that is kept, and the old one
        is asked to end. False when it does not say so in time: it is given up, and nothing has changed.
        """
        new = self._start(name)
        await asyncio.wait([new.ready], timeout=self.ready_within)
        is_ready = new.ready.done() and new.ready.result()
        if is_ready:
            new, self._kept[name] = self._kept[name], new
            self._printer.print(name, "a new one is ready in its place; the old one ends")
        else:
            self._printer.print(
                name, f"the new one did not become ready within {self.ready_within:g} s; the old one stays"
            )
        new.signal(signal.SIGTERM)
        if await _wait_for_end([new], self.stop_within):
            self._printer.print(name, f"did not end within {self.stop_within:g} s: killed")
            new.signal(signal.SIGKILL)
        return is_ready

    def _start(self, name: str) -> "_Process":
        process = _Process(name, _words(self.commands[name]), self.env, self.pass_fds, self._printer)
        self._alive.add(process)
        process.outcome.add_done_callback(lambda _: self._alive.discard(process))
        return process


async def _wait_for_end(processes: Iterable["_Process"], within: float) -> list["_Process"]:
    """Those that have not ended in that time (s)."""
    waited_for = list(processes)
    if waited_for:
        await asyncio.wait([process.outcome for process in waited_for], timeout=within)
    return [process for process in waited_for if not process.outcome.done()]


class _Process:
    """One process, from its start to its end. `ready` says whether it ever told us that it does its work."""

    def __init__(
        self, name: str, words: Sequence[str], env: Mapping[str, str], pass_fds: Sequence[int], printer: "_Printer"
    ) -> None:
        self.name = name
        self.started = time.monotonic()
        self.ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked: signal.Signals | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._printer = printer
        self.outcome = asyncio.create_task(self._run(words, env, pass_fds))  # how it ended, in words

    def age(self) -> float:
        """Seconds."""
        return time.monotonic() - self.started

    def signal(self, number: signal.Signals) -> None:
        self._asked = number
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _run(self, words: Sequence[str], env: Mapping[str, str], pass_fds: Sequence[int]) -> str:
        output, out = os.pipe()
        readiness, ready = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**env, READY: str(ready)},
                pass_fds=(*pass_fds, ready),
                start_new_session=True,  # the terminal's Ctrl-C is ours: we say who ends when
            )
        except OSError as error:
            os.close(output)
            os.close(readiness)
            self.ready.set_result(False)
            return f"cannot be started: {error}"
        finally:
            os.close(out)
            os.close(ready)
        if self._asked is not None:  # while it was being born
            self.signal(self._asked)
        reading = [asyncio.create_task(self._print_lines(output)), asyncio.create_task(self._hear(readiness))]
        code = await self._process.wait()
        self.signal(signal.SIGKILL)  # what it left behind would hold its port and our pipes
        await asyncio.wait(reading)
        return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    async def _hear(self, pipe: int) -> None:
        async with _reading(pipe) as reader:
            self.ready.set_result(bool(await reader.read(1)))

    async def _print_lines(self, pipe: int) -> None:
        rest = b""
        async with _reading(pipe) as reader:
            while chunk := await reader.read(LONGEST_LINE):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > LONGEST_LINE:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._printer.print(self.name, line.decode(errors="replace"))
        if rest:
            self._printer.print(self.name, rest.decode(errors="replace"))


@contextlib.asynccontextmanager
async def _reading(pipe: int) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb")
    )
    try:
        yield reader
    finally:
        transport.close()


def _words(command: str | Sequence[str]) -> Sequence[str]:
    """A plain command is started without a shell, so that what it runs has us, and not the shell, for its parent."""
    if not isinstance(command, str):
        return command
    return ["sh", "-c", command] if _FOR_THE_SHELL.search(command) else command.split()


class _Printer:
    """Lines of several processes on one terminal, each under the name of its own."""

    def __init__(self, names: Sequence[str], out: TextIO) -> None:
        self._out = out
        self._width = max(map(len, names), default=0)
        coloured = self.on_terminal and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(names, itertools.cycle(_COLOURS), strict=False)) if coloured else {}

    @property
    def on_terminal(self) -> bool:
        return self._out.isatty()

    def print(self, name: str, line: str) -> None:
        prefix = f"{name:<{self._width}} │"
        if name in self._colours:
            prefix = f"\x1b[{self._colours[name]}m{prefix}\x1b[0m"
        # A terminal that went away must not take the newsroom with it.
        with contextlib.suppress(OSError, ValueError):
            print(f"{prefix} {line.rstrip()}", file=self._out, flush=True)


def is_supervised() -> bool:
    """A `Processes` has started us."""
    return SUPERVISED in os.environ


def leave_with_parent() -> None:
    """Ask the kernel to end us when the `Processes` that started us dies without a word (Linux; survives `exec`)."""
    if is_supervised() and sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, int(signal.SIGTERM))
        # It may have died while we were being born: then no signal comes.
        supervisor = int(os.environ[SUPERVISED])
        if os.getppid() != supervisor and not _lives(supervisor):  # a shell may stand between us
            sys.exit("Whoever started this process has ended; so it ends, too.")


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"  # dead, and only not yet collected


def say_ready() -> None:
    """Tell the `Processes` that started us, if one did, that from now on we do our work."""
    pipe = os.environ.pop(READY, None)
    if pipe is not None:
        with contextlib.suppress(OSError):
            os.write(int(pipe), b"\n")
            os.close(int(pipe))
