"""The parent of the embedded Redis: ends it when nobody uses it any more, however its users came to their end.

    python -I -S guard.py USERS_LOCK COMMAND...

A program of its own, and small: it imports nothing of ours, and sleeps until there is something to do. It ends with
Redis, and Redis with it (on Linux also when it is killed).
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading

STOP_WITHIN = 20  # seconds between TERM and KILL


def guard(users_lock: str, command: list[str]) -> int:
    """Run the command until it ends, or until nobody holds the lock. Its exit code."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
    us = os.getpid()

    def end_with_us() -> None:
        if prctl is not None:
            set_death_signal = 1  # PR_SET_PDEATHSIG
            prctl(set_death_signal, int(signal.SIGTERM))
            if os.getppid() != us:  # we have ended already: no signal comes
                os._exit(1)

    server = subprocess.Popen(  # noqa: S603  what our own process chose
        command,
        close_fds=False,  # the lock that says that it runs is for it, too
        preexec_fn=end_with_us,  # noqa: PLW1509  there is one thread yet
    )
    threading.Thread(target=_end_when_unused, args=(users_lock, server), daemon=True).start()
    return server.wait()


def _end_when_unused(users_lock: str, server: subprocess.Popen[bytes]) -> None:
    with open(users_lock, "ab") as lock:  # noqa: PTH123  pathlib would be half of what we import
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes now waits until we have ended
        server.terminate()
        try:
            server.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1], sys.argv[2:]))
