"""docs/performance.md: the tables and pictures of a run, put between two markers. What stands around them is prose."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.report import Figure, as_text, facts

BEGIN = "<!-- the run: scripts/bench --publish-docs writes from here -->"
END = "<!-- to here -->"
PICTURES = "performance"  # folder beside the page


def renewed(page: str, figures: Sequence[Figure], about: Mapping[str, str]) -> str:
    """The page with this run in the place of the one before. RuntimeError when it has no place for one."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RuntimeError(f"docs/performance.md has no place for a run; it needs the lines {BEGIN} and {END}")
    parts = [*facts(about), ""]
    for figure in figures:
        text = as_text(figure).replace("## ", "### ", 1).rstrip()
        head, _, body = text.partition("\n")
        parts += [head, "", f"![{figure.title}]({PICTURES}/{figure.name}.svg)", body, ""]
    return f"{before}{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}{after}"


def publish(page: Path, figures: Sequence[Figure], about: Mapping[str, str]) -> None:
    page.write_text(renewed(page.read_text(encoding="utf-8"), figures, about), encoding="utf-8")
