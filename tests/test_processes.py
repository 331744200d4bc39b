import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import PATIENCE
from ticker.errors import Invalid
from ticker.processes import LONGEST_DELAY, SUPERVISED, Processes, backoff, parse_procfile, say_ready

PYTHON = sys.executable
# Says its pid, and that it is ready unless the file of that name exists; ends with 7 when asked to.
WORKER = """
import os, pathlib, signal, sys
from ticker.processes import say_ready
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print('up', os.getpid())
if not pathlib.Path(sys.argv[1]).exists():
    say_ready()
while True:
    signal.pause()
"""


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
        async with asyncio.timeout(PATIENCE):
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
    await out.has("steady │ here")
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
    async with asyncio.timeout(PATIENCE):
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


def pids(out: Output) -> list[int]:
    return [int(line.split()[-1]) for line in out.getvalue().splitlines() if " up " in line]


async def test_renewed_one_after_another_the_old_ends_only_when_the_new_is_ready(tmp_path):
    out = Output()
    command = [PYTHON, "-c", WORKER, str(tmp_path / "unready")]
    processes = Processes({"web.1": command, "web.2": command}, out=out)
    run = asyncio.create_task(processes.run())
    await out.has(" up ", times=2)
    first = pids(out)
    processes.renew()
    await out.has("a new one is ready in its place", times=2)
    async with asyncio.timeout(PATIENCE):
        while any(map(alive, first)):
            await asyncio.sleep(0.01)
    assert len(pids(out)) == 4
    assert all(map(alive, pids(out)[2:]))
    lines = [line.split()[0] for line in out.getvalue().splitlines() if " up " in line or "in its place" in line]
    assert lines[2:] == ["web.1", "web.1", "web.2", "web.2"], "the second begins only when the first is done"
    assert "starts again" not in out.getvalue()

    os.kill(pids(out)[2], signal.SIGKILL)  # the new ones are kept as the old ones were
    await out.has("killed by signal 9; starts again")
    await out.has(" up ", times=5)
    processes.stop()
    assert await run == 0
    assert not any(map(alive, pids(out)))


async def test_a_new_one_that_does_not_become_ready_is_given_up_and_nothing_has_changed(tmp_path):
    out = Output()
    command = [PYTHON, "-c", WORKER, str(tmp_path / "unready")]
    processes = Processes({"web.1": command, "web.2": command}, out=out, ready_within=1)
    run = asyncio.create_task(processes.run())
    await out.has(" up ", times=2)
    first = pids(out)
    (tmp_path / "unready").touch()
    processes.renew()
    await out.has("web.1 │ the new one did not become ready within 1 s; the old one stays")
    async with asyncio.timeout(PATIENCE):
        while len(processes._alive) > 2:
            await asyncio.sleep(0.01)
    assert all(map(alive, first))

    (tmp_path / "unready").unlink()
    processes.ready_within = 600
    processes.renew()
    await out.has("a new one is ready in its place", times=2)
    assert "web.2 │ the new one" not in out.getvalue(), "the second was not even tried"
    lines = [line.split()[0] for line in out.getvalue().splitlines() if "in its place" in line]
    assert lines == ["web.1", "web.2"]
    processes.stop()
    assert await run == 0
    assert not any(map(alive, pids(out)))


async def test_a_new_one_that_ends_at_once_is_not_waited_for(tmp_path):
    out = Output()
    flag = tmp_path / "broken"
    processes = Processes({"web": f"[ -e {flag} ] && exit 3; echo up $$; exec sleep 60"}, out=out, ready_within=600)
    run = asyncio.create_task(processes.run())
    await out.has(" up ")
    flag.touch()
    processes.renew()
    await out.has("the old one stays")
    assert alive(pids(out)[0])
    processes.stop()
    assert await run == 0


async def test_one_asked_to_stop_in_the_middle_of_a_renewal_takes_both_with_it(tmp_path):
    out = Output()
    (tmp_path / "unready").touch()
    processes = Processes({"web": [PYTHON, "-c", WORKER, str(tmp_path / "unready")]}, out=out, ready_within=600)
    run = asyncio.create_task(processes.run())
    await out.has(" up ")
    processes.renew()
    await out.has(" up ", times=2)
    processes.stop()
    assert await run == 0
    assert not any(map(alive, pids(out)))


@pytest.mark.parametrize("terminal_stays", [True, False])
async def test_sighup_renews_but_a_terminal_that_has_gone_stops(terminal_stays):
    out = Output()
    out.isatty = lambda: True  # type: ignore[method-assign]
    processes = Processes({"web": "echo up; exec sleep 60"}, out=out)
    heard = asyncio.Event()
    processes.heed_hangup(heard.set)
    run = asyncio.create_task(processes.run())
    await out.has("up")
    out.isatty = lambda: terminal_stays  # type: ignore[method-assign]
    os.kill(os.getpid(), signal.SIGHUP)
    if terminal_stays:
        await asyncio.wait_for(heard.wait(), 20)
        processes.stop()
    assert await run == 0
    assert heard.is_set() is terminal_stays
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


def test_who_has_no_parent_that_listens_has_nobody_to_tell(monkeypatch):
    monkeypatch.delenv("TICKER_READY", raising=False)
    say_ready()
    reader, writer = os.pipe()
    monkeypatch.setenv("TICKER_READY", str(writer))
    say_ready()
    say_ready()  # once is enough: the descriptor may be another's by now
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"\n"


def test_who_was_born_after_its_parent_had_died_does_not_stay() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    dead = subprocess.Popen(["true"])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not yet collected
    code = "from ticker.processes import leave_with_parent; leave_with_parent(); print('stays')"
    for parent, stays in ((gone.pid, False), (dead.pid, False), (os.getpid(), True)):
        env = {**os.environ, SUPERVISED: str(parent)}
        for command in ([sys.executable, "-c", code], ["sh", "-c", f'{sys.executable} -c "{code}"; exit $?']):
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            assert ("stays" in done.stdout) == stays
            assert (done.returncode == 0) == stays
    dead.wait()
