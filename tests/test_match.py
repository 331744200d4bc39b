from dataclasses import replace

import pytest

from ticker.seen import Known, Seen
from ticker.settings import SourceSettings
from workers.identity import headline_id, identify
from workers.match import (
    DAY_MS,
    NEW_PER_POLL,
    UPDATES_PER_DAY,
    DeadLetter,
    Edit,
    Expire,
    Plan,
    Publish,
    Retract,
    Skip,
    decide,
)
from workers.sources import Document, Entry, Tombstone

NOW = 1_795_435_200_000
SOURCE = SourceSettings(name="wire", url="https://wire.test/", channel="en")


class Desk:
    """What a source remembers from poll to poll, as `source.py` keeps it."""

    def __init__(self, **settings) -> None:
        self.source = SOURCE.model_copy(update=settings)
        self.known = Known()
        self.now = NOW

    def poll(self, *entries: Entry, gone: tuple[Tombstone, ...] = ()) -> Plan:
        matched = identify(Document(entries, gone), self.source)
        plan = decide(matched, self.known, self.source, self.now)
        seen, aliases = dict(self.known.entries), dict(self.known.aliases)
        for action in plan.actions:
            wrote = isinstance(action, Publish | Edit)
            seen[action.id] = replace(action.seen, version=action.seen.version + 1) if wrote else action.seen
        for one in matched.matches:
            if one.alias and one.id in seen:
                aliases[one.alias] = one.id
        self.known = Known(seen, aliases)
        return plan


def kinds(plan: Plan) -> list[str]:
    return [type(action).__name__ for action in plan.actions]


def entry(title: str = "A title", entry_id: str | None = "1", link: str | None = None, **more) -> Entry:
    return Entry(id=entry_id, title=title, link=link, **more)


def number(n: int, **more) -> Entry:
    return entry(f"Number {n}", str(n), f"https://wire.test/{n}", **more)


def test_a_new_entry_is_published_and_then_left_alone():
    desk = Desk(section="World")

    (action,) = desk.poll(entry(link="https://wire.test/1", categories=("War", "War", "x" * 70))).actions

    assert isinstance(action, Publish)
    assert (action.draft.text, action.draft.section, action.draft.tags) == ("A title", "World", ["War"])
    assert headline_id(SOURCE, "1") == action.id
    assert kinds(desk.poll(entry(link="https://wire.test/1", categories=("War", "War", "x" * 70)))) == []


def test_a_changed_entry_is_edited_on_the_version_we_wrote():
    desk = Desk()
    desk.poll(entry())

    (action,) = desk.poll(entry("Another title", correction="It was wrong.")).actions

    assert isinstance(action, Edit)
    assert (action.version, action.patch.text, action.patch.correction) == (1, "Another title", "It was wrong.")


def test_the_oldest_is_handed_in_first():
    by_date = Desk().poll(number(1, published=NOW - 1), number(2, published=NOW - 3), number(3, published=NOW - 2))
    by_place = Desk().poll(number(3), number(2), number(1))

    assert [action.draft.text for action in by_date.actions] == ["Number 2", "Number 3", "Number 1"]
    assert [action.draft.text for action in by_place.actions] == ["Number 1", "Number 2", "Number 3"]


def test_too_many_come_over_several_polls_and_none_is_lost():
    desk, document = Desk(limit=1000), [number(n) for n in range(120)]

    plans = [desk.poll(*document) for _ in range(4)]

    assert [len(plan.actions) for plan in plans] == [NEW_PER_POLL, NEW_PER_POLL, 20, 0]
    assert [plan.more for plan in plans] == [True, True, False, False]


def test_only_the_newest_are_considered():
    plan = Desk(limit=3).poll(*(number(n) for n in range(50_000)))

    assert [action.draft.text for action in plan.actions] == ["Number 2", "Number 1", "Number 0"]


def test_older_ones_than_its_settings_want_are_left_out():
    desk = Desk(max_age=60)

    assert kinds(desk.poll(number(1, published=NOW - 61_000))) == []
    assert kinds(desk.poll(number(1, published=NOW - 59_000), number(2)))[:1] == ["Publish"]


# --- who is who -------------------------------------------------------------------------------------------------------


def without_ids(n):
    return entry(f"Number {n}", None, f"https://wire.test/{n}")


def with_one_id(n):
    return entry(f"Number {n}", "same", f"https://wire.test/{n}")


def with_one_id_and_link(n):
    return entry(f"Number {n}", "same", "https://wire.test/")


def with_nothing_but_a_title(n):
    return entry(f"Number {n}", None)


@pytest.mark.parametrize("make", [without_ids, with_one_id, with_one_id_and_link, with_nothing_but_a_title])
def test_bad_ids_lose_nothing_and_flood_nothing(make):
    desk, document = Desk(), [make(n) for n in range(10)]

    assert kinds(desk.poll(*document)) == ["Publish"] * 10
    assert kinds(desk.poll(*document)) == []
    assert kinds(desk.poll(make(10), *document)) == ["Publish"]


def test_ids_that_change_each_poll_are_the_same_entries():
    desk = Desk()
    desk.poll(*(replace(number(n), id=f"first-{n}") for n in range(5)))

    for poll in range(3):
        assert kinds(desk.poll(*(replace(number(n), id=f"{poll}-{n}") for n in range(5)))) == []


def test_two_entries_with_the_same_link_and_title_at_once_are_two():
    document = entry("Live", "1", "https://wire.test/live"), entry("Live", "2", "https://wire.test/live")

    assert kinds(Desk().poll(*document)) == ["Publish", "Publish"]


