"""What docs/onair/mos.md says is what the device does."""

import pytest

from tests.servers import ROOT
from tests.test_docs import blocks, codes, section, table
from ticker.onair.mos import Mos
from workers.mos import answer, carry, device, message, newsroom, orders, running_order, schema
from workers.mos.command import CHANGES
from workers.mos.message import parse
from workers.mos.running_order import RunningOrder

MOS = (ROOT / "docs" / "onair" / "mos.md").read_text()


def test_every_message_of_a_newsroom_is_documented() -> None:
    rows = {name: told for names, told in table(section(MOS, "What is understood")) for name in codes(names)}
    changes = {name for name, told in rows.items() if told.startswith("`roAck`")}
    assert changes == set(CHANGES)
    known = {"RO1": RunningOrder(id="RO1", head="<ro/>")}
    for name in rows.keys() - changes:
        asked = parse(f"<mos><mosID>m</mosID><ncsID>n</ncsID><{name}><roID>RO1</roID></{name}></mos>")
        assert answer.answer(asked, known, answer.Machine("m", "1", ""), "").tag == codes(rows[name])[0]


def test_what_an_item_says_is_documented() -> None:
    text = section(MOS, "What an item says")
    assert [codes(row[0])[0] for row in table(text)] == list(schema.FIELDS)
    assert schema.SCHEMA in blocks(text, "xml")[0]


@pytest.mark.parametrize("row", [
    f"| a message | {message.LARGEST:,} characters, {message.DEEPEST} elements within each other, no DTD |",
    f"| an id | {message.LONGEST_ID} characters |",
    f"| running orders | {orders.MOST} |",
    f"| all of them | {orders.TOGETHER:,} characters |",
    f"| one | {running_order.LARGEST:,} characters |",
    f"| stories of one | {running_order.MOST_STORIES:,} |",
    f"| items of a story | {running_order.MOST_ITEMS} |",
    f"| connections | {device.MOST_CONNECTIONS} |",
    f"| silence | {device.IDLE:.0f} s without a word",
    f"| a slow peer | {device.SLOW:.0f} s to take",
    f"the first {carry.MOST_IN_ORDER} headlines",
    f"a heartbeat every {newsroom.BEAT_EVERY:.0f} s",
    f"MOS Protocol {answer.MOS_REVISION}",
    f"profiles {', '.join(str(n) for n in range(3) if answer.PROFILES[n])} and 4",
])  # fmt: skip
def test_limits_of_a_newsroom_are_as_documented(row: str) -> None:
    assert row in MOS
    assert orders.TEND_EVERY == 2  # told in words
    assert [str(network) for network in Mos.model_fields["allowed"].default] == ["127.0.0.0/8"]
