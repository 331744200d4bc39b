"""`scripts/bench [figure ...]`: measure, print the tables, draw the pictures."""

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

from benchmarks import document, machine, peers, pictures, report, subjects
from benchmarks.figures import FIGURES, NEED_OURS, Figure, Options

PAGE = machine.HERE.parent / "docs" / "performance.md"


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measure this project and its peers on this machine, in turn."
    )
    parser.add_argument(
        "figures", nargs="*", choices=[*FIGURES, []], metavar="figure", help=f"of {', '.join(FIGURES)}; default: all"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a small version, to see that it works: minutes, not half an hour"
    )
    parser.add_argument("--subjects", help=f"only these, with commas between: {','.join(subjects.SUBJECTS)}")
    parser.add_argument(
        "--connections", type=_numbers, default=(), help="how many readers, with commas between: 100,1000"
    )
    parser.add_argument("--seconds", type=float, help="how long each window lasts")
    parser.add_argument("--repetitions", type=int, help="the median counts (3; in a quick run 1)")
    parser.add_argument("--rate", type=int, default=200, help="publishes a second in soak")
    parser.add_argument("--out", type=Path, default=machine.HERE / "results", help="folder for report and pictures")
    parser.add_argument("--publish-docs", action="store_true", help="put the run into docs/performance.md, too")
    return parser.parse_args(argv)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(number) for number in text.split(",")))


def options(given: argparse.Namespace) -> Options:
    return Options(
        subjects=subjects.chosen(given.subjects),
        quick=given.quick,
        repetitions=given.repetitions or (1 if given.quick else 3),
        connections=given.connections,
        seconds=given.seconds,
        rate=given.rate,
    )


def measured(given: argparse.Namespace) -> list[Figure]:
    """Each figure is printed as soon as it is there, and kept with those before it."""
    asked, figures = options(given), []
    for name in given.figures or FIGURES:
        if name in NEED_OURS and not asked.ours:
            report.say(f"{name}: of this project only, which is not among the subjects")
            continue
        start = time.monotonic()
        try:
            figures.append(FIGURES[name](asked))
        except RuntimeError as error:
            raise RuntimeError(f"{name}: {error}") from error
        print(report.as_text(figures[-1]), flush=True)
        pictures.draw(figures[-1], given.out)
        report.keep(figures, given.about, given.out)
        report.say(f"{name} took {time.monotonic() - start:.0f} s")
    return figures


def main(argv: list[str]) -> int:
    given = arguments(argv)
    given.about = machine.described() | {
        "nchan": peers.nchan_version(),
        "not installed": subjects.not_installed() or "none of the subjects",
        "command": f"`{shlex.join(['scripts/bench', *argv])}`",
    }
    machine.raise_file_limit()
    os.sched_setaffinity(0, {machine.OTHER_CORE})
    print(report.heading(given.about), flush=True)
    try:
        figures = measured(given)
        if given.publish_docs:
            document.publish(PAGE, figures, given.about)
            for figure in figures:
                pictures.draw(figure, PAGE.parent / document.PICTURES)
    except RuntimeError as error:
        raise SystemExit(str(error)) from None
    report.say(f"The report and the pictures are in {given.out}.")
    return 1 if any(figure.failed for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
