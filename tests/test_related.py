"""What to read next, and why."""

from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker.most_read.related import LEAST_READERS, MOST, read_next
from ticker.most_read.story import Story

IDS = ["abcdefgh234567" + a + b for a in "ab" for b in "abcd"]


def story(number: int, **fields: object) -> Story:
    given = {"id": IDS[number], "title": "T", "link": f"https://x.org/{number}", "published_at": NOW - number, **fields}
    return Story.model_validate(given)


def test_each_has_its_reason_the_weightiest_first() -> None:
    here = story(0, tags=["storm", "coast"], section="World", group="g")
    others = [
        story(1, section="World"), story(2, tags=["storm"]), story(3, group="g"), story(4), story(5), story(6),
        story(7, tags=["storm", "coast"], section="World"),
    ]  # fmt: skip
    found = read_next(here, [here, *others], {IDS[4]: 50, IDS[6]: 4}, {"The storm": [IDS[0], IDS[5]]})
    assert [(one.story.id, one.why, one.about) for one in found] == [
        (IDS[5], "coverage", ["The storm"]),
        (IDS[3], "group", []),
        (IDS[4], "readers", []),
        (IDS[7], "tags", ["storm", "coast"]),
        (IDS[2], "tags", ["storm"]),
    ]


def test_what_is_barred_or_has_nothing_to_do_with_it_is_left_out() -> None:
    here, other = story(0, section="World"), story(1, section="World")
    assert read_next(here, [other, story(2)], {}, {}, barred={other.id}) == []
    assert read_next(here, [story(2)], {IDS[2]: LEAST_READERS - 1}, {}) == []
    assert [one.why for one in read_next(here, [story(2)], {IDS[2]: LEAST_READERS}, {})] == ["readers"]


def test_reasons_add_up() -> None:
    here = story(0, tags=["storm"], section="World")
    found = read_next(here, [story(1, tags=["storm"]), story(2, tags=["storm"], section="World")], {}, {})
    assert [one.story.id for one in found] == [IDS[2], IDS[1]]


def test_of_equals_the_newest() -> None:
    here = story(0, section="World")
    found = read_next(here, [story(2, section="World"), story(1, section="World")], {}, {})
    assert [one.story.id for one in found] == [IDS[1], IDS[2]]


@given(st.integers(1, 20))
def test_no_number_of_tags_outweighs_what_readers_or_editors_say(number: int) -> None:
    tags = [f"tag {one}" for one in range(number)]
    here, tagged, more = story(0, tags=tags), story(1, tags=tags), story(2, tags=[*tags, "x"])
    covered, grouped, read = story(3), story(4, group="g"), story(5)
    here = here.model_copy(update={"group": "g"})
    found = read_next(here, [tagged, covered, grouped, read], {read.id: LEAST_READERS}, {"c": [here.id, covered.id]})
    assert [one.why for one in found] == ["coverage", "group", "readers", "tags"]
    both = read_next(here.model_copy(update={"tags": more.tags}), [tagged, more], {}, {})
    assert [one.story.id for one in both] == [more.id, tagged.id]


NAMES = st.sampled_from(["a", "b", "c"])


@given(
    st.lists(st.tuples(st.sets(NAMES), NAMES | st.none()), min_size=1, max_size=8),
    st.dictionaries(st.sampled_from(IDS), st.floats(0, 1e6)),
)
def test_at_most_five_never_itself_always_with_a_reason(
    sets: list[tuple[set[str], str | None]], after: dict[str, float]
) -> None:
    all_ = [story(number, tags=sorted(tags), section=section) for number, (tags, section) in enumerate(sets)]
    found = read_next(all_[0], all_, after, {})
    assert len(found) <= MOST
    assert len({one.story.id for one in found}) == len(found)
    assert all(one.story.id != all_[0].id and one.why for one in found)
