"""What to read after a story: what is about the same, and what its readers went on to. Each with its reason. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ticker.most_read.story import Story

MOST = 5
LEAST_READERS = 5  # who went from one story to another, before that means anything

# What each reason is worth. Of tags, one is worth half of what any number of them can be: who copies all of a story's
# tags is not nearer to it than what editors or readers say.
COVERAGE, GROUP, READERS, TAGS, SECTION = 8.0, 6.0, 5.0, 4.0, 0.5


class Next(NamedTuple):
    story: Story
    why: str  # coverage, group, readers, tags, section: the weightiest
    about: list[str]  # the coverage's name, the tags or the section that both have


def read_next(
    story: Story,
    others: Sequence[Story],
    read_after: Mapping[str, float],
    coverage: Mapping[str, Collection[str]],
    barred: Collection[str] = (),
) -> list[Next]:
    """Up to five, the nearest first; of equals the newest. `coverage`: by name, the stories of what editors keep."""
    kept = {name: frozenset(stories) for name, stories in coverage.items() if story.id in stories}
    most = max(read_after.values(), default=0.0)
    found = []
    for other in others:
        if other.id == story.id or other.id in barred:
            continue
        went = read_after.get(other.id, 0)
        reasons = _reasons(story, other, went / most if went >= LEAST_READERS else 0, kept)
        if reasons:
            why, (_, about) = max(reasons.items(), key=lambda one: one[1][0])
            found.append((sum(worth for worth, _ in reasons.values()), Next(other, why, about)))
    found.sort(key=lambda one: (-one[0], -one[1].story.published_at, one[1].story.id))
    return [one for _, one in found[:MOST]]


def _reasons(
    story: Story, other: Story, went: float, kept: Mapping[str, Collection[str]]
) -> dict[str, tuple[float, list[str]]]:
    """`went`: how many readers went on to the other, as a part of the most; `kept`: coverages that have the story."""
    reasons: dict[str, tuple[float, list[str]]] = {}
    both = sorted(name for name, stories in kept.items() if other.id in stories)
    if both:
        reasons["coverage"] = (COVERAGE, both)
    if story.group is not None and story.group == other.group:
        reasons["group"] = (GROUP, [])
    if went:
        reasons["readers"] = (READERS * went, [])
    tags = [tag for tag in story.tags if tag in other.tags]
    if tags:
        reasons["tags"] = (TAGS * len(tags) / (len(tags) + 1), tags)
    if story.section is not None and story.section == other.section:
        reasons["section"] = (SECTION, [story.section])
    return reasons
