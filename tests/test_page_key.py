"""The key in the address of a page."""

from tests.test_control import output
from ticker.onair.page_key import is_key_of, key_of, renew
from ticker.people.seal import Seal
from ticker.store import Client


async def test_it_is_the_same_each_time_and_lets_report_for_its_output_only(redis: Client) -> None:
    program, school = output(), output(name="school")
    key = await key_of(Seal(redis), program)
    assert await key_of(Seal(redis), program) == key
    assert await is_key_of(Seal(redis), program, key)
    assert not await is_key_of(Seal(redis), school, key)
    assert not await is_key_of(Seal(redis), program, await Seal(redis).close("session", "program"))


async def test_one_that_was_made_anew_voids_those_before_it_and_no_other_outputs(redis: Client) -> None:
    program, school, seal = output(), output(name="school"), Seal(redis)
    old, others = await key_of(seal, program), await key_of(seal, school)
    for _ in range(2):
        await renew(seal, program)
        new = await key_of(Seal(redis), program)
        assert await is_key_of(seal, program, new)
        assert not await is_key_of(seal, program, old)
        assert await is_key_of(seal, school, others)
        old = new
