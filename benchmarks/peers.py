"""The comparison: the floor, the usual ways in Python, and nchan."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from benchmarks import machine
from benchmarks.process import listens, process
from benchmarks.publisher import Draft, Publisher
from benchmarks.subject import Running, Subject

BACKLOG = 4096  # connections that wait to be accepted, the same for all
SERVER = (machine.SERVER_CORE,)


def _plain(size: int) -> Draft:
    """A message of `size` bytes, shaped as this project's, encoded by the publisher already."""

    def draft(_: int, text: str) -> bytes:
        head, tail = f'{{"type":"published","headline":{{"text":"{text}', '"}}'
        return (head.ljust(size - len(tail), "x") + tail).encode()

    return draft


Start = Callable[[int], Iterator[Running]]


def _floor(path: str) -> Start:
    def start(size: int) -> Iterator[Running]:
        port = machine.free_port()
        with process([str(machine.compiled("floor")), str(port)], SERVER, lambda: listens(port)) as child:
            yield Running(child.pid, port, path, lambda: Publisher(port, "/", _plain(size)))

    return start


def _queue(path: str) -> Start:
    def start(size: int) -> Iterator[Running]:
        port = machine.free_port()
        command = [sys.executable, "-m", "uvicorn", "benchmarks.queue_app:app", "--port", str(port)]
        command += ["--no-access-log", "--log-level", "warning", "--backlog", str(BACKLOG)]
        # Without this each of its connections has a compressor, which a reader that asks for none does not use.
        command += ["--ws-per-message-deflate", "false", "--ws-ping-interval", "3600"]
        with process(command, SERVER, lambda: listens(port)) as child:
            yield Running(child.pid, port, path, lambda: Publisher(port, "/publish", _plain(size)))

    return start


def _broadcast(size: int) -> Iterator[Running]:
    port, publish_port = machine.free_port(), machine.free_port()
    command = [sys.executable, "-m", "benchmarks.broadcast_app", str(port), str(publish_port)]
    with process(command, SERVER, lambda: listens(port)) as child:
        yield Running(child.pid, port, "/", lambda: Publisher(publish_port, "/", _plain(size)))


# --- nchan ----------------------------------------------------------------------------------------------------------

NCHAN_MODULE = "ngx_nchan_module.so"
NGINX_CONF = """
load_module {module};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
worker_rlimit_nofile {files};
{user}
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    nchan_shared_memory_size 256M;
    nchan_message_buffer_length 100;
    server {{
        listen 127.0.0.1:{port} backlog={backlog};
        location = /publish {{ nchan_publisher http; nchan_channel_id bench; }}
        location = /stream {{
            nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest;
        }}
        location = /ws {{
            nchan_subscriber websocket; nchan_channel_id bench; nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


@cache
def _nginx() -> tuple[str, Path] | None:
    """The program and nchan's module, where both are installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    places = [Path("/usr/lib/nginx/modules"), Path("/usr/lib64/nginx/modules"), Path("/usr/share/nginx/modules")]
    module = next((place / NCHAN_MODULE for place in places if (place / NCHAN_MODULE).exists()), None)
    return (program, module) if module else None


def nchan_version() -> str:
    found = _nginx()
    if found is None:
        return "(not installed)"
    told = subprocess.run([found[0], "-v"], capture_output=True, text=True, check=True).stderr
    package = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"], capture_output=True, text=True, check=False
    )
    return f"{package.stdout or 'unknown'} in nginx {told.strip().rpartition('/')[2]}"


def _nchan(path: str) -> Start:
    def start(size: int) -> Iterator[Running]:
        found = _nginx()
        assert found
        program, module = found
        port = machine.free_port()
        with tempfile.TemporaryDirectory(prefix="bench-nginx-") as folder:
            files = machine.raise_file_limit()
            conf = Path(folder) / "nginx.conf"
            user = f"user {machine.user_name()};" if machine.is_root() else ""
            conf.write_text(NGINX_CONF.format(
                module=module, folder=folder, port=port, files=files, connections=files - 100, user=user,
                backlog=BACKLOG,
            ))  # fmt: skip
            command = [program, "-p", folder, "-e", f"{folder}/error.log", "-c", str(conf)]
            with process(command, SERVER, lambda: listens(port)) as child:
                yield Running(child.pid, port, path, lambda: Publisher(port, "/publish", _plain(size)))

    return start


def _has_nchan() -> bool:
    return _nginx() is not None


FLOOR_SSE = Subject("floor-sse", "sse", _floor("/"))
FLOOR_WS = Subject("floor-ws", "ws", _floor("/ws"))
NCHAN_SSE = Subject("nchan-sse", "sse", _nchan("/stream"), _has_nchan)
NCHAN_WS = Subject("nchan-ws", "ws", _nchan("/ws"), _has_nchan)
QUEUE_SSE = Subject("queue-sse", "sse", _queue("/stream"))
QUEUE_WS = Subject("queue-ws", "ws", _queue("/ws"))
SSE_STARLETTE = Subject("sse-starlette", "sse", _queue("/sse-starlette"))
BROADCAST_WS = Subject("broadcast-ws", "ws", _broadcast)
