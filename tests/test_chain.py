"""The chain of the audit: whatever is done to it shows, and what is whole is not doubted."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ticker.desk.chain import Chain, Entry, link

TEXTS = st.lists(st.builds(json.dumps, st.dictionaries(st.text(), st.text())), min_size=1, max_size=12)


def written(texts: list[str], before: str = "") -> list[Entry]:
    entries = []
    for number, text in enumerate(texts):
        before = link(before, text)
        entries.append(Entry(f"{number}-0", text, before))
    return entries


def fault(entries: list[Entry], kept: str, before: str | None = "") -> str | None:
    chain = Chain(before)
    chain.take(entries[: len(entries) // 2])
    chain.take(entries[len(entries) // 2 :])
    return chain.end(kept)


@given(TEXTS, st.sampled_from(["", "0" * 40]))
def test_what_is_whole_has_no_fault(texts: list[str], before: str) -> None:
    entries = written(texts, before)
    assert fault(entries, entries[-1].chain, before) is None
    assert fault(entries, entries[-1].chain, None) is None


@given(TEXTS, st.data())
def test_a_removed_entry_shows_and_the_one_behind_it_is_named(texts: list[str], data: st.DataObject) -> None:
    entries = written(texts)
    kept = entries[-1].chain
    gone = data.draw(st.integers(0, len(entries) - 1))
    found = fault(entries[:gone] + entries[gone + 1 :], kept)
    assert found
    if gone < len(entries) - 1:
        assert f"Entry {entries[gone + 1].id}, number {gone + 1} " in found
    else:
        assert "newest entries are missing" in found


@given(TEXTS, st.data(), st.text(min_size=1))
def test_a_changed_entry_shows_and_is_named(texts: list[str], data: st.DataObject, more: str) -> None:
    entries = written(texts)
    changed = data.draw(st.integers(0, len(entries) - 1))
    one = entries[changed]
    entries[changed] = Entry(one.id, one.text + more, one.chain)
    assert f"Entry {one.id}, number {changed + 1} " in (fault(entries, entries[-1].chain) or "")


@given(TEXTS.filter(lambda texts: len(texts) > 1), st.data())
def test_two_that_have_changed_places_show(texts: list[str], data: st.DataObject) -> None:
    entries = written(texts)
    one, other = data.draw(st.lists(st.integers(0, len(entries) - 1), min_size=2, max_size=2, unique=True))
    kept = entries[-1].chain
    entries[one], entries[other] = entries[other], entries[one]
    assert fault(entries, kept)


@given(TEXTS, st.data())
def test_what_is_cut_off_at_either_end_shows(texts: list[str], data: st.DataObject) -> None:
    entries = written(texts)
    kept = entries[-1].chain
    cut = data.draw(st.integers(1, len(entries)))
    assert "newest entries are missing" in (fault(entries[:-cut], kept) or "")
    assert fault(entries[cut:], kept)


@given(TEXTS, st.data())
def test_one_that_was_put_in_shows(texts: list[str], data: st.DataObject) -> None:
    entries = written(texts)
    kept = entries[-1].chain
    at = data.draw(st.integers(0, len(entries)))
    before = entries[at - 1].chain if at else ""
    entries.insert(at, Entry("x", '{"forged":1}', link(before, '{"forged":1}')))
    assert fault(entries, kept)


@given(TEXTS, TEXTS)
def test_a_chain_that_was_written_anew_does_not_know_what_was_noted_down(texts: list[str], others: list[str]) -> None:
    entries, forged = written(texts), written(others)
    chain = Chain("")
    chain.take(forged)
    assert chain.end(forged[-1].chain) is None
    assert (chain.knows(entries[-1].chain) is None) == (forged[: len(entries)] == entries)


def test_what_was_trimmed_is_not_missing() -> None:
    entries = written(["a", "b", "c"])
    assert fault(entries[1:], entries[-1].chain, entries[0].chain) is None
    assert fault([], entries[-1].chain, entries[-1].chain) is None
    assert fault([], "") is None
    assert fault([], entries[-1].chain) == "The newest entries are missing: all of them."


def test_an_entry_that_is_no_longer_json_has_no_fields() -> None:
    assert Entry("1-0", "[1]", "").fields == Entry("1-0", "{", "").fields == {}
