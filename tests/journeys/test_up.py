"""The whole ticker from a terminal: up, used, stopped, up again."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WITHIN = 60  # seconds; every wait is for a condition, this is where it is given up
POLL_EVERY = 0.02  # seconds


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder, a free port, and nothing of the ticker in the environment but these."""
    for name in [name for name in os.environ if name.startswith("TICKER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICKER_BIND", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("TICKER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TICKER_DRAIN_SECONDS", "0.5")
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    shutil.copy(ROOT / "Procfile", tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for pid in processes_of(tmp_path):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def page() -> str:
    return f"http://{os.environ['TICKER_BIND']}/"


def processes_of(home: Path) -> list[int]:
    """All that still lives of what was started with this home, whoever its parent is now."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            # Redis writes its title over its environment; the title has the path of its socket.
            told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home / "data").encode() in told and state not in "ZX" and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def said() -> str:
    log = Path("log")
    return log.read_text() if log.exists() else ""


def wait_until(true, why: Callable[[], str] = said) -> None:
    """`why` tells how things stand when it is given up."""
    deadline = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < deadline, why()
        time.sleep(POLL_EVERY)


def wait_until_nothing_is_left(home: Path) -> None:
    wait_until(lambda: not processes_of(home), lambda: f"left: {described(processes_of(home))}\n{said()}")


def described(pids: list[int]) -> str:
    """With parent and state, and where the kernel has it wait."""
    lines = []
    for folder in (Path(f"/proc/{pid}") for pid in pids):
        with suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            lines.append(f"{folder.name} of {parent}, {state} in {(folder / 'wchan').read_text()}: {command}")
    return "".join(f"\n  {line}" for line in lines)


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """As a terminal runs it: in a process group of its own, to which Ctrl-C goes."""
    with Path("log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def welcome(process: subprocess.Popen[str]) -> str:
    wait_until(lambda: "Ctrl-C" in said() or process.poll() is not None)
    assert process.poll() is None, said()
    return said()


def desk_key() -> str:
    found = re.search(r"Desk key +in (/\S+)", said())
    assert found, said()
    return Path(found[1]).read_text().strip()


def status(request: urllib.request.Request | str) -> int:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def publish(text: str, key: str) -> int:
    return status(
        urllib.request.Request(
            f"{page()}v1/channels/en/headlines",
            data=json.dumps({"text": text}).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
    )


def strip() -> list[str]:
    with urllib.request.urlopen(f"{page()}v1/channels/en", timeout=10) as answer:
        return [headline["text"] for headline in json.load(answer)["headlines"]]


def ctrl_c(process: subprocess.Popen[str]) -> int:
    os.killpg(process.pid, signal.SIGINT)
    return process.wait(WITHIN)


def test_up_serves_and_ctrl_c_ends_all_of_it(home):
    with running("ticker", "up") as process:
        text = welcome(process)
        assert page() in text
        assert status(page()) == 200
        key = desk_key()
        assert key not in text
        assert (home / "data" / "desk.key").stat().st_mode & 0o777 == 0o600
        assert publish("Hello", key) == 201
        assert publish("Hello", "tk_00000000_" + "0" * 43) == 401
        assert ctrl_c(process) == 0, said()
    wait_until_nothing_is_left(home)
    assert "Traceback" not in said()

    with running("ticker", "up") as process:
        welcome(process)
        assert desk_key() == key
        assert "Hello" in strip()
        assert ctrl_c(process) == 0, said()
    wait_until_nothing_is_left(home)


def test_the_line_of_curl_that_up_prints_publishes(home, monkeypatch):
    """From anywhere, and whatever the folder is called."""
    monkeypatch.setenv("TICKER_DATA", str(home / "data & more"))
    with running("ticker", "up") as process:
        line = re.search(r"Publish +(curl .*)", welcome(process))
        assert line
        curl = f"{line[1]} --fail --silent"
        subprocess.run(curl, shell=True, check=True, stdout=subprocess.DEVNULL, cwd="/")
        wait_until(lambda: "Hello, world" in strip())
        assert ctrl_c(process) == 0


def test_the_first_admin_comes_in_by_the_link_that_up_keeps(home):
    def link() -> str:
        found = re.findall(r"first by the link in (/[^\s)]+)", said())
        assert found, said()
        assert Path(found[-1]).stat().st_mode & 0o777 == 0o600
        kept = Path(found[-1]).read_text().strip()
        assert kept not in said()
        return kept

    def choose(address: str) -> int:
        url, _, token = address.partition("/desk/invitation?token=")
        form = urllib.parse.urlencode({"token": token, "password": "a few good words"}).encode()
        return status(urllib.request.Request(f"{url}/desk/invitation", form, {"Origin": url}))

    with running("ticker", "up") as process:
        welcome(process)
        first = link()
        assert ctrl_c(process) == 0
    with running("ticker", "up") as process:  # nobody has used it: there is another one
        welcome(process)
        second = link()
        assert second != first
        assert choose(second) == 200  # and on to the page of one's own
        assert choose(second) == 404
        assert ctrl_c(process) == 0
    with running("ticker", "up") as process:
        assert "/desk/sign-in\n" in welcome(process).rpartition("The ticker is up.")[2]
        assert not (home / "data" / "admin.link").exists()
        assert ctrl_c(process) == 0


def test_a_terminal_is_told_the_key_and_the_link(home):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["ticker", "up"], stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    text = b""
    while b"Ctrl-C" not in text:
        text += os.read(ours, 1 << 16)
    process.send_signal(signal.SIGINT)
    with suppress(OSError):  # so a terminal ends
        while os.read(ours, 1 << 16):
            pass
    os.close(ours)
    assert process.wait(WITHIN) == 0, text
    key, link = ((home / "data" / name).read_text().strip() for name in ("desk.key", "admin.link"))
    assert re.search(rf"Desk +{re.escape(link)} ".encode(), text), text
    assert re.search(rf"Desk key +{re.escape(key)}\r?\n".encode(), text), text


def test_a_port_that_is_taken_is_one_sentence(home):
    host, _, port = os.environ["TICKER_BIND"].rpartition(":")
    with socket.create_server((host, int(port))):
        done = subprocess.run(["ticker", "up"], capture_output=True, text=True, timeout=WITHIN, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert os.environ["TICKER_BIND"] in done.stderr
    assert done.stderr.count("\n") == 1
    wait_until_nothing_is_left(home)


def test_a_web_process_that_is_killed_comes_back(home, monkeypatch):
    monkeypatch.setenv("TICKER_WEB_PROCESSES", "2")
    with running("ticker", "up") as process:
        welcome(process)
        web = serving(home)
        assert len(web) == 2
        os.kill(min(web), signal.SIGKILL)
        assert status(page()) == 200
        wait_until(lambda: "killed by signal 9; starts again" in said())
        assert ctrl_c(process) == 0, said()
    wait_until_nothing_is_left(home)


def serving(home: Path) -> set[int]:
    return {pid for pid in processes_of(home) if b"--fd" in command_of(pid)}


def command_of(pid: int) -> bytes:
    """Nothing of one that has ended since it was found."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_sighup_renews_all_that_runs_and_nobody_is_turned_away(home):
    """Also the only web process, because `up` has the socket held for it."""
    with running("ticker", "up") as process:
        welcome(process)
        before, web = set(processes_of(home)), serving(home)
        assert len(web) == 1
        process.send_signal(signal.SIGHUP)
        while serving(home) & web:
            assert status(f"{page()}healthz") in (200, 503), said()  # 503: it takes no more, and says so
        assert len(serving(home)) == 1
        wait_until(lambda: said().count("starts again") == 4)  # ingest, scheduler, mos and onair
        assert "a new one is ready in its place" in said()
        stays = before & set(processes_of(home))
        assert len(stays) == 4, "`up`, who holds the web process's socket, Redis and its guard"
        assert publish("Hello", desk_key()) == 201
        assert ctrl_c(process) == 0, said()
    wait_until_nothing_is_left(home)


def test_when_up_is_killed_nothing_stays_behind(home):
    with running("ticker", "up") as process:
        welcome(process)
        process.kill()
        process.wait()
        wait_until_nothing_is_left(home)


@pytest.mark.parametrize("born", range(1, 10))
def test_when_up_is_killed_while_it_starts_nothing_stays_behind(home, born):
    """Redis and its guard, web and what serves for it, ingest, scheduler, mos, onair: each may be the last born."""
    with running("ticker", "up") as process:
        wait_until(lambda: len(processes_of(home)) >= born)
        process.kill()
        process.wait()
        wait_until_nothing_is_left(home)


def test_with_a_redis_of_ones_own(home, monkeypatch):
    path = home / "own.sock"
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", ""],
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]},
    )
    try:
        wait_until(path.exists)
        monkeypatch.setenv("TICKER_REDIS_URL", f"unix://{path}")
        with running("ticker", "up") as process:
            welcome(process)
            assert publish("Hello", desk_key()) == 201
            assert ctrl_c(process) == 0, said()
        assert not (home / "data" / "redis").exists()
        wait_until_nothing_is_left(home)
        assert server.poll() is None
    finally:
        server.kill()
        server.wait()


def test_a_redis_that_is_not_there_is_one_sentence(home, monkeypatch):
    monkeypatch.setenv("TICKER_REDIS_URL", f"unix://{home}/nobody.sock")
    done = subprocess.run(["ticker", "up"], capture_output=True, text=True, timeout=WITHIN, check=False)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "Redis" in done.stderr


def test_under_another_procfile_runner(home):
    """Any of the processes may be the first and the last: whoever is, starts and stops the Redis of all."""
    with running("honcho", "start") as process:
        wait_until(lambda: status(f"{page()}readyz") == 200)
        assert status(page()) == 200
        key = subprocess.check_output(["ticker", "key", "create", "--scope", "publish"], text=True).strip()
        assert publish("Hello", key) == 201
        ctrl_c(process)
    wait_until_nothing_is_left(home)
