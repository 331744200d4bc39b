"""The connection to Redis: standalone, Sentinel or Cluster, told apart by the address."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.retry import Retry
from redis.backoff import FullJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from ticker.clock import Clock
from ticker.errors import StorageFull, TickerError, Unavailable

TIMEOUT = 10.0  # s for an answer; longer than any blocking read waits
CONNECT_TIMEOUT = 3.0  # s
CANCEL_AGAIN = 1.0  # s
RETRIES = 3  # every write carries a `once` key, so that sending it again is harmless

Client = Any  # redis.asyncio.Redis or RedisCluster: the same commands, no common type

Failed = (RedisError, RedisClusterException)  # the second is no RedisError: no node of a Cluster can be reached
Gone = (*Failed, OSError, TimeoutError)
_NOT_THERE = (
    RedisConnectionError, RedisTimeoutError, RedisClusterException, ClusterDownError, ReadOnlyError, OSError,
)  # fmt: skip
NoScript = NoScriptError  # Redis does not know a script by its hash: it was restarted, or is another one


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Client]:
    """A client for `redis://`, `rediss://`, `unix://`, `redis+cluster://host:port` or `redis+sentinel://host:port/name`.

    Nothing is sent yet: a Redis that is not there shows at the first command.
    """
    client = _client(url)
    try:
        yield client
    finally:
        await client.aclose()
        for sentinel in _sentinels(client):
            await sentinel.aclose()


def _sentinels(client: Client) -> list[Client]:
    """Those that a Sentinel client asks for its master: it does not close them itself."""
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    return list(manager.sentinels) if manager else []


def _client(url: str) -> Client:
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "protocol": 2,
    }
    retry = Retry(FullJitterBackoff(cap=0.5, base=0.05), RETRIES)
    parts = urlsplit(url)
    if parts.scheme in ("redis+cluster", "rediss+cluster"):
        return RedisCluster.from_url(url.replace("+cluster", "", 1), retry=retry, **options)
    options |= {"retry": retry, "retry_on_error": [ReadOnlyError]}
    if parts.scheme in ("redis+sentinel", "rediss+sentinel"):
        hosts = [_host_port(host) for host in parts.netloc.rpartition("@")[2].split(",")]
        options |= {"username": _plain(parts.username), "password": _plain(parts.password)}
        options["ssl"] = parts.scheme.startswith("rediss")
        sentinel_options = {"socket_timeout": CONNECT_TIMEOUT}
        sentinel = Sentinel(hosts, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
        return sentinel.master_for(parts.path.strip("/") or "mymaster", **options)
    return Redis.from_url(url, **options)


def _plain(text: str | None) -> str | None:
    return unquote(text) if text else None


def _host_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return (host, int(port)) if host else (text, 26379)


async def ask(client: Client, command: str, *args: Any, **options: Any) -> Any:
    """One command. What goes wrong with it is told as a refusal."""
    try:
        return await getattr(client, command)(*args, **options)
    except Gone as error:
        raise refusal(error) from error


def refusal(error: BaseException) -> TickerError:
    """What a failure of Redis means for whoever asked, as one sentence."""
    text = str(error)
    if isinstance(error, OutOfMemoryError) or "OOM command not allowed" in text:  # 6.2 wraps what a script is told
        return StorageFull(
            "Redis is out of memory and takes no more; give it memory or let things expire.", retry_after=30
        )
    if "MISCONF" in text:
        return StorageFull("Redis cannot write to its disk and takes nothing more; make room there.", retry_after=30)
    if isinstance(error, AuthenticationError | AuthorizationError | NoPermissionError):
        return Unavailable("Redis does not accept our credentials; check TICKER_REDIS_URL.", retry_after=10)
    if isinstance(error, BusyLoadingError):
        return Unavailable("Redis is still loading its data; try again in a moment.", retry_after=2)
    if isinstance(error, _NOT_THERE):
        # Also when it was the answer that was lost: what was sent may have been done.
        return Unavailable(
            "Redis cannot be reached; it may have been accepted or not. Try again with the same Idempotency-Key."
        )
    if isinstance(error, ResponseError):
        return Unavailable(f"Redis refused the command: {text[:200]}", retry_after=5)
    return Unavailable("Redis failed; try again with the same Idempotency-Key.")


def end_if_cancelled() -> None:
    """For loops over commands: redis sends with `wait_for`, and Python 3.11's loses a cancellation that comes just when
    the command has gone out. Without this such a loop would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks until they have ended, however often one of them loses it (see above)."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)


def monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def new_clock() -> Clock:
    return Clock(time.time_ns() // 1_000_000, monotonic_ms())
