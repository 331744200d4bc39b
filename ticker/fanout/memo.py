"""What has been made already: bytes that many will ask for, and that are made once."""

from collections.abc import Callable, Hashable


class Memo:
    """At most `most` pieces; the oldest makes way, so that nobody who asks for ever new ones fills the memory."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._made: dict[Hashable, bytes] = {}

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        data = self._made.get(key)
        if data is None:
            data = make()
            while len(self._made) >= self.most:
                del self._made[next(iter(self._made))]
            self._made[key] = data
        return data

    def clear(self) -> None:
        self._made.clear()

    def __len__(self) -> int:
        return len(self._made)
