"""What mosromgr (BBC News Labs, 0.10) makes of running orders: writes tests/vectors/running_orders.json.

    python -m tests.mosromgr_vectors      where mosromgr is installed; it asks for libraries that do not go with ours

Only where mosromgr keeps to the protocol: it moves right upwards only, swaps right only when the upper one is named
first, and of several that roElementAction deletes it takes the first.
"""

import json
import random
from pathlib import Path
from xml.etree import ElementTree as ET

from mosromgr import mostypes

from tests.mos import action, ids, item, mos, order, story

VECTORS = Path(__file__).parent / "vectors" / "running_orders.json"
NEW = story("N", item("N1"))
CREATE = order("roCreate", *(story(s, *(item(f"{s}{i}") for i in "123")) for s in "ABCD"))
EACH = [
    order("roStoryAppend", NEW),
    order("roStoryInsert", ids("C"), NEW, story("M")),
    order("roStoryReplace", ids("B"), NEW, story("M")),
    order("roStoryDelete", ids("A", "D")),
    order("roStoryMove", ids("D", "B")),
    order("roItemInsert", ids("B"), ids("B2", of="itemID"), item("N1"), item("N2")),
    order("roItemReplace", ids("B"), ids("B2", of="itemID"), item("N1"), item("N2")),
    order("roItemDelete", ids("C"), ids("C1", "C3", of="itemID")),
    order("roItemMoveMultiple", ids("C"), ids("C3", "C1", of="itemID")),
    action("INSERT", ids("B"), NEW),
    action("INSERT", ids("B") + ids("B2", of="itemID"), item("N1")),
    action("REPLACE", ids("B"), NEW),
    action("REPLACE", ids("B") + ids("B3", of="itemID"), item("N1")),
    action("MOVE", ids("A"), ids("C")),
    action("MOVE", ids("B") + ids("B1", of="itemID"), ids("B3", of="itemID")),
    action("DELETE", "", ids("B")),
    action("DELETE", ids("B"), ids("B1", of="itemID")),
    action("SWAP", "", ids("A", "C")),
    action("SWAP", ids("C"), ids("C1", "C3", of="itemID")),
]

Shape = list[tuple[str, list[str]]]


def merged(*bodies: str) -> Shape:
    whole = mostypes.RunningOrder.from_string(mos(CREATE))
    for body in bodies:
        whole += mostypes.MosFile.from_string(mos(body))
    root = ET.fromstring(str(whole)).find("roCreate")
    assert root is not None
    return [
        (one.findtext("storyID") or "", [each.findtext("itemID") or "" for each in one.findall("item")])
        for one in root.findall("story")
    ]


def drawn(names: list[str], randomness: random.Random, number: int) -> str:
    new = story(f"N{number}", item("x"))
    if len(names) < 2:
        return order("roStoryAppend", new)
    upper, lower = (names[place] for place in sorted(randomness.sample(range(len(names)), 2)))
    return randomness.choice([
        order("roStoryAppend", new),
        order("roStoryInsert", ids(lower), new),
        order("roStoryReplace", ids(upper), new),
        order("roStoryMove", ids(lower, upper)),
        order("roStoryDelete", ids(upper, lower)),
        action("SWAP", "", ids(upper, lower)),
    ])  # fmt: skip


def row(randomness: random.Random) -> list[str]:
    bodies: list[str] = []
    for number in range(randomness.randint(2, 8)):
        bodies.append(drawn([name for name, _ in merged(*bodies)], randomness, number))
    return bodies


def write(path: Path) -> None:
    randomness = random.Random(285)
    said = [[body] for body in EACH] + [row(randomness) for _ in range(40)]
    cases = [{"said": bodies, "shape": merged(*bodies)} for bodies in said]
    path.write_text(json.dumps({"create": CREATE, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    write(VECTORS)
