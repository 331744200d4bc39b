"""The machine under the benchmarks: its cores, what a process has used of them, and how to name it all in a report."""

import os
import platform
import pwd
import random
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Collection, Iterator
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
def pinned(cores: Collection[int]) -> Iterator[None]:
    """What is started in here runs on these cores, with all threads it will ever have."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_file_limit() -> int:
    """As far as we may. How many files that is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def is_root() -> bool:
    return os.geteuid() == 0


def user_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants."""
    # The clock of another process (CPUCLOCK_SCHED): the same sum as in /proc/<pid>/stat, but in ns, not in 10 ms.
    return sum(time.clock_gettime((~each << 3) | 2) for each in family(pid))


def waited_seconds(pid: int) -> float:
    """For how long a process and its descendants were ready to run and had no core, all threads together."""
    threads = (thread for each in family(pid) for thread in Path(f"/proc/{each}/task").iterdir())
    return sum(int((thread / "schedstat").read_text().split()[1]) for thread in threads) / 1e9


def rss_kb(pid: int) -> int:
    """Resident memory of a process and its descendants, in kB."""
    page_kb = resource.getpagesize() // 1024
    return sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) * page_kb for each in family(pid))


def rest_until_idle(pid: int, most: float = 15) -> None:
    """Until the process has done next to nothing for half a second: it has seen that its readers are gone."""
    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        before = cpu_seconds(pid)
        time.sleep(0.5)
        if cpu_seconds(pid) - before < 0.02:
            return


def free_port() -> int:
    """Below those that the system hands out by itself: tens of thousands of readers are about to be given one each."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def compiled(name: str) -> Path:
    """The program made of `<name>.c`, or of all in the folder `<name>`; made again when that has changed."""
    sources = sorted((HERE / name).glob("*.c")) or [HERE / f"{name}.c"]
    newest = max(path.stat().st_mtime for path in [*sources, *(HERE / name).glob("*.h")])
    program = BUILD / name
    if not program.exists() or program.stat().st_mtime < newest:
        BUILD.mkdir(exist_ok=True)
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise RuntimeError("The benchmarks need a C compiler (cc) for the readers.")
        subprocess.run([compiler, "-O2", "-std=c17", "-Wall", "-o", program, *sources], check=True)
    return program


def described() -> dict[str, str]:
    """What a figure means nothing without."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{_cpu_model()}, {os.cpu_count()} cores",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "redis-server": _redis_version(),
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
