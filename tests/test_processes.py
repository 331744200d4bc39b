import asyncio
import io
import os
import signal
import sys
from pathlib import Path

import pytest

from ticker.errors import Invalid
from ticker.processes import LONGEST_DELAY, Processes, backoff, parse_procfile

PYTHON = sys.executable


def test_a_procfile_is_names_and_commands():
    assert parse_procfile("# what runs\nweb: ticker web --fd 3\n\n  ingest:ticker ingest  \n") == {
        "web": "ticker web --fd 3",
        "ingest": "ticker ingest",
    }


@pytest.mark.parametrize("text", ["web", "web:", ": ticker web", "we b: x", "web: a\nweb: b"])
def test_a_procfile_that_is_not_one_says_which_line(text):
    with pytest.raises(Invalid, match=f"Line {text.count(chr(10)) + 1} of the Procfile"):
        parse_procfile(text)


def test_the_wait_grows_up_to_ten_seconds():
    waits = [delay for delay, _ in zip(backoff(), range(8), strict=False)]
    assert waits[:3] == [0.5, 1, 2]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_DELAY == 10


class Output(io.StringIO):
    """Keeps what is printed, and wakes who waits for a text in it."""

    def __init__(self) -> None:
        super().__init__()
        self._grew = asyncio.Event()

    def write(self, text: str) -> int:
        self._grew.set()
        return super().write(text)

    async def has(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while self.getvalue().count(text) < times:
                self._grew.clear()
                await self._grew.wait()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"  # dead, and only not yet collected


async def test_lines_stand_under_names_and_all_end_together():
    out = Output()
    processes = Processes({"web": "echo up; exec sleep 60", "ingest": "echo fetching >&2; exec sleep 60"}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has("web    │ up\n")
    await out.has("ingest │ fetching\n")
    processes.stop()
    assert await run == 0


async def test_one_that_dies_is_started_again_and_the_others_never_notice():
    out = Output()
    processes = Processes({"frail": "echo born; exit 7", "steady": "echo here; exec sleep 60"}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has("frail  │ born", times=2)
    processes.stop()
    assert await run == 0
    assert "ended with exit code 7; starts again in 0.5 s" in out.getvalue()
    assert out.getvalue().count("here") == 1


async def test_a_signal_ends_it():
    out = Output()
    run = asyncio.create_task(Processes({"web": "echo up; exec sleep 60"}, out=out).run())
    await out.has("up")
    os.kill(os.getpid(), signal.SIGTERM)
    assert await run == 0


async def test_one_that_does_not_listen_is_killed_after_the_deadline():
    out = Output()
    stubborn = [PYTHON, "-c", "import signal; signal.signal(15, signal.SIG_IGN); print('up'); signal.pause()"]
    processes = Processes({"stubborn": stubborn}, out=out, stop_within=0.2)
    run = asyncio.create_task(processes.run())
    await out.has("up")
    processes.stop()
    assert await run == 1
    assert "stubborn did not end within 0.2 s: killed" in out.getvalue()


async def test_a_second_stop_does_not_wait():
    out = Output()
    stubborn = [PYTHON, "-c", "import signal; signal.signal(15, signal.SIG_IGN); print('up'); signal.pause()"]
    processes = Processes({"stubborn": stubborn}, out=out, stop_within=60)
    run = asyncio.create_task(processes.run())
    await out.has("up")
    processes.stop()
    processes.stop()
    assert await run == 0


async def test_a_command_that_does_not_exist_is_said_and_tried_again():
    out = Output()
    processes = Processes({"web": ["/does/not/exist"]}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has("cannot be started", times=2)
    processes.stop()
    assert await run == 0


async def test_what_a_dead_process_left_behind_goes_with_it():
    out = Output()
    processes = Processes({"web": "sleep 60 & echo left $!; exit 1"}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has("left", times=2)
    processes.stop()
    await run
    left = [int(line.split()[-1]) for line in out.getvalue().splitlines() if "left" in line]
    async with asyncio.timeout(20):
        while any(map(alive, left)):
            await asyncio.sleep(0)


async def test_long_lines_and_odd_bytes_come_through():
    out = Output()
    code = r"import sys; sys.stdout.buffer.write(b'x' * 200_000 + b'\n\xff\xfe\nlast'); sys.stdout.flush()"
    processes = Processes({"web": [PYTHON, "-c", code]}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has("last")
    processes.stop()
    await run
    assert out.getvalue().count("x") >= 200_000
    assert "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in out.getvalue()


async def test_children_inherit_the_socket_and_the_environment():
    out = Output()
    reader, writer = os.pipe()
    code = f"import os; os.write({writer}, os.environ['COLOUR'].encode()); os.close({writer})"
    processes = Processes({"web": [PYTHON, "-c", code]}, env={"COLOUR": "red"}, pass_fds=[writer], out=out)
    run = asyncio.create_task(processes.run())
    await out.has("ended with exit code 0")
    processes.stop()
    await run
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read().startswith(b"red")


@pytest.mark.parametrize(("no_colour", "coloured"), [("", True), ("1", False)])
async def test_names_are_coloured_on_a_terminal_only(monkeypatch, no_colour, coloured):
    monkeypatch.setenv("NO_COLOR", no_colour)
    out = Output()
    out.isatty = lambda: True  # type: ignore[method-assign]
    processes = Processes({"web": "echo up; exec sleep 60"}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has("up")
    processes.stop()
    await run
    assert ("\x1b[" in out.getvalue()) is coloured
