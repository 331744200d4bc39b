"""What the newsroom says about a running order, and what becomes of it. Pure.

Each message of profile 2 that changes a running order is a row in CHANGES (MOS Protocol 2.8.5, sections 3.6 and 3.7).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from workers.mos import running_order as ro
from workers.mos.message import Element, Message, MosFault, text_of
from workers.mos.running_order import RunningOrder, T

READY = ("READY", "NOT READY")


class Said(NamedTuple):
    """Which newsroom says it, and when (ms)."""

    by: str
    at: int


def apply(order: RunningOrder | None, message: Message, now: int) -> RunningOrder | None:
    """The running order after a message; None when it is gone. `order` is what is known under its roID.

    MosFault when it cannot be: then nothing has changed.
    """
    becomes = _apply(order, message, now)
    if becomes is not None and becomes.size > max(ro.LARGEST, order.size if order else 0):
        raise MosFault(f"The running order would have more than {ro.LARGEST:,} characters.")
    return becomes


def _apply(order: RunningOrder | None, message: Message, now: int) -> RunningOrder | None:
    change = CHANGES[message.name]
    if message.name in MAKES:
        made = ro.running_order_of(message.body)
        return made.model_copy(update={"ready_at": order.ready_at, "ready_by": order.ready_by}) if order else made
    if order is None:
        raise MosFault(f"There is no running order {message.get('roID')!r} here; send it with roCreate.")
    return change(order, message.body, Said(message.ncs_id, now))


def _made(order: RunningOrder, _: Element, __: Said) -> RunningOrder:
    return order


def _metadata(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return ro.with_metadata(order, body)


def _ready(order: RunningOrder, body: Element, said: Said) -> RunningOrder:
    """Said again it is the word of whoever said it first."""
    air = text_of(body, "roAir").upper()
    if air not in READY:
        raise MosFault(f"roAir is {air!r}; it can be READY or NOT READY.")
    if air == "READY" and order.ready_at:
        return order
    ready_by, ready_at = said if air == "READY" else ("", 0)
    return order.model_copy(update={"ready_at": ready_at, "ready_by": ready_by})


def _delete(_: RunningOrder, __: Element, ___: Said) -> None:
    return None


# --- stories --------------------------------------------------------------------------------------------------------


def _append_stories(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return order.with_stories(ro.inserted(order.stories, _stories(body), "", "story"))


def _insert_stories(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return order.with_stories(ro.inserted(order.stories, _stories(body), text_of(body, "storyID"), "story"))


def _replace_story(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return order.with_stories(ro.replaced(order.stories, _stories(body), text_of(body, "storyID"), "story"))


def _move_story(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    """One, before another or, when only one is named, to the end."""
    named = _ids(body, "storyID")
    return order.with_stories(ro.moved(order.stories, named[:1], "".join(named[1:2]), "story"))


def _move_stories(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    """The last that is named is the one before which the others are to stand; blank, they go to the end."""
    *named, before = _ids(body, "storyID") or [""]
    return order.with_stories(ro.moved(order.stories, named, before, "story"))


def _swap_stories(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return order.with_stories(ro.swapped(order.stories, _ids(body, "storyID"), "story"))


def _delete_stories(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return order.with_stories(ro.without(order.stories, _ids(body, "storyID"), "story"))


def _send_story(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    return order.with_story(ro.with_body(order.story(text_of(body, "storyID")), body))


# --- items ----------------------------------------------------------------------------------------------------------


def _insert_items(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    new, before = _items(body), text_of(body, "itemID")
    return order.change_items(text_of(body, "storyID"), lambda items: ro.inserted(items, new, before, "item"))


def _replace_item(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    new, old = _items(body), text_of(body, "itemID")
    return order.change_items(text_of(body, "storyID"), lambda items: ro.replaced(items, new, old, "item"))


def _move_items(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    *named, before = _ids(body, "itemID") or [""]
    return order.change_items(text_of(body, "storyID"), lambda items: ro.moved(items, named, before, "item"))


def _delete_items(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    named = _ids(body, "itemID")
    return order.change_items(text_of(body, "storyID"), lambda items: ro.without(items, named, "item"))


# --- either, as roElementAction says it -----------------------------------------------------------------------------


def _act(order: RunningOrder, body: Element, _: Said) -> RunningOrder:
    operation = (body.get("operation") or "").upper()
    source, target = body.find("element_source"), body.find("element_target")
    if source is None:
        raise MosFault("The message has no element_source.")
    story, item = (text_of(target, name) if target is not None else "" for name in ("storyID", "itemID"))
    if source.find("item") is None and source.find("itemID") is None:
        named = _ids(source, "storyID")
        return order.with_stories(_acted(operation, order.stories, _stories(source), named, story, "story"))
    new, named = _items(source), _ids(source, "itemID")
    return order.change_items(story, lambda items: _acted(operation, items, new, named, item, "item"))


def _acted(
    operation: str, among: Sequence[T], new: Sequence[T], named: Sequence[str], target: str, what: str
) -> list[T]:
    match operation:
        case "INSERT":
            return ro.inserted(among, new, target, what)
        case "REPLACE":
            return ro.replaced(among, new, target, what)
        case "MOVE":
            return ro.moved(among, named, target, what)
        case "SWAP":
            return ro.swapped(among, named, what)
        case "DELETE":
            return ro.without(among, named, what)
    raise MosFault(f"The operation {operation!r} is none: it can be INSERT, REPLACE, MOVE, SWAP or DELETE.")


# --- how it is read -------------------------------------------------------------------------------------------------


def _stories(body: Element) -> list[ro.Story]:
    return [ro.story_of(found) for found in body.findall("story")]


def _items(body: Element) -> list[ro.Item]:
    return [ro.item_of(found) for found in body.findall("item")]


def _ids(body: Element, name: str) -> list[str]:
    return [(found.text or "").strip() for found in body.findall(name)]


Change = Callable[[RunningOrder, Element, Said], RunningOrder | None]
MAKES = ("roCreate", "roReplace")
CHANGES: Mapping[str, Change] = {
    "roCreate": _made,
    "roReplace": _made,
    "roMetadataReplace": _metadata,
    "roDelete": _delete,
    "roReadyToAir": _ready,
    "roStoryAppend": _append_stories,
    "roStoryInsert": _insert_stories,
    "roStoryReplace": _replace_story,
    "roStoryMove": _move_story,
    "roStoryMoveMultiple": _move_stories,
    "roStorySwap": _swap_stories,
    "roStoryDelete": _delete_stories,
    "roStorySend": _send_story,
    "roItemInsert": _insert_items,
    "roItemReplace": _replace_item,
    "roItemMoveMultiple": _move_items,
    "roItemDelete": _delete_items,
    "roElementAction": _act,
}
