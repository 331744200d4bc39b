"""Each message of the newsroom about a running order."""

import pytest

from tests.mos import NCS, item, mos, order, ready, story
from workers.mos.command import CHANGES, apply
from workers.mos.message import MosFault, parse
from workers.mos.running_order import RunningOrder


def made(body: str, before: RunningOrder | None = None, now: int = 5, by: str = NCS) -> RunningOrder | None:
    return apply(before, parse(mos(body, ncs_id=by)), now)


CREATED = made(order("roCreate", story("A", item("1"))))
assert CREATED


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"roCreate", "roReplace"}))
def test_a_running_order_that_nobody_has_sent_cannot_be_changed(name: str) -> None:
    with pytest.raises(MosFault, match="send it with roCreate"):
        made(order(name))


@pytest.mark.parametrize("name", ["roCreate", "roReplace"])
def test_sent_anew_it_stays_as_ready_as_it_was(name: str) -> None:
    ready_one = made(ready(), CREATED)
    assert ready_one
    assert ready_one.ready_at == 5
    anew = made(order(name, story("B")), ready_one, now=9, by="backup")
    assert anew
    assert (anew.ready_at, anew.ready_by, [one.id for one in anew.stories]) == (5, NCS, ["B"])
    assert made(order(name, story("B")), None) == made(order(name, story("B")), CREATED)


def test_ready_is_said_once_and_taken_back() -> None:
    again = made(ready(), made(ready(), CREATED), now=9, by="backup")
    assert again
    assert (again.ready_at, again.ready_by) == (5, NCS)
    assert made(ready("NOT READY"), again) == CREATED
    assert made(ready("not ready"), again) == CREATED


def test_deleted_it_is_gone() -> None:
    assert made(order("roDelete"), CREATED) is None
