"""The lists against the definition: every read decayed by itself, over readers whose taste drifts."""

from tests.drift import Drift
from ticker.most_read.ranking import HOUR
from ticker.store import Client


async def test_the_lists_are_those_of_exact_decay(redis: Client) -> None:
    """Of channel, section and region; at several moments, as stories come up and go down."""
    drift, firsts = Drift(redis, stories=300, seed=7), set()
    async for compared in drift.compare(reads=30_000, span=10 * 24 * HOUR, looks=6):
        for one in compared:
            assert (one.recall, one.in_place) == (1, one.rows), one
            assert one.error < 1e-9, one
            assert one.rows >= (1 if one.scope.kind else 10), one
        firsts.add((await drift.lists.read(compared[0].scope, "1h"))[0][0]["id"])
    assert len(firsts) > 1  # or nothing has drifted
    assert (drift.reads.written, drift.reads.repeats, drift.reads.lost) == (30_000, 0, 0)
