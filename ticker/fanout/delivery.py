"""The same bytes to many subscribers: the loop in which a fan-out spends its time."""

import os
from collections.abc import Iterable

from ticker.fanout.subscriber import Subscriber


def deliver(subscribers: Iterable[Subscriber], data: bytes) -> None:
    """Write to each: to its socket at once, and what that does not take through its connection.

    A subscriber that is live has nothing waiting in its transport, for a transport of ours says `pause` at the
    first byte it must keep. So nothing is overtaken, and neither a method of ours nor the loop's buffers stand
    between the bytes and the kernel (measured: 3 µs a delivery less than `transport.write`, 1 less than a call of
    `Subscriber.write` that does the same).
    """
    write, size = os.write, len(data)
    view = memoryview(data)  # the rest of it is kept by many, and copied for none
    for subscriber in subscribers:
        descriptor = subscriber.descriptor
        if descriptor < 0:
            subscriber.write(data)
            continue
        try:
            sent = write(descriptor, data)
        except BlockingIOError:
            sent = 0
        except OSError:
            subscriber.descriptor = -1  # the peer is gone: the transport says so in a moment
            continue
        if sent != size:
            subscriber.buffer(view[sent:])
