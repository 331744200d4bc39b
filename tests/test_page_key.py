"""The key in the address of a page."""

from tests.test_control import output
from ticker.onair.page_key import is_key_of, key_of
from ticker.people.seal import Seal
from ticker.store import Client


async def test_it_is_the_same_each_time_and_lets_report_for_its_output_only(redis: Client) -> None:
    program, school = output(), output(name="school")
    key = await key_of(Seal(redis), program)
    assert await key_of(Seal(redis), program) == key
    assert await is_key_of(Seal(redis), program, key)
    assert not await is_key_of(Seal(redis), school, key)
    assert not await is_key_of(Seal(redis), program, await Seal(redis).close("session", "program"))
