"""What is done to running orders; by the side of what mosromgr, of BBC News Labs, has made of the same."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.mos import action, ids, item, mos, order, ready, story
from workers.mos import running_order as ro
from workers.mos.command import apply
from workers.mos.message import MosFault, parse
from workers.mos.running_order import RunningOrder

FOUND = json.loads((Path(__file__).parent / "vectors" / "running_orders.json").read_text())
CREATE, VECTORS = FOUND["create"], FOUND["cases"]
NEW = story("N", item("N1"))


def said(body: str, before: RunningOrder | None = None) -> RunningOrder:
    made = apply(before, parse(mos(body)), 1)
    assert made is not None
    return made


def shape(made: RunningOrder) -> list[tuple[str, list[str]]]:
    return [(one.id, [each.id for each in one.items]) for one in made.stories]


def first() -> RunningOrder:
    return said(CREATE)


@pytest.mark.parametrize("row", VECTORS, ids=[str(number) for number in range(len(VECTORS))])
def test_operations_do_what_they_do_in_mosromgr(row: dict[str, Any]) -> None:
    made = first()
    for body in row["said"]:
        made = said(body, made)
    assert shape(made) == [(story, items) for story, items in row["shape"]]
    assert shape(made) != shape(first())


class One:
    def __init__(self, name: str) -> None:
        self.id = name


def names(among: Sequence[One]) -> list[str]:
    return [one.id for one in among]


AMONG = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=2, max_size=8).map(lambda n: [One(x) for x in n])


@given(AMONG, st.data())
def test_what_moves_stands_before_its_target_in_the_order_named(among: list[One], data: st.DataObject) -> None:
    target, *rest = data.draw(st.permutations(names(among)))
    moving = rest[: data.draw(st.integers(1, len(rest)))]
    made = names(ro.moved(among, moving, target, "story"))
    place = made.index(target)
    assert made[place - len(moving) : place] == moving
    assert [one for one in made if one not in moving] == [one for one in names(among) if one not in moving]
    assert names(ro.moved(among, moving, "", "story"))[-len(moving) :] == moving


@given(AMONG, st.data())
def test_nothing_is_lost_or_doubled(among: list[One], data: st.DataObject) -> None:
    before = names(among)
    one, other = data.draw(st.permutations(before))[:2]
    assert sorted(names(ro.swapped(among, [one, other], "story"))) == sorted(before)
    assert names(ro.swapped(ro.swapped(among, [one, other], "story"), [one, other], "story")) == before
    new = [One("new"), One(other)]
    made = names(ro.replaced(among, new, one, "story"))
    assert sorted(made) == sorted({*before, "new"} - {one})
    again = ro.inserted(ro.inserted(among, new, one, "story"), new, one, "story")
    assert names(again) == names(ro.inserted(among, new, one, "story"))
    assert names(ro.without(among, [one], "story")) == [name for name in before if name != one]


@pytest.mark.parametrize(("body", "sentence"), [
    (order("roStoryInsert", ids("nobody"), NEW), "no story 'nobody'"),
    (order("roStoryInsert", ids("A")), "No story is named"),
    (order("roStoryAppend", NEW, NEW), "named twice"),
    (order("roStoryMove", ids("A", "A")), "before itself"),
    (order("roStorySwap", ids("A")), "1 are named"),
    (order("roItemDelete", ids("A"), ids("nothing", of="itemID")), "no item 'nothing'"),
    (order("roStoryAppend", "<story><storySlug>x</storySlug></story>"), "no storyID"),
    (order("roStoryAppend", story("x" * 129)), "longer than 128"),
    (order("roStoryAppend", story("S", item("1"), item("1"))), "item is named twice"),
    (order("roStoryAppend", story("S", *(item(str(n)) for n in range(501)))), "more than 500 items"),
    (action("PUSH", "", ids("A")), "'PUSH' is none"),
    ("<roElementAction operation='MOVE'><roID>RO1</roID></roElementAction>", "no element_source"),
    ("<roReadyToAir><roID>RO1</roID><roAir>MAYBE</roAir></roReadyToAir>", "READY or NOT READY"),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(body: str, sentence: str) -> None:
    before = first()
    kept = before.model_dump_json()
    with pytest.raises(MosFault, match=sentence):
        said(body, before)
    assert before.model_dump_json() == kept


def test_a_running_order_has_a_limit() -> None:
    with pytest.raises(MosFault, match="more than 5000 stories"):
        said(order("roCreate", *(story(str(n)) for n in range(5_001))))


def test_a_running_order_has_a_size_and_what_makes_it_no_larger_is_always_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = first()
    monkeypatch.setattr(ro, "LARGEST", before.size - 1)
    with pytest.raises(MosFault, match=r"more than [\d,]+ characters"):
        said(order("roStoryAppend", story("S", item("1"))), before)
    with pytest.raises(MosFault, match=r"more than [\d,]+ characters"):
        said(CREATE)
    assert said(order("roStoryDelete", ids("A")), before).size < before.size
    assert said(ready("NOT READY"), before).size == before.size


def test_it_is_given_back_as_it_was_said() -> None:
    made = first()
    told = etree.tostring(made.body("roCreate"), encoding="unicode")
    assert told == CREATE
    assert RunningOrder.model_validate_json(made.model_dump_json()) == made


def test_metadata_takes_the_place_of_the_same_schema_only() -> None:
    def metadata(schema: str, words: str) -> str:
        return (f"<mosExternalMetadata><mosSchema>{schema}</mosSchema><mosPayload><x>{words}</x></mosPayload>"
                "</mosExternalMetadata>")  # fmt: skip

    made = said(order("roCreate", metadata("one", "old"), metadata("two", "stays")))
    body = f"<roMetadataReplace><roID>RO1</roID><roSlug>Late</roSlug>{metadata('one', 'new')}<roEdDur>1</roEdDur>"
    made = said(body + "</roMetadataReplace>", made)
    head = made.base("ro")
    assert head.findtext("roSlug") == "Late"
    assert [x.text for x in head.iter("x")] == ["new", "stays"]
    assert head.findtext("roEdDur") == "1"


def test_a_sent_story_changes_its_items_and_loses_none() -> None:
    text = item("A2", "Changed").replace("<item>", "<storyItem>").replace("</item>", "</storyItem>")
    more = item("A9").replace("<item>", "<storyItem>").replace("</item>", "</storyItem>")
    body = (f"<roStorySend><roID>RO1</roID><storyID>A</storyID><storySlug>Now</storySlug><storyBody><p>Good evening"
            f"</p>{text}<p>and</p>{more}</storyBody></roStorySend>")  # fmt: skip
    made = said(body, first()).story("A")
    assert [one.id for one in made.items] == ["A1", "A2", "A3", "A9"]
    assert made.items[1].element.findtext("itemSlug") == "Changed"
    assert made.element.findtext("storySlug") == "Now"


def test_what_metadata_of_others_calls_an_item_is_none() -> None:
    payload = "<mosPayload><item>of a list</item></mosPayload>"
    theirs = f"<mosExternalMetadata><mosSchema>x</mosSchema>{payload}</mosExternalMetadata>"
    more = item("A9").replace("<item>", "<storyItem>").replace("</item>", f"{theirs}</storyItem>")
    body = f"<roStorySend><roID>RO1</roID><storyID>A</storyID><storyBody>{more}</storyBody>{theirs}</roStorySend>"
    assert [one.id for one in said(body, first()).story("A").items] == ["A1", "A2", "A3", "A9"]
