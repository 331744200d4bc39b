from tests.samples import NOW, Listener
from ticker.channel import Channel
from ticker.fanout.fanout import Fanout, Loaded
from ticker.position import Position


def test_before_it_joins_and_after_it_has_gone_there_is_nothing_to_tell() -> None:
    subscriber = Listener()
    subscriber.pause()
    subscriber.drained()
    subscriber.gone()
    fanout = Fanout(Channel(name="en"), every_ms=1000, now=NOW)
    fanout.load(Loaded(Position("epoch0", 0, 0), [], [], complete=True))
    fanout.join(subscriber)
    assert list(fanout.subscribers()) == [subscriber]
    subscriber.pause()
    subscriber.pause()
    assert fanout.paused == 1
    subscriber.gone()
    subscriber.drained()
    subscriber.gone()
    assert list(fanout.subscribers()) == []
