"""What is sealed comes back unchanged or not at all."""

from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from ticker.people.seal import LONGEST, SECRET, Seal
from ticker.store import Client


async def test_only_what_we_sealed_for_this_purpose_is_opened(redis: Client) -> None:
    seal = Seal(redis)
    sealed = await seal.close("one", {"login": "ana"})
    assert await seal.open("one", sealed) == {"login": "ana"}
    assert await seal.open("two", sealed) is None
    for n in range(len(sealed)):
        assert await seal.open("one", sealed[:n] + ("A" if sealed[n] != "A" else "B") + sealed[n + 1 :]) is None
    forged = URLSafeSerializer("guess", salt="one").dumps({"login": "ana"})
    for wrong in ("", ".", "x", "é", forged, sealed + "x", "a" * (LONGEST + 1)):
        assert await seal.open("one", wrong) is None


async def test_all_processes_share_the_secret_and_a_new_one_voids_all(redis: Client) -> None:
    here, there = Seal(redis), Seal(redis)
    sealed = await here.close("one", 1)
    assert await there.open("one", sealed) == 1
    await redis.delete(SECRET)
    renewed = await here.close("one", 2)
    assert await there.open("one", renewed) == 2
    assert await there.open("one", sealed) is None
    assert await here.open("one", sealed) is None


@given(st.text(max_size=300))
def test_whatever_comes_is_no_error(text: str) -> None:
    assert Seal(None)._read("one", text, "secret") is None
