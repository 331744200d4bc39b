"""Keys: what becomes of one, and what it may do."""

import pytest

from ticker.errors import Unauthorized
from ticker.keys import Key, Keys
from ticker.store import Client
from ticker.writer import EVERYWHERE, Scope, Writer


async def test_a_key_is_known_by_its_text_only(redis: Client):
    keys = Keys(redis)
    text = await keys.create("Desk", ["publish", "correct"], ["en"])
    found = await keys.check(f"Bearer {text}")
    assert (found.name, found.scopes, found.channels) == ("Desk", {Scope.PUBLISH, Scope.CORRECT}, {"en"})
    rights = {"en": {Scope.PUBLISH, Scope.CORRECT}}
    assert found.writer == Writer(f"Desk ({found.id})", f"key:{found.id}", rights, source="Desk")
    assert not found.writer.is_person
    assert await keys.check(f"bearer   {text} ") == found
    stored = str(await redis.hgetall("ticker:keys"))
    assert text[12:] not in stored  # the secret, in which there may be any "_"
    for wrong in (None, "", text, f"Basic {text}", f"Bearer {text}x", f"Bearer {text[:-1]}", f"Bearer {text[:-1]}é"):
        with pytest.raises(Unauthorized):
            await keys.check(wrong)
    other = await keys.create("Other", ["publish"])
    with pytest.raises(Unauthorized):
        await keys.check(f"Bearer {text[:12]}{other[12:]}")


async def test_a_revoked_key_stays_listed_and_ends(redis: Client):
    keys = Keys(redis)
    text = await keys.create("Leaver", ["admin"])
    [listed] = await keys.list()
    assert listed.revoked_at is None
    assert await keys.revoke(listed.id)
    assert not await keys.revoke("ffffffff")
    with pytest.raises(Unauthorized):
        await keys.check(f"Bearer {text}")
    [listed] = await keys.list()
    assert listed.revoked_at is not None


async def test_a_scope_that_does_not_exist_makes_no_key(redis: Client):
    with pytest.raises(ValueError, match="everything"):
        await Keys(redis).create("Wrong", ["everything"])
    assert await Keys(redis).list() == []


def test_a_key_without_channels_is_for_all():
    key = Key("00000000", "wire", frozenset({Scope.SOURCE}), frozenset(), 0, None, "")
    assert key.writer.rights == {EVERYWHERE: {Scope.SOURCE}}
