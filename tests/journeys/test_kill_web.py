"""A web process is killed in the middle of traffic."""

import asyncio
from pathlib import Path

from tests.journeys.readers import Writer, both_kinds, converged, listening, new_key, one_long_channel
from tests.servers import Web, eventually, running


async def test_readers_go_elsewhere_and_miss_nothing(redis_url: str, tmp_path: Path) -> None:
    env = one_long_channel(tmp_path)
    first, second = Web(redis_url, tmp_path, **env), Web(redis_url, tmp_path, **env)
    stays = [*both_kinds(4, second.url)]
    moves = [*both_kinds(20, first.url, second.url)]
    async with running(first, second), listening(*stays, *moves) as session:
        key = await new_key(redis_url)
        writers = [Writer(session, key, *urls) for urls in ((first.url, second.url), (second.url, first.url)) * 2]
        traffic = [asyncio.create_task(w.keep_publishing(f"Writer {i}", 80, 0.02)) for i, w in enumerate(writers)]
        await eventually(lambda: min(len(w.accepted) for w in writers) >= 25, "traffic flows", within=60)

        first.kill()

        await asyncio.gather(*traffic)
        accepted = {headline_id for writer in writers for headline_id in writer.accepted}
        assert len(accepted) == 320
        await converged(*stays, *moves, on=accepted)
        texts = [headline.text for headline in stays[0].board]
    assert len(texts) == len(set(texts)) == 320, "a writer's retry made a second headline"
    for reader in moves:
        assert reader.seen >= accepted
        assert reader.connects == 2
        assert len(reader.of("snapshot")) == 1, "it resumed, and did not start anew"
    assert all(reader.repeats == 0 for reader in stays)
