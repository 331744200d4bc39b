import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import eventually_now
from ticker import guard

# Says who it is, and ends with 3 when it is asked to.
SERVER = (
    "import os, signal, sys; signal.signal(15, lambda *_: sys.exit(3)); print(os.getpid(), flush=True); signal.pause()"
)


@pytest.fixture
def lock(tmp_path):
    with (tmp_path / "users.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock


@pytest.fixture
def start(lock):
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], int]:
        """The guard, and the pid of what it guards."""
        command = [sys.executable, "-I", "-S", guard.__file__, lock.name, sys.executable, "-c", SERVER]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    yield start
    for process in started:
        process.kill()
        process.communicate()


def is_gone(pid: int) -> bool:
    return (
        not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    )


def test_it_ends_when_what_it_guards_has_ended(start):
    process, pid = start()
    os.kill(pid, signal.SIGTERM)
    assert process.wait(30) == 3


def test_when_the_last_user_lets_go_it_asks_it_to_end_and_waits_for_that(start, lock):
    process, pid = start()
    lock.close()
    assert process.wait(30) == 3
    assert is_gone(pid)


def test_it_stays_while_one_user_of_two_is_left(start, lock):
    process, pid = start()
    with Path(lock.name).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        lock.close()
        with Path(lock.name).open("ab") as third:
            fcntl.flock(third, fcntl.LOCK_SH)  # while the guard held the lock, this would wait
        assert process.poll() is None
        assert not is_gone(pid)
    assert process.wait(30) == 3


def test_when_it_is_killed_what_it_guards_ends_as_well(start):
    process, pid = start()
    process.kill()
    eventually_now(lambda: is_gone(pid), "what was guarded ends")
