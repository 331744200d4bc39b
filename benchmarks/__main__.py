"""`scripts/bench [figure ...]`: measure, print the tables, draw the charts."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from benchmarks import machine, report
from benchmarks.figures import FIGURES, Options
from benchmarks.subjects import OTHERS, USUAL, Subject

SUBJECTS = {subject.name: subject for subject in (*USUAL, *OTHERS)}


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure the ticker on this machine.")
    parser.add_argument(
        "figures", nargs="*", choices=[*FIGURES, []], metavar="figure", help=f"of {', '.join(FIGURES)}; default: all"
    )
    parser.add_argument("--all", action="store_true", help="compare with sse-starlette and websockets.broadcast too")
    parser.add_argument("--subjects", help=f"only these, with commas between: {','.join(SUBJECTS)}")
    parser.add_argument("--seconds", type=int, help="how long each window lasts (fanout 5, soak 60)")
    parser.add_argument("--connections", type=int, help="how many readers (fanout 1000, soak 500)")
    parser.add_argument("--repetitions", type=int, default=3, help="of fanout; the median counts")
    parser.add_argument("--rate", type=int, default=200, help="publishes a second in soak")
    parser.add_argument("--out", type=Path, default=machine.HERE / "results", help="folder for report and charts")
    return parser.parse_args(argv)


def options(given: argparse.Namespace) -> Options:
    subjects: tuple[Subject, ...] = (*USUAL, *OTHERS) if given.all else USUAL
    if given.subjects:
        try:
            subjects = tuple(SUBJECTS[name] for name in given.subjects.split(","))
        except KeyError as error:
            raise SystemExit(f"There is no subject {error}; there are {', '.join(SUBJECTS)}.") from None
    return Options(subjects, given.seconds, given.connections, given.repetitions, given.rate)


def main(argv: list[str]) -> int:
    given = arguments(argv)
    command, about = shlex.join(["scripts/bench", *argv]), machine.described()
    machine.raise_file_limit()
    os.sched_setaffinity(0, {machine.OTHER_CORE})
    print(report.heading(about, command), flush=True)
    figures = []
    for name in given.figures or FIGURES:
        try:
            figures.append(FIGURES[name](options(given)))
        except RuntimeError as error:
            raise SystemExit(f"{name}: {error}") from None
        print(report.as_text(figures[-1]), flush=True)
    report.keep(figures, about, command, given.out)
    report.say(f"The report and the charts are in {given.out}.")
    return 1 if any(figure.failed for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
