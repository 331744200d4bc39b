"""A place on the strip: above or below another headline, at the top or the bottom. Pure."""

from collections.abc import Sequence

from ticker import order
from ticker.board import Board
from ticker.errors import NoHeadline, Refused
from ticker.headline import Headline, Record


def place(
    records: Sequence[Record],
    headline_id: str,
    *,
    above: str | None,
    below: str | None,
    to: str | None,
    pinned: bool | None,
) -> str | None:
    """The `order` between two neighbours. Pinned and unpinned ones are two lists."""
    mine = next((r for r in records if r.id == headline_id), None)
    if mine is None:
        return None  # not on the strip: the table has the sentence
    list_ = mine.pinned if pinned is None else pinned
    others: list[Headline] = [h for h in Board(records) if h.id != headline_id and h.pinned == list_]
    if to == "top" or not others:
        return order.between(None, others[0].order if others else None) or mine.order
    if to == "bottom":
        return order.between(others[-1].order, None) or mine.order
    beside = above or below or ""
    index = next((i for i, h in enumerate(others) if h.id == beside), None)
    if index is None:
        raise NoHeadline(beside)
    upper, lower = (index - 1, index) if above else (index, index + 1)
    found = order.between(
        others[upper].order if upper >= 0 else None, others[lower].order if lower < len(others) else None
    )
    if found is None:
        raise Refused("There is no more room between these two; move one of them first.")
    return found
