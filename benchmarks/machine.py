"""The machine under the benchmarks: its cores, what a process has used of them, and how to name it all in a report."""

import os
import platform
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE / "build"
PACKAGES = ("ticker", "starlette", "uvicorn", "uvloop", "websockets", "sse-starlette")

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[min(1, len(CORES) - 1)]
OTHER_CORE = CORES[min(2, len(CORES) - 1)]  # Redis and whoever publishes; with two cores they are beside the load


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started in here runs on this core, with all threads it will ever have."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_file_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants."""
    # The clock of another process (CPUCLOCK_SCHED): the same sum as in /proc/<pid>/stat, but in ns, not in 10 ms.
    return sum(time.clock_gettime((~each << 3) | 2) for each in family(pid))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compiled(name: str) -> Path:
    """The program made of `<name>.c`, made again when that has changed."""
    source, program = HERE / f"{name}.c", BUILD / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BUILD.mkdir(exist_ok=True)
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise SystemExit("The benchmarks need a C compiler (cc) for the load client.")
        subprocess.run([compiler, "-O2", "-std=c17", "-o", program, source], check=True)
    return program


def described() -> dict[str, str]:
    """What a figure means nothing without."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{_cpu_model()}, {os.cpu_count()} cores",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": ", ".join(f"{name} {_version(name)}" for name in PACKAGES) + f", redis-server {_redis_version()}",
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _redis_version() -> str:
    program = shutil.which("redis-server")
    if program is None:
        return "(not on the PATH)"
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return text.partition("v=")[2].split()[0]
