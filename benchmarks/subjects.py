"""What is measured, by name."""

from benchmarks.peers import BROADCAST_WS, FLOOR_SSE, FLOOR_WS, NCHAN_SSE, NCHAN_WS, QUEUE_SSE, QUEUE_WS, SSE_STARLETTE
from benchmarks.project import TICKER_SSE, TICKER_SSE_2, TICKER_WS, TICKER_WS_2
from benchmarks.subject import Subject

USUAL: tuple[Subject, ...] = (
    FLOOR_SSE,
    TICKER_SSE,
    NCHAN_SSE,
    QUEUE_SSE,
    SSE_STARLETTE,
    FLOOR_WS,
    TICKER_WS,
    NCHAN_WS,
    BROADCAST_WS,
    QUEUE_WS,
)
SUBJECTS = {subject.name: subject for subject in USUAL}
TWO_PROCESSES = {TICKER_SSE: TICKER_SSE_2, TICKER_WS: TICKER_WS_2}
FLOORS = {"sse": FLOOR_SSE.name, "ws": FLOOR_WS.name}


def chosen(names: str | None) -> tuple[Subject, ...]:
    """Those of a list with commas; all that are installed when there is none. RuntimeError for what there is not."""
    if not names:
        return tuple(subject for subject in USUAL if subject.installed())
    unknown = [name for name in names.split(",") if name not in SUBJECTS]
    if unknown:
        raise RuntimeError(f"There is no subject {', '.join(unknown)}; there are {', '.join(SUBJECTS)}.")
    missing = [name for name in names.split(",") if not SUBJECTS[name].installed()]
    if missing:
        raise RuntimeError(f"Not installed here: {', '.join(missing)}.")
    return tuple(SUBJECTS[name] for name in names.split(","))


def not_installed() -> str:
    return ", ".join(subject.name for subject in USUAL if not subject.installed())
