"""The loop of one output: every headline once, in order, and the most urgent one again between the others. Pure.

The most urgent are those of the highest urgency there is, as long as something less urgent is there too. With
`repeat_every = n` one of them comes after every n others, also across the loop's end: the one that was on longest
ago, so that several take turns. A repeat stands between two others, so nothing comes twice in a row.

When the loop would take longer than `within_minutes`, repeats give way first, no more of them than must.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from ticker.headline import Headline
from ticker.onair.font import run_of
from ticker.onair.output import Look, Output

Width = Callable[[Headline, Look], int]  # px that a headline takes in the crawl, with all that goes with it


def rotation(items: Sequence[Headline], output: Output, width: Width = run_of) -> tuple[list[Headline], bool]:
    """One loop, and whether it takes longer than the output allows even without repeats."""
    if output.within_minutes is None and not output.repeat_every:
        return list(items), False  # nothing depends on how long it takes
    seconds = {headline.id: _seconds(headline, output, width) for headline in items}
    least = sum(seconds.values())
    most = None if output.within_minutes is None else Fraction(str(output.within_minutes)) * 60
    if most is not None and least > most:
        return list(items), True
    urgent = _urgent_places(items)
    gaps = _gaps(len(items), urgent, output.repeat_every)
    count = len(gaps)
    if most is not None and gaps:
        shortest = min(seconds[items[place].id] for place in urgent)
        count = min(count, int((most - least) / shortest))
    while True:
        loop = _filled(items, urgent, _spread(gaps, count))
        if most is None or sum(seconds[headline.id] for headline in loop) <= most:
            return loop, False
        count -= 1


def _seconds(headline: Headline, output: Output, width: Width) -> Fraction:
    if output.mode == "flip":
        return Fraction(str(output.flip_seconds))
    return width(headline, output.look) / (output.speed * output.rate)


def _urgent_places(items: Sequence[Headline]) -> list[int]:
    """Where the most urgent stand; nowhere when all are of the same urgency."""
    ranks = [headline.urgency.rank for headline in items]
    highest = min(ranks, default=0)
    return [place for place, rank in enumerate(ranks) if rank == highest < max(ranks)]


def _gaps(size: int, urgent: Sequence[int], every: int) -> list[int]:
    """Places before which one comes again: behind every so many others, counted round the loop."""
    if not every or not urgent:
        return []
    found, others = list[int](), 0
    for place in _round(size, urgent[0]):
        if place in urgent:
            others = 0
        elif others == every:
            found.append(place)
            others = 1
        else:
            others += 1
    return sorted(found)


def _round(size: int, start: int) -> Iterator[int]:
    yield from range(start, size)
    yield from range(start)


def _spread(gaps: Sequence[int], count: int) -> list[int]:
    """So many of them, as evenly as it goes."""
    return [gaps[number * len(gaps) // count] for number in range(count)]


def _filled(items: Sequence[Headline], urgent: Sequence[int], gaps: Sequence[int]) -> list[Headline]:
    again = _turns(urgent, gaps)
    return [
        headline
        for place, own in enumerate(items)
        for headline in ([items[again[place]], own] if place in again else [own])
    ]


def _turns(urgent: Sequence[int], gaps: Sequence[int]) -> dict[int, int]:
    """Which one comes again in each gap: of those that do not come next by themselves, the one longest off."""
    if not gaps:
        return {}
    marks = sorted({*urgent, *gaps})
    marks = [*marks[marks.index(urgent[0]) :], *marks[: marks.index(urgent[0])]]
    longest_off, found = list(urgent), dict[int, int]()
    for mark, following in zip(marks, [*marks[1:], marks[0]], strict=True):
        if mark in gaps:
            found[mark] = next((one for one in longest_off if one != following), following)
        shown = found.get(mark, mark)
        longest_off.remove(shown)
        longest_off.append(shown)
    return found
