"""What it takes to bring a playlist to a system: one small interface, whatever the system speaks."""

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

Message = Mapping[str, Any]  # a playlist as pages get it
SOON = 0.5  # s: who wants to be asked again so soon is not done yet


class Trouble(Exception):
    """A system did not take it. The message is a sentence for the gallery, and holds no secret."""

    def __init__(self, sentence: str, wait: float = 0) -> None:
        super().__init__(sentence)
        self.wait = wait  # s that it asked for


def why(error: OSError) -> str:
    """In words, without the address that asyncio writes beside them."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__  # that a name is not known has a number of its own


class Adapter(Protocol):
    """Of one output and one system. It is asked for one thing at a time, and it never tries again by itself."""

    name: ClassVar[str]  # of the system, as the settings call it

    @property
    def by_itself(self) -> bool:
        """What is on screen there follows the service without us, and lets go of what is over."""

    async def show(self, playlist: Message, now: int) -> float:
        """Bring the system to what this playlist says for this moment (ms of the service's clock).

        The seconds after which it wants to be asked again even if nothing has changed by then. Trouble when the
        system did not take it: then nothing is known of what it has, and all is said anew the next time.
        """

    async def close(self) -> None:
        """Let go of the system, and leave it as it is."""
