"""The project as a user starts it: `ticker web`, with a Redis whose append-only file is on."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import machine
from benchmarks.process import ROOT, get, process
from benchmarks.publisher import Draft, Publisher
from benchmarks.subject import Running, Subject

CHANNEL = "/v1/channels/en"


def plain(_: int, text: str) -> bytes:
    return json.dumps({"text": text}).encode()


def started(
    path: str,
    *,
    processes: int = 1,
    cores: Collection[int] = (machine.SERVER_CORE,),
    draft: Draft = plain,
    config: str = "",
    scheduler: bool = False,
) -> Callable[[int], Iterator[Running]]:
    """`path` is `stream` or `ws`, and may have a query. `config` is what `ticker.toml` says."""

    def start(_size: int) -> Iterator[Running]:
        port = machine.free_port()
        with ExitStack() as stack:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            redis = data / "redis.sock"
            env = {
                "TICKER_BIND": f"127.0.0.1:{port}",
                "TICKER_DATA": str(data),
                "TICKER_CONFIG": str(data / "ticker.toml"),  # as a rule there is none: the channels as they come
                "TICKER_REDIS_URL": f"unix://{redis}",
                "TICKER_DEMO": "0",
                "TICKER_MAX_CONNECTIONS": "1000000",  # as many as there are file descriptors for
                "TICKER_WEB_PROCESSES": str(processes),
            }
            if config:
                (data / "ticker.toml").write_text(config)
            stack.enter_context(_redis(redis))
            key = _key(env)
            command = [sys.executable, "-m", "ticker", "web"]
            child = stack.enter_context(process(command, cores, lambda: b" 200 " in get(port, "/readyz")[:20], env))
            if scheduler:
                others = [sys.executable, "-m", "ticker", "scheduler"]
                stack.enter_context(process(others, (machine.OTHER_CORE,), lambda: True, env))
            if processes > 1:  # who is ready is one of them; the others are when nobody works any more
                machine.rest_until_idle(child.pid)

            def publisher() -> Publisher:
                return Publisher(port, f"{CHANNEL}/headlines", draft, key)

            def position() -> str:
                return str(json.loads(get(port, CHANNEL).partition(b"\r\n\r\n")[2])["position"])

            yield Running(child.pid, port, f"{CHANNEL}/{path}", publisher, True, position, redis)

    return start


@contextmanager
def _redis(path: Path) -> Iterator[None]:
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--dir", str(path.parent)]
    command += ["--appendonly", "yes", "--save", ""]
    with process(command, (machine.OTHER_CORE,), path.exists):
        yield


def _key(env: dict[str, str]) -> str:
    command = [sys.executable, "-m", "ticker", "key", "create", "--scope", "publish"]
    made = subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"`ticker key create` failed:\n{made.stderr}")
    return made.stdout.strip()


TICKER_SSE = Subject("ticker-sse", "sse", started("stream"))
TICKER_WS = Subject("ticker-ws", "ws", started("ws"))
# With two cores the readers share them with the servers, and the figure is of the machine, not of the processes.
TICKER_SSE_2 = Subject("ticker-sse, 2 processes", "sse", started("stream", processes=2, cores=machine.CORES))
TICKER_WS_2 = Subject("ticker-ws, 2 processes", "ws", started("ws", processes=2, cores=machine.CORES))
