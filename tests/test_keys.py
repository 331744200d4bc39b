"""Keys: the whole table of scopes and actions, and what becomes of a key."""

import itertools

import pytest

from ticker.errors import Forbidden, Unauthorized
from ticker.keys import ALLOWED, Key, Keys, Scope
from ticker.life import Action
from ticker.store import Client

BY_HAND = [action for action in Action if action not in (Action.START, Action.EXPIRE, Action.FORGET)]
RIGHTS = {
    Scope.PUBLISH: {"publish", "update", "approve", "release", "move", "hold"},
    Scope.CORRECT: {"correct", "hold"},
    Scope.RETRACT: {"retract", "hold"},
    Scope.SOURCE: set(),
    Scope.STORIES: set(),
    Scope.CURATE: set(),
    Scope.ADMIN: {action.value for action in BY_HAND},
}
OF_A_SOURCE = {"publish", "update", "correct", "retract"}


def key(*scopes: Scope, channels: tuple[str, ...] = (), name: str = "agency") -> Key:
    return Key("00000000", name, frozenset(scopes), frozenset(channels), 0, None, "")


def allows(key: Key, action: Action, channel: str = "en", source: str | None = None) -> bool:
    try:
        key.allow(action, channel, source)
    except Forbidden:
        return False
    return True


def test_the_table_has_every_action_that_is_asked_for():
    assert set(ALLOWED) == set(BY_HAND)


@pytest.mark.parametrize("action", BY_HAND)
def test_every_set_of_scopes_allows_what_one_of_them_allows(action):
    for count in range(len(Scope) + 1):
        for scopes in itertools.combinations(Scope, count):
            others = any(action in RIGHTS[scope] for scope in scopes)
            own = others or (Scope.SOURCE in scopes and action in OF_A_SOURCE)
            assert allows(key(*scopes), action) == others, scopes
            assert allows(key(*scopes), action, source="agency2") == others, scopes
            assert allows(key(*scopes), action, source="agency") == own, scopes


@pytest.mark.parametrize("wanted", [Scope.STORIES, Scope.CURATE])
def test_what_is_no_action_on_a_headline_has_a_scope_of_its_own(wanted):
    for scope in Scope:
        if scope in (wanted, Scope.ADMIN):
            key(scope).allow_scope(wanted, "en")
            with pytest.raises(Forbidden):
                key(scope, channels=("ar",)).allow_scope(wanted, "en")
        else:
            with pytest.raises(Forbidden):
                key(scope).allow_scope(wanted, "en")


@pytest.mark.parametrize("scope", Scope)
def test_a_channel_is_a_limit_to_every_scope(scope):
    for action in BY_HAND:
        assert not allows(key(scope, channels=("ar", "es")), action, "en", "agency")
        assert allows(key(scope, channels=("ar", "en")), action, "en", "agency") == allows(
            key(scope), action, "en", "agency"
        )


async def test_a_key_is_known_by_its_text_only(redis: Client):
    keys = Keys(redis)
    text = await keys.create("Desk", ["publish", "correct"], ["en"])
    found = await keys.check(f"Bearer {text}")
    assert (found.name, found.scopes, found.channels) == ("Desk", {Scope.PUBLISH, Scope.CORRECT}, {"en"})
    assert found.writer == f"Desk ({found.id})"
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
