"""The rankings against the definition: every read decayed by itself, over readers whose taste drifts."""

import math
import random
from collections import defaultdict

import pytest

from tests.drift import drifting
from tests.samples import NOW
from tests.test_counting import BROWSER
from tests.test_reads import Now, counts, reads_of, registered
from ticker.ranking import HOUR, Window
from ticker.scope import Scope
from ticker.store import Client

STORIES, READS, SPAN = 300, 30_000, 10 * 24 * HOUR


async def test_order_and_counts_are_those_of_exact_decay(redis: Client) -> None:
    """Through everything that a beacon goes through, but for HTTP; the windows' lists are in the order of the sums."""
    ids = [(await registered(redis, number, None)).id for number in range(STORIES)]
    now = Now()
    one = reads_of(redis, now)
    await one.turn()
    happened: dict[str, list[int]] = defaultdict(list)
    last = NOW
    for number, (story, at) in enumerate(drifting(random.Random(7), STORIES, READS, SPAN)):
        now.ms = NOW + at
        if now.ms - last > 10 * 60_000:
            last = now.ms
            await one.turn()
        address = f"{10 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1"
        one.count("en", f"s={ids[story]}&d=9", address, BROWSER)
        happened[ids[story]].append(now.ms)
    now.ms = NOW + SPAN
    await one.turn(all_=True)
    assert (one.written, one.repeats, one.lost) == (READS, 0, 0)
    for window in Window:
        exact = {
            id_: math.fsum(math.exp2(-(now.ms - at) / window.half_life) for at in times)
            for id_, times in happened.items()
        }
        found = await counts(redis, Scope("en"), window, now.ms)
        assert sorted(found, key=found.__getitem__)[-50:] == sorted(exact, key=exact.__getitem__)[-50:]
        assert found == pytest.approx(exact, rel=1e-9)
