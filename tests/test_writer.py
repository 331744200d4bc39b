"""Writers: the whole table of scopes, roles and actions."""

import itertools

import pytest

from ticker.errors import Forbidden
from ticker.life import Action
from ticker.writer import ALLOWED, EVERYWHERE, ROLES, Role, Scope, Writer, rights_of

BY_HAND = [action for action in Action if action not in (Action.START, Action.FORGET, Action.MARK)]
RIGHTS: dict[Scope, set[str]] = {
    Scope.READ: set(),
    Scope.DRAFT: {"publish", "update", "release", "hold", "recall", "join"},
    Scope.PUBLISH: {
        "publish",
        "update",
        "approve",
        "release",
        "move",
        "hold",
        "recall",
        "spike",
        "expire",
        "join",
        "fresh",
    },
    Scope.MOVE: {"move"},
    Scope.CORRECT: {"correct", "hold", "fresh"},
    Scope.RETRACT: {"retract", "hold", "spike"},
    Scope.SOURCE: set(),
    Scope.STORIES: set(),
    Scope.CURATE: set(),
    Scope.CLEAR: set(),
    Scope.AIR: set(),
    Scope.ADMIN: {action.value for action in BY_HAND},
}
OF_A_SOURCE = {"publish", "update", "correct", "retract", "recall", "expire"}
HANDED_IN = {"publish", "update", "release"}  # what takes back needs nobody else
TAKES_BACK = {"hold", "recall", "join"}

# Role → what it may do by itself, and what only up to somebody else's approval.
BY_ROLE: dict[Role, tuple[set[str], set[str]]] = {
    Role.READER: (set(), set()),
    Role.WRITER: (TAKES_BACK, HANDED_IN),
    Role.EDITOR: ({action.value for action in BY_HAND}, set()),
    Role.PRODUCER: (TAKES_BACK | {"move"}, HANDED_IN),
    Role.ADMIN: ({action.value for action in BY_HAND}, set()),
}


def key(*scopes: Scope, channels: tuple[str, ...] = (EVERYWHERE,), name: str = "agency") -> Writer:
    return Writer(name, "key:00000000", dict.fromkeys(channels, frozenset(scopes)), source=name)


def person(**roles: Role) -> Writer:
    return Writer("Ana Ruiz (ana)", "session:1", rights_of({name.replace("all", "*"): r for name, r in roles.items()}),
                  login="ana")  # fmt: skip


def allows(writer: Writer, action: Action, channel: str = "en", source: str | None = None) -> bool:
    try:
        writer.allow(action, channel, source)
    except Forbidden:
        return False
    return True


def allows_scope(writer: Writer, scope: Scope, channel: str = "en") -> bool:
    try:
        writer.allow_scope(scope, channel)
    except Forbidden:
        return False
    return True


def test_the_table_has_every_action_that_is_asked_for():
    assert set(ALLOWED) == set(BY_HAND)
    assert set(RIGHTS) == set(Scope)
    assert set(BY_ROLE) == set(ROLES) == set(Role)


@pytest.mark.parametrize("action", BY_HAND)
def test_every_set_of_scopes_allows_what_one_of_them_allows(action):
    for count in range(len(Scope) + 1):
        for scopes in itertools.combinations(Scope, count):
            others = any(action in RIGHTS[scope] for scope in scopes)
            own = others or (Scope.SOURCE in scopes and action in OF_A_SOURCE)
            assert allows(key(*scopes), action) == others, scopes
            assert allows(key(*scopes), action, source="agency2") == others, scopes
            assert allows(key(*scopes), action, source="agency") == own, scopes


@pytest.mark.parametrize("action", BY_HAND)
def test_only_who_has_nothing_better_hands_in(action):
    for count in range(len(Scope) + 1):
        for scopes in itertools.combinations(Scope, count):
            better = any(action in RIGHTS[scope] for scope in scopes if scope is not Scope.DRAFT)
            own = Scope.SOURCE in scopes and action in OF_A_SOURCE
            hands_in = Scope.DRAFT in scopes and action in HANDED_IN and not better
            assert key(*scopes).hands_in(action, "en") == hands_in, scopes
            assert key(*scopes).hands_in(action, "en", "agency") == (hands_in and not own), scopes


@pytest.mark.parametrize("wanted", [Scope.READ, Scope.STORIES, Scope.CURATE])
def test_what_is_no_action_on_a_headline_has_a_scope_of_its_own(wanted):
    for scope in Scope:
        assert allows_scope(key(scope), wanted) == (scope in (wanted, Scope.ADMIN))
        assert not allows_scope(key(scope, channels=("ar",)), wanted)


@pytest.mark.parametrize("scope", Scope)
def test_a_channel_is_a_limit_to_every_scope(scope):
    for action in BY_HAND:
        assert not allows(key(scope, channels=("ar", "es")), action, "en", "agency")
        assert allows(key(scope, channels=("ar", "en")), action, "en", "agency") == allows(
            key(scope), action, "en", "agency"
        )


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", BY_HAND)
def test_what_each_role_may_do(role, action):
    alone, up_to_approval = BY_ROLE[role]
    writer = person(en=role)
    assert allows(writer, action) == (action in alone | up_to_approval)
    assert writer.hands_in(action, "en") == (action in up_to_approval)
    assert not allows(writer, action, "ar")
    assert allows_scope(writer, Scope.READ)
    assert allows_scope(writer, Scope.CURATE) == (role in {Role.EDITOR, Role.ADMIN})


def test_a_channels_own_role_is_the_one_that_counts():
    writer = person(en=Role.READER, all=Role.EDITOR)
    assert not allows(writer, Action.PUBLISH, "en")
    assert allows(writer, Action.PUBLISH, "ar")
    assert person(all=Role.ADMIN).allow_everywhere() is None
    for less in (person(en=Role.ADMIN), person(en=Role.ADMIN, all=Role.EDITOR), key(Scope.PUBLISH)):
        with pytest.raises(Forbidden):
            less.allow_everywhere()


def test_whoever_is_refused_is_told_what_it_takes():
    with pytest.raises(Forbidden, match="To publish a key needs one of: draft, publish, source, admin"):
        key(Scope.CORRECT).allow(Action.PUBLISH, "en")
    with pytest.raises(Forbidden, match=r"only touch headlines whose source\.name is 'agency'"):
        key(Scope.SOURCE).allow(Action.PUBLISH, "en", "other")
    with pytest.raises(Forbidden, match="This key is for ar, es, not for 'en'"):
        key(Scope.ADMIN, channels=("es", "ar")).allow_channel("en")
    with pytest.raises(Forbidden, match="To retract you need one of these roles on 'en': editor, admin"):
        person(en=Role.WRITER).allow(Action.RETRACT, "en")
    with pytest.raises(Forbidden, match="You have no role on 'ar'"):
        person(en=Role.WRITER).allow_channel("ar")
    assert person().is_person
    assert not key().is_person