def test_a_site_that_moves_to_https_does_not_publish_anew():
    desk = Desk()
    desk.poll(entry("t", "http://wire.test/1", "http://wire.test/1"))

    plan = desk.poll(entry("t", "https://wire.test/1", "https://wire.test/1"))

    assert kinds(plan) == ["Edit"]


def test_of_several_versions_of_an_atom_entry_the_newest_counts():
    versions = entry("old", "1", updated=NOW - 2000), entry("new", "1", updated=NOW - 1000)

    assert [action.draft.text for action in Desk().poll(*versions).actions] == ["new"]


def test_sources_under_one_title_keep_their_ids_apart():
    one, other = SOURCE.model_copy(update={"title": "W"}), SOURCE.model_copy(update={"title": "W", "name": "other"})

    assert headline_id(one, "1") != headline_id(other, "1")


# --- flapping ---------------------------------------------------------------------------------------------------------


def test_a_title_that_flaps_is_capped_and_told_once():
    desk = Desk()
    actions = [action for n in range(100) for action in desk.poll(entry(f"Version {n % 2}")).actions]

    assert sum(isinstance(action, Edit) for action in actions) == UPDATES_PER_DAY
    assert [action.reason for action in actions if isinstance(action, Skip) and action.told] == ["flapping"]

    desk.now += DAY_MS
    assert kinds(desk.poll(entry("Version of tomorrow"))) == ["Edit"]


# --- withdrawn --------------------------------------------------------------------------------------------------------


def test_a_tombstone_retracts():
    desk = Desk()
    desk.poll(entry())

    (action,) = desk.poll(gone=(Tombstone("1", NOW, "It is wrong."),)).actions

    assert (headline_id(SOURCE, "1"), "It is wrong.") == (action.id, action.reason)
    assert kinds(desk.poll(gone=(Tombstone("1", NOW),))) == []


def test_a_tombstone_that_comes_before_its_entry_counts():
    desk = Desk()

    assert kinds(desk.poll(gone=(Tombstone("1", None),))) == ["Retract"]
    assert kinds(desk.poll(entry())) == []


@pytest.mark.parametrize(
    ("when", "expected"), [(NOW - 1, "Publish"), (NOW, "Retract"), (NOW + 1, "Retract"), (None, "Retract")]
)
def test_of_an_entry_and_its_tombstone_the_later_holds(when, expected):
    plan = Desk().poll(entry(updated=NOW), gone=(Tombstone("1", when),))

    assert [expected] == kinds(plan)


def test_tombstones_cannot_flood():
    plan = Desk().poll(gone=tuple(Tombstone(str(n), None) for n in range(500)))

    assert (len(plan.actions), plan.more) == (NEW_PER_POLL, True)


# --- kept back, over, or wrong ----------------------------------------------------------------------------------------


def test_an_embargo_is_the_hour_of_publication():
    desk = Desk()

    (action,) = desk.poll(entry(embargo=NOW + 1000)).actions

    assert (action.draft.publish_at, action.draft.state) == (NOW + 1000, None)
    desk.now += 2000
    assert kinds(desk.poll(entry(embargo=NOW + 1000))) == []


@pytest.mark.parametrize("why", [{"embargo_unreadable": True}, {"draft": True}, {"embargo": NOW + 500 * DAY_MS}])
def test_in_doubt_a_person_decides(why):
    desk = Desk()

    (action,) = desk.poll(entry(**why)).actions
    assert (action.draft.state, action.draft.publish_at) == ("draft", None)

    free = Desk()
    free.poll(entry())
    (action,) = free.poll(entry(**why)).actions
    assert action.keep_back


def test_a_source_that_is_not_trusted_hands_in_drafts():
    (action,) = Desk(trusted=False).poll(entry()).actions

    assert action.draft.state == "draft"


def test_what_is_over_is_not_published_and_what_is_live_expires():
    desk = Desk()

    assert kinds(Desk().poll(entry(expires=NOW - 1))) == ["Skip"]
    desk.poll(entry())
    assert isinstance(desk.poll(entry(expires=NOW - 1)).actions[0], Expire)


@pytest.mark.parametrize("title", ["Caf\ufffd", "", "\u200b"])
def test_what_has_no_clean_words_is_a_dead_letter_once(title):
    desk = Desk()

    assert isinstance(desk.poll(entry(title, raw="<item/>")).actions[0], DeadLetter)
    assert kinds(desk.poll(entry(title, raw="<item/>"))) == []
    assert kinds(desk.poll(entry("Mended", raw="<item/>"))) == ["Publish"]


def test_a_long_title_ends_at_a_word():
    (action,) = Desk().poll(entry("word " * 200)).actions

    assert action.draft.text.endswith("word…")
    assert 280 >= len(action.draft.text) > 270


def test_what_is_wrong_beside_the_words_is_left_out():
    (action,) = Desk().poll(entry(link="https://user@evil.test/", image="data:x", urgency="loud")).actions

    assert (action.draft.link, action.draft.image, action.draft.urgency) == (None, None, "routine")


def test_once_a_day_it_is_noted_that_an_entry_is_still_there():
    desk = Desk()
    desk.poll(entry())
    desk.now += DAY_MS + 1

    (action,) = desk.poll(entry()).actions

    assert ("unchanged", desk.now) == (action.reason, action.seen.last)


def test_memory_of_what_was_written_is_kept_with_it():
    assert Seen(version=3, content="x") == Seen.decode(Seen(version=3, content="x").encode())
    assert isinstance(Desk().poll(gone=(Tombstone("x", NOW),)).actions[0], Retract)
