"""The figures: what is done to the subjects, and what is read off. A file each; those of one sweep share it."""

from collections.abc import Callable

from benchmarks.figures.beacon import beacon
from benchmarks.figures.connect import connect
from benchmarks.figures.drain import drain
from benchmarks.figures.fanout import fanout
from benchmarks.figures.filters import filters
from benchmarks.figures.latency import latency
from benchmarks.figures.memory import churn, memory
from benchmarks.figures.options import Options
from benchmarks.figures.reads import reads
from benchmarks.figures.saturation import saturation
from benchmarks.figures.slow import slow
from benchmarks.figures.soak import soak
from benchmarks.figures.storm import storm
from benchmarks.report import Figure

FIGURES: dict[str, Callable[[Options], Figure]] = {
    "fanout": fanout,
    "saturation": saturation,
    "latency": latency,
    "connect": connect,
    "memory": memory,
    "churn": churn,
    "storm": storm,
    "filters": filters,
    "slow": slow,
    "drain": drain,
    "soak": soak,
    "beacon": beacon,
    "reads": reads,
}
NEED_OURS = {"churn", "storm", "filters", "slow", "drain"}  # of what only this project can do

__all__ = ["FIGURES", "NEED_OURS", "Figure", "Options"]
