"""Readers whose network disappears: no FIN, no reset. Each side has a network of its own; a cable joins them."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.journeys.crowd import crowd
from tests.journeys.readers import standing
from tests.servers import Process, RedisServer, binaries, eventually, metric, running
from ticker.desk.desk import Desk
from ticker.headline import Draft
from ticker.settings import Settings
from ticker.store import connect, new_clock
from ticker.stream import Stream

SERVER, READERS = "10.99.0.1", "10.99.0.2"
PORT = 8000  # in a network where nobody else is
MANY = 100
TIMEOUT = 12  # s; half of it is left at least, when the cable is cut, to one that was idle
NEEDS_USER = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode != 0


class Network:
    """A network namespace, which ends with the process that holds it. Who is not root enough gets one of a user's."""

    def __init__(self, beside: "Network | None" = None) -> None:
        user = ["--user", "--map-root-user"] if NEEDS_USER and beside is None else []
        new = ["unshare", "--net", *user]
        hold = [*(beside.inside if beside else []), *new, "sh", "-c", "echo held; exec sleep 600"]
        self.holder = subprocess.Popen(hold, stdout=subprocess.PIPE)
        assert self.holder.stdout
        assert self.holder.stdout.readline() == b"held\n", "network namespaces need root, or user namespaces"

    @property
    def inside(self) -> list[str]:
        """What a command is started with to run inside. It replaces itself by the command: the pid stays."""
        user = ["--user", "--preserve-credentials"] if NEEDS_USER else []
        return ["nsenter", "--target", str(self.holder.pid), *user, "--net"]

    def run(self, command: str) -> str:
        return subprocess.run([*self.inside, *command.split()], check=True, capture_output=True, text=True).stdout

    def end(self) -> None:
        self.holder.kill()
        self.holder.communicate()


@contextlib.contextmanager
def two_networks() -> Iterator[tuple[Network, Network]]:
    server = Network()
    readers = Network(beside=server)
    try:
        server.run(f"ip link add cable type veth peer name cable netns {readers.holder.pid}")
        for network, address in ((server, SERVER), (readers, READERS)):
            network.run(f"ip address add {address}/30 dev cable")
            network.run("ip link set cable up")
            network.run("ip link set lo up")
        yield server, readers
    finally:
        readers.end()
        server.end()


async def test_they_are_gone_within_the_set_time_whether_or_not_there_is_something_to_tell_them(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    redis = RedisServer(next(iter(binaries().values())), tmp_path / "redis", "--unixsocket", str(path))
    env = {"TICKER_BIND": f"{SERVER}:{PORT}", "TICKER_REDIS_URL": f"unix://{path}", "TICKER_HEARTBEAT_SECONDS": "300",
           "TICKER_DATA": str(tmp_path), "TICKER_PEER_TIMEOUT_SECONDS": str(TIMEOUT)}  # fmt: skip
    with standing(redis), two_networks() as (here, there):
        web = Process("ticker", "web", env=env, log=tmp_path / "web.log", inside=here.inside)
        async with running(web):
            await eventually(
                lambda: "serving" in web.said() and connected(here) is not None, "the web process is ready"
            )
            async with (
                crowd(SERVER, PORT, MANY, inside=there.inside),
                crowd(SERVER, PORT, MANY, inside=there.inside, channel="ar"),
            ):
                assert connected(here) == {"en": MANY, "ar": MANY}
                there.run("ip link set cable down")
                async with connect(redis.url) as client:
                    await Desk(Stream(client, new_clock()), Settings().channels).publish(
                        "en", Draft(text="To nobody"), by="test"
                    )
                assert connected(here) == {"en": MANY, "ar": MANY}, "nothing has told the server"
                await eventually(lambda: connected(here) == {"en": 0, "ar": 0}, "they are gone", within=5 * TIMEOUT)
            assert "Traceback" not in web.said()


def connected(network: Network) -> dict[str, float] | None:
    """By channel, as the web process tells those who ask from its own network."""
    ask = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).read().decode())"
    words = [*network.inside, sys.executable, "-S", "-c", ask, f"http://{SERVER}:{PORT}/metrics"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    return {channel: metric(told.stdout, "ticker_connections", channel=channel) for channel in ("en", "ar")}
