"""What a run leaves behind: a table on the screen and in a file, and a bar chart for each figure."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")  # before pyplot, which would look for a screen
from matplotlib import pyplot as plt


@dataclass(frozen=True)
class Figure:
    name: str
    title: str
    unit: str  # of the bars
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Mapping[str, float]
    notes: Sequence[str] = field(default_factory=list)
    failed: bool = False


def say(progress: str) -> None:
    """To the standard error: the report on the standard output stays clean."""
    print(progress, file=sys.stderr, flush=True)


def as_text(figure: Figure) -> str:
    rows = [list(figure.columns), *map(list, figure.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(figure.columns))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "|".join("-" * (width + 2) for width in widths).join("||"))
    verdict = ["", "FAILED"] if figure.failed else []
    return "\n".join([f"## {figure.name}: {figure.title}", "", *lines, "", *figure.notes, *verdict, ""])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return f"| {' | '.join([cells[0].ljust(widths[0]), *others])} |"


def heading(machine: Mapping[str, str], command: str) -> str:
    facts = [f"- {name}: {value}" for name, value in machine.items()]
    return "\n".join(["# Benchmarks", "", *facts, f"- command: `{command}`", ""])


def keep(figures: Iterable[Figure], machine: Mapping[str, str], command: str, folder: Path) -> None:
    """Write report.md, results.json and a chart for each figure."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = list(figures)
    text = "\n".join([heading(machine, command), *map(as_text, figures)])
    (folder / "report.md").write_text(text, encoding="utf-8")
    results = {"machine": dict(machine), "command": command, "figures": [asdict(figure) for figure in figures]}
    (folder / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
    for figure in figures:
        _draw(figure, folder / f"{figure.name}.svg")


def _draw(figure: Figure, path: Path) -> None:
    names, values = list(figure.bars), list(figure.bars.values())
    drawing, axes = plt.subplots(figsize=(8, 1 + 0.45 * len(names)))
    bars = axes.barh(names, values, color=["#c8102e" if name.startswith("ticker") else "#8a8d91" for name in names])
    axes.bar_label(bars, fmt="%.1f", padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(figure.title, loc="left", fontsize=11)
    axes.set_xlabel(figure.unit)
    drawing.tight_layout()
    drawing.savefig(path)
    plt.close(drawing)
