"""Run named commands side by side: their lines under their names, started again when they die, stopped together."""

import asyncio
import contextlib
import ctypes
import itertools
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from ticker.errors import Invalid

FIRST_DELAY = 0.5  # seconds before a process that died is started again; doubles up to the longest
LONGEST_DELAY = 10.0
STEADY_AFTER = 30.0  # seconds; a process that lived this long has no bad start behind it
LONGEST_LINE = 64 * 1024  # bytes
SUPERVISED = "TICKER_SUPERVISED"  # in the environment of the children

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
        out: TextIO | None = None,
    ) -> None:
        self.commands = dict(commands)
        self.env = {**os.environ, **(env or {}), SUPERVISED: "1", "PYTHONUNBUFFERED": "1"}
        self.pass_fds = tuple(pass_fds)
        self.stop_within = stop_within  # seconds between TERM and KILL
        self._printer = _Printer(list(self.commands), out or sys.stdout)
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    def heed_signals(self) -> None:
        """From now on Ctrl-C and SIGTERM mean `stop`."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    async def run(self) -> int:
        """Until `stop` or a signal. 0 when all ended in time, 1 when one had to be killed."""
        self.heed_signals()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep(*item)) for item in self.commands.items()]
            await self._stopping.wait()
            self._signal_all(signal.SIGTERM)
            _, late = await asyncio.wait(tasks, timeout=self.stop_within)
            if late:
                self.say(f"{', '.join(sorted(self._running))} did not end within {self.stop_within:g} s: killed")
                self._signal_all(signal.SIGKILL)
        return 1 if late else 0

    def stop(self) -> None:
        """The first time: ask all to end. The second time: end them."""
        if self._stopping.is_set():
            self._signal_all(signal.SIGKILL)
        self._stopping.set()

    def say(self, text: str) -> None:
        self._printer.print("", text)

    async def _keep(self, name: str, command: str | Sequence[str]) -> None:
        delays = backoff()
        while not self._stopping.is_set():
            started = asyncio.get_running_loop().time()
            outcome = await self._once(name, command)
            if self._stopping.is_set():
                return
            if asyncio.get_running_loop().time() - started > STEADY_AFTER:
                delays = backoff()
            delay = next(delays)
            self._printer.print(name, f"{outcome}; starts again in {delay:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _once(self, name: str, command: str | Sequence[str]) -> str:
        """Run it to its end, and say how it ended."""
        reader, writer = os.pipe()
        try:
            process = await self._spawn(_words(command), writer)
        except OSError as error:
            os.close(reader)
            return f"cannot be started: {error}"
        finally:
            os.close(writer)
        self._running[name] = process
        if self._stopping.is_set():  # asked to stop while it was being born
            self._signal(process, signal.SIGTERM)
        lines = asyncio.create_task(self._print_lines(name, reader))
        code = await process.wait()
        del self._running[name]
        self._signal(process, signal.SIGKILL)  # what it left behind would hold its port and our pipe
        await lines
        return f"killed by signal {-code}" if code < 0 else f"ended with exit code {code}"

    async def _spawn(self, words: Sequence[str], output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self.env,
            pass_fds=self.pass_fds,
            start_new_session=True,  # the terminal's Ctrl-C is ours: we say who ends when
        )

    async def _print_lines(self, name: str, pipe: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb")
        )
        rest = b""
        while chunk := await reader.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._printer.print(name, line.decode(errors="replace"))
        if rest:
            self._printer.print(name, rest.decode(errors="replace"))
        transport.close()

    def _signal_all(self, number: signal.Signals) -> None:
        for process in list(self._running.values()):
            self._signal(process, number)

    def _signal(self, process: asyncio.subprocess.Process, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


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
        coloured = out.isatty() and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(names, itertools.cycle(_COLOURS), strict=False)) if coloured else {}

    def print(self, name: str, line: str) -> None:
        prefix = f"{name:<{self._width}} │"
        if name in self._colours:
            prefix = f"\x1b[{self._colours[name]}m{prefix}\x1b[0m"
        # A terminal that went away must not take the newsroom with it.
        with contextlib.suppress(OSError, ValueError):
            print(f"{prefix} {line.rstrip()}", file=self._out, flush=True)


def leave_with_parent() -> None:
    """Ask the kernel to end us when the `Processes` that started us dies without a word (Linux; survives `exec`)."""
    if SUPERVISED in os.environ and sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, int(signal.SIGTERM))
