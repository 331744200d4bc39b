"""A web process: its address, its socket, its end."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp

from tests.api import Api
from tests.servers import ROOT, Web, eventually, free_port, running


async def test_an_address_that_is_taken_is_told_in_one_sentence(redis_url: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        web = Web(redis_url, tmp_path, port=taken.getsockname()[1]).start()
        assert web.process is not None
        code = await asyncio.to_thread(web.process.wait, 20)
    assert code not in (0, -9)
    assert "TICKER_BIND" in web.said()
    assert "Traceback" not in web.said()


async def test_two_processes_share_an_inherited_socket(redis_url: str, tmp_path: Path) -> None:
    port = free_port()
    env = os.environ | {"TICKER_REDIS_URL": redis_url, "TICKER_DATA": str(tmp_path), "TICKER_DEMO": "0",
                        "TICKER_BIND": f"127.0.0.1:{port}", "TICKER_DRAIN_SECONDS": "0"}  # fmt: skip
    with socket.socket() as shared:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.bind(("127.0.0.1", port))
        shared.listen(100)
        fd = shared.fileno()
        command = [sys.executable, "-m", "ticker", "web", "--fd", str(fd)]
        both: list[asyncio.subprocess.Process] = []

        async def start() -> None:
            quiet = asyncio.subprocess.DEVNULL
            both.append(await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env, pass_fds=[fd], stderr=quiet))

        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(20)) as http:
                reader = Api(http, f"http://127.0.0.1:{port}")

                async def ready() -> bool:
                    try:
                        return (await reader.get("/readyz", Connection="close")).status == 200
                    except aiohttp.ClientError:
                        return False

                await start()
                await eventually(ready)
                await start()
                both[0].terminate()
                assert await asyncio.wait_for(both[0].wait(), 10) == 0
                await eventually(ready)  # who came in between has waited in the socket's queue
            both[1].terminate()
            assert await asyncio.wait_for(both[1].wait(), 10) == 0
        finally:
            for process in both:
                if process.returncode is None:
                    process.kill()
                    await process.wait()


async def test_both_signals_end_it_cleanly(redis_url: str, tmp_path: Path) -> None:
    for signal_, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        web = Web(redis_url, tmp_path, TICKER_DRAIN_SECONDS="0")
        async with running(web):
            assert web.process is not None
            web.process.send_signal(signal_)
            assert await asyncio.to_thread(web.process.wait, 10) == code
        assert "Traceback" not in web.said()
