"""A running order: its stories in their order, each with its items. Pure.

What the newsroom has said of a thing is kept as it said it, and given back so. Every operation makes a new running
order; MosFault when it names what is not there.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from lxml import etree
from pydantic import BaseModel, ConfigDict

from workers.mos.message import LONGEST_ID, Element, MosFault, element, text_of

MOST_STORIES = 5_000
MOST_ITEMS = 500  # of one story
LARGEST = 4_000_000  # characters of a running order: all of it is written at each message


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class Item(_Kept):
    id: str
    xml: str  # the whole element

    @property
    def size(self) -> int:
        return len(self.xml)

    @property
    def element(self) -> Element:
        return etree.fromstring(self.xml)


class Story(_Kept):
    id: str
    head: str  # the element without its items
    items: tuple[Item, ...] = ()

    @property
    def size(self) -> int:
        return len(self.head) + sum(item.size for item in self.items)

    @property
    def element(self) -> Element:
        made = etree.fromstring(self.head)
        made.extend(item.element for item in self.items)
        return made

    def with_items(self, items: Sequence[Item]) -> "Story":
        if len(items) > MOST_ITEMS:
            raise MosFault(f"A story has more than {MOST_ITEMS} items.")
        return self.model_copy(update={"items": tuple(items)})


class RunningOrder(_Kept):
    id: str
    head: str  # the element without its stories
    stories: tuple[Story, ...] = ()
    ready_at: int = 0  # ms, since when it is ready to air; 0 while it is not
    ready_by: str = ""  # the newsroom that said so

    @property
    def size(self) -> int:
        """Characters."""
        return len(self.head) + sum(story.size for story in self.stories)

    def body(self, name: str) -> Element:
        """All of it, as the body of a message."""
        made = self.base(name)
        made.extend(story.element for story in self.stories)
        return made

    def base(self, name: str) -> Element:
        """Without its stories."""
        made = etree.fromstring(self.head)
        made.tag = name
        return made

    def story(self, story_id: str) -> Story:
        return find(self.stories, story_id, "story")

    def with_stories(self, stories: Sequence[Story]) -> "RunningOrder":
        if len(stories) > MOST_STORIES:
            raise MosFault(f"The running order has more than {MOST_STORIES} stories.")
        return self.model_copy(update={"stories": tuple(stories)})

    def with_story(self, story: Story) -> "RunningOrder":
        """The story in the place of the one with its id."""
        return self.with_stories([story if one.id == story.id else one for one in self.stories])

    def change_items(self, story_id: str, change: Callable[[Sequence[Item]], Sequence[Item]]) -> "RunningOrder":
        story = self.story(story_id)
        return self.with_story(story.with_items(change(story.items)))


# --- what can be done to stories, and to items alike ----------------------------------------------------------------


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


def find(among: Sequence[T], wanted: str, what: str) -> T:
    for one in among:
        if one.id == wanted:
            return one
    raise MosFault(f"There is no {what} {wanted!r} here.")


def inserted(among: Sequence[T], new: Sequence[T], before: str, what: str) -> list[T]:
    """Before another, or at the end when none is named. What is there already moves: said twice, it is there once."""
    ids = _each_once([one.id for one in new], what)
    if before in ids:
        raise MosFault(f"The {what} {before!r} cannot stand before itself.")
    rest = [one for one in among if one.id not in ids]
    place = rest.index(find(rest, before, what)) if before else len(rest)
    return [*rest[:place], *new, *rest[place:]]


def replaced(among: Sequence[T], new: Sequence[T], old: str, what: str) -> list[T]:
    """In the place of another."""
    ids = _each_once([one.id for one in new], what)
    place = list(among).index(find(among, old, what))
    before = [one for one in among[:place] if one.id not in ids]
    after = [one for one in among[place + 1 :] if one.id not in ids]
    return [*before, *new, *after]


def moved(among: Sequence[T], ids: Sequence[str], before: str, what: str) -> list[T]:
    """These, in this order, before another, or to the end."""
    return inserted(among, [find(among, one, what) for one in ids], before, what)


def swapped(among: Sequence[T], ids: Sequence[str], what: str) -> list[T]:
    if len(ids) != 2:
        raise MosFault(f"Two of them change their places; {len(ids)} are named.")
    one, other = (find(among, wanted, what) for wanted in ids)
    places = {one.id: other, other.id: one}
    return [places.get(each.id, each) for each in among]


def without(among: Sequence[T], ids: Sequence[str], what: str) -> list[T]:
    for wanted in ids:
        find(among, wanted, what)
    return [one for one in among if one.id not in ids]


def _each_once(ids: Sequence[str], what: str) -> set[str]:
    if not ids:
        raise MosFault(f"No {what} is named.")
    if len(set(ids)) < len(ids):
        raise MosFault(f"The same {what} is named twice.")
    return set(ids)


# --- how they are read ----------------------------------------------------------------------------------------------


def item_of(found: Element) -> Item:
    made = _copy(found)
    made.tag = "item"
    return Item(id=_id(found, "itemID"), xml=_text(made))


def story_of(found: Element) -> Story:
    head = _copy(found)
    items = head.findall("item")
    for item in items:
        head.remove(item)
    story = Story(id=_id(found, "storyID"), head=_text(head))
    made = [item_of(item) for item in items]
    if made:
        _each_once([item.id for item in made], "item")
    return story.with_items(made)


def running_order_of(body: Element) -> RunningOrder:
    head = _copy(body)
    head.tag = "ro"
    stories = head.findall("story")
    for story in stories:
        head.remove(story)
    made = [story_of(story) for story in stories]
    if made:
        _each_once([story.id for story in made], "story")
    return RunningOrder(id=_id(body, "roID"), head=_text(head)).with_stories(made)


def with_metadata(order: RunningOrder, body: Element) -> RunningOrder:
    """What the newsroom now says of the running order itself. Metadata takes the place of such of the same schema."""
    head = order.base("ro")
    for new in body:
        old = next((one for one in head if _same_kind(one, new)), None)
        if old is None:
            head.append(_copy(new))
        else:
            head.replace(old, _copy(new))
    return order.model_copy(update={"head": _text(head)})


def with_body(story: Story, body: Element) -> Story:
    """A story as roStorySend tells it: the items in its text are as they are told, and none goes because it is not
    in the text. What others call an item in metadata of theirs is none.
    """
    head = etree.Element("story")
    head.extend(_copy(one) for one in body if one.tag not in ("roID", "storyBody", "item"))
    found = body.iter("storyItem", "item")
    told = [item_of(one) for one in found if next(one.iterancestors("mosExternalMetadata"), None) is None]
    if told:
        _each_once([item.id for item in told], "item")
    known = {item.id: item for item in told}
    items = [known.pop(item.id, item) for item in story.items]
    return Story(id=story.id, head=_text(head)).with_items([*items, *known.values()])


def _same_kind(one: Element, other: Element) -> bool:
    if one.tag != other.tag:
        return False
    return one.tag != "mosExternalMetadata" or text_of(one, "mosSchema") == text_of(other, "mosSchema")


def _id(found: Element, name: str) -> str:
    value = text_of(found, name)
    if not value:
        raise MosFault(f"A <{found.tag}> has no {name}.")
    if len(value) > LONGEST_ID:
        raise MosFault(f"{name} is longer than {LONGEST_ID} characters.")
    return value


def _copy(found: Element) -> Element:
    made = element(found.tag, found.text)
    made.attrib.update(found.attrib)
    made.extend(etree.fromstring(_text(child)) for child in found)
    return made


def _text(found: Element) -> str:
    made: str = etree.tostring(found, encoding="unicode", with_tail=False)
    return made
