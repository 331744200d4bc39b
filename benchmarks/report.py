"""What a run leaves behind: tables on the screen and in a file, and a picture of each figure."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Bars:
    """One number for each subject."""

    unit: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Lines:
    """Curves of several subjects, in a panel for each kind."""

    x: str
    y: str
    panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]
    log_x: bool = True
    log_y: bool = False


@dataclass(frozen=True)
class Histogram:
    """How often something happened in each `width` of time."""

    x: str
    y: str
    width: float
    series: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Figure:
    name: str
    title: str
    tables: Sequence[Table]
    picture: Bars | Lines | Histogram
    notes: Sequence[str] = field(default_factory=list)
    failed: bool = False


def say(progress: str) -> None:
    """To the standard error: the report on the standard output stays clean."""
    print(progress, file=sys.stderr, flush=True)


def as_text(figure: Figure) -> str:
    """In Markdown."""
    parts = [f"## {figure.name}: {figure.title}", ""]
    for table in figure.tables:
        parts += [*([f"{table.title}:", ""] if table.title else []), *_lines(table), ""]
    parts += [*figure.notes, *(["", "**FAILED**"] if figure.failed else []), ""]
    return "\n".join(parts)


def _lines(table: Table) -> list[str]:
    rows = [list(table.columns), *map(list, table.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    lines = [_line(row, widths) for row in rows]
    # Pipes and dashes only, or it is no table; numbers are on the right.
    rule = ["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]
    lines.insert(1, f"|{'|'.join(rule)}|")
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return f"| {' | '.join([cells[0].ljust(widths[0]), *others])} |"


def heading(about: Mapping[str, str]) -> str:
    return "\n".join(["# Benchmarks", "", *facts(about), ""])


def facts(about: Mapping[str, str]) -> list[str]:
    return [f"- {name}: {value}" for name, value in about.items()]


def keep(figures: Iterable[Figure], about: Mapping[str, str], folder: Path) -> None:
    """Write report.md and results.json."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = list(figures)
    text = "\n".join([heading(about), *map(as_text, figures)])
    (folder / "report.md").write_text(text, encoding="utf-8")
    results = {"about": dict(about), "figures": [asdict(figure) for figure in figures]}
    (folder / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
