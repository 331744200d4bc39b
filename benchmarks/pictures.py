"""A picture of each figure: labels stand at what they name, this project is red, and there is no legend to look up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.report import Bars, Figure, Histogram, Lines

mpl.use("svg")  # before pyplot, which would look for a screen
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

OURS, FLOOR, OTHERS, FAINT = "#c8102e", "#1f2933", "#7b8794", "#d9dee4"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "ticker",  # the same figures make the same file
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Helvetica", "Arial", "DejaVu Sans"],
    "font.size": 10,
    "text.color": FLOOR,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": OTHERS,
    "xtick.color": OTHERS,
    "ytick.color": OTHERS,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def draw(figure: Figure, folder: Path) -> Path:
    """Write `<name>.svg`."""
    path = folder / f"{figure.name}.svg"
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        match figure.picture:
            case Bars() as bars:
                drawing = _bars(bars)
            case Lines() as lines:
                drawing = _lines(lines)
            case Histogram() as histogram:
                drawing = _histogram(histogram)
        drawing.suptitle(figure.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        drawing.savefig(path, metadata={"Date": None}, facecolor="white")
        plt.close(drawing)
    return path


def colour(name: str) -> str:
    return OURS if name.startswith("ticker") else FLOOR if name.startswith("floor") else OTHERS


def _bars(bars: Bars) -> Any:
    names, values = list(bars.values), list(bars.values.values())
    drawing, axes = plt.subplots(figsize=(8, 1.3 + 0.36 * len(names)), layout="constrained")
    drawn = axes.barh(names, values, height=0.7, color=[colour(name) for name in names])
    axes.bar_label(drawn, labels=[number(value) for value in values], padding=5)
    axes.invert_yaxis()
    axes.margins(x=0.12, y=0.02)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.tick_params(axis="y", labelcolor=FLOOR)
    axes.set_title(bars.unit, loc="left", fontsize=10, color=OTHERS)
    return drawing


def _lines(lines: Lines) -> Any:
    panels = {name: series for name, series in lines.panels.items() if series}
    drawing, all_axes = plt.subplots(
        1, len(panels), figsize=(5.2 * len(panels) + (1.5 if len(panels) == 1 else 0), 4.2),
        layout="constrained", sharey=True, squeeze=False,
    )  # fmt: skip
    for axes, (kind, series) in zip(all_axes[0], panels.items(), strict=True):
        for name, points in series.items():
            front = 3 if name.startswith("ticker") else 2
            xs, ys = zip(*points, strict=True)
            axes.plot(xs, ys, color=colour(name), linewidth=2.4 if front == 3 else 1.4, marker="o", markersize=3.5,
                      zorder=front)  # fmt: skip
        axes.set_title(kind, loc="left", fontsize=11, color=FLOOR)
        axes.set_xlabel(lines.x)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        if lines.log_x:
            _log_x(axes, sorted({x for points in series.values() for x, _ in points}))
        else:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        if lines.log_y:
            _log_y(axes)
        else:
            axes.set_ylim(bottom=0)
    all_axes[0][0].set_ylabel(lines.y)
    for axes, series in zip(all_axes[0], panels.values(), strict=True):
        _label_ends(axes, series)
    return drawing


def _log_x(axes: Any, xs: Sequence[float]) -> None:
    """With a tick at each step that was measured."""
    axes.set_xscale("log")
    axes.set_xticks(xs, [f"{x:,.0f}" for x in xs], rotation=45)
    axes.xaxis.set_minor_locator(NullLocator())


def _log_y(axes: Any) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _label_ends(axes: Any, series: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Each curve's name at its end, moved apart where they would lie on each other."""
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = {name: to_axes.transform(points[-1]) for name, points in series.items()}
    heights = apart([float(end[1]) for end in ends.values()], 0.055)
    right = max((float(end[0]) for end in ends.values()), default=1)
    for (name, points), height in zip(series.items(), heights, strict=True):
        label = f"{name} {number(points[-1][1])}"
        axes.annotate(
            label, (right, height), xycoords="axes fraction", xytext=(8, 0), textcoords="offset points", va="center",
            color=colour(name), fontweight="bold" if name.startswith("ticker") else "normal", fontsize=9,
            annotation_clip=False,
        )  # fmt: skip


def apart(heights: Sequence[float], least: float) -> list[float]:
    """The same heights in the same order, no two closer than `least`, each moved as little as that allows."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    groups: list[tuple[float, list[int]]] = []  # the middle of those that touch, and who they are
    for i in order:
        middle, members = heights[i], [i]
        while groups and middle - groups[-1][0] < least * (len(members) + len(groups[-1][1])) / 2:
            _, before = groups.pop()
            members = [*before, *members]
            middle = sum(heights[m] for m in members) / len(members)
        groups.append((middle, members))
    moved = [0.0] * len(heights)
    for middle, members in groups:
        for turn, i in enumerate(members):
            moved[i] = middle + (turn - (len(members) - 1) / 2) * least
    return moved


def _histogram(histogram: Histogram) -> Any:
    series = histogram.series
    drawing, all_axes = plt.subplots(
        len(series), 1, figsize=(8, 1 + 2.2 * len(series)), layout="constrained", sharex=True, squeeze=False
    )
    for axes, (name, counts) in zip(all_axes[:, 0], series.items(), strict=True):
        starts = [turn * histogram.width for turn in range(len(counts))]
        axes.bar(
            starts, counts, width=histogram.width, align="edge", color=colour(name), edgecolor="white", linewidth=0.3
        )
        axes.set_title(f"{name}: {sum(counts):,}", loc="left", fontsize=10, color=colour(name))
        axes.set_ylabel(histogram.y)
        axes.set_xlim(left=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
    all_axes[-1][0].set_xlabel(histogram.x)
    return drawing


def number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}" if value < 1 else f"{value:.1f}"
