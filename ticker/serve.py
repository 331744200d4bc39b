"""One web process: uvicorn with our protocols, on an address or an inherited socket."""

import contextlib
import gc
import logging
import resource
import socket

import uvicorn

from ticker import logs
from ticker.app import create_app
from ticker.errors import TickerError
from ticker.fanout.transport import HttpProtocol
from ticker.server import Server
from ticker.settings import Settings

SPARE_FILES = 100  # descriptors kept for Redis, logs and files
KEEP_ALIVE = 5  # s an idle HTTP connection is kept

logger = logging.getLogger(__name__)


class CannotBind(TickerError):
    code = "cannot-bind"
    title = "The address cannot be listened on"


def run(settings: Settings, fd: int | None = None) -> None:
    """Serve until SIGTERM or SIGINT. CannotBind when the address is taken."""
    logs.begin(settings.log)
    settings = settings.model_copy(update={"max_connections": min(settings.max_connections, _most_connections())})
    listening = socket.socket(fileno=fd) if fd is not None else bind(settings)
    drop_vanished_peers(listening, settings.peer_timeout_seconds)
    config = uvicorn.Config(
        create_app(settings),
        http=_http(settings),
        ws="none",  # WebSockets are opened by `http`, and have no protocol of uvicorn's
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=5,
        access_log=False,
        server_header=False,
        log_config=None,
        lifespan="on",
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # what clients do wrong is told to them, not to the log
    logger.info("serving %s", settings.url)
    _for_many_long_lived_objects()
    Server(config).run(sockets=[listening])


def bind(settings: Settings) -> socket.socket:
    """The listening socket, to be shared by all web processes."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise CannotBind(
            f"{settings.bind} cannot be listened on ({error.strerror}); set TICKER_BIND to another address."
        ) from None
    listening.listen(4096)
    listening.setblocking(False)
    return listening


def _http(settings: Settings) -> type[HttpProtocol]:
    return type("Http", (HttpProtocol,), {"compress": settings.compress})


def drop_vanished_peers(listening: socket.socket, seconds: int) -> None:
    """Leave to the kernel what it knows best: a peer that no longer acknowledges is gone, without a timer of ours.

    Each connection inherits these from the socket that it was accepted on (Linux), and costs no call of its own.
    """
    if listening.family == socket.AF_UNIX or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, seconds // 2))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, seconds // 6))


def _most_connections() -> int:
    """As many as there are file descriptors for; the limit is raised as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 1_048_576) if hard != resource.RLIM_INFINITY else 1_048_576
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, wanted - SPARE_FILES)


def _for_many_long_lived_objects() -> None:
    """Thousands of connections live long: the collector should not walk them at every turn (a third of a connect)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
