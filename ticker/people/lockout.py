"""How long whoever guesses passwords must wait. Pure.

The first few tries are free, then each wait is twice the one before. What is counted is a person from one network (or
from one known device), and a network over all persons: nobody can lock a person out everywhere, for another
network, or a device that has signed in before, has a count of its own.
"""

import json
from typing import NamedTuple

SECOND = 1000  # ms
FORGET_AFTER = 24 * 3600 * SECOND  # without another failure


class Rule(NamedTuple):
    free: int  # failures that cost nothing
    first: int  # ms to wait after the next
    longest: int  # ms


PERSON = Rule(free=5, first=SECOND, longest=15 * 60 * SECOND)  # from one network, or one known device
NETWORK = Rule(free=40, first=SECOND, longest=15 * 60 * SECOND)  # a whole newsroom may be behind one address


class Tries(NamedTuple):
    """Failures in a row, and when the last one was."""

    failures: int = 0
    last: int = 0

    def wait(self, rule: Rule, now: int) -> int:
        """Milliseconds until another try is heard; 0 when it is heard now."""
        if self.failures < rule.free or now - self.last >= FORGET_AFTER:
            return 0
        doublings = min(self.failures - rule.free, 30)
        return max(0, self.last + min(rule.longest, rule.first << doublings) - now)

    def again(self, now: int) -> "Tries":
        """With one more. Every try counts as a failure until it turns out to be right."""
        return Tries(1 if now - self.last >= FORGET_AFTER else self.failures + 1, now)

    def one_less(self) -> "Tries":
        """The last one was right after all."""
        return Tries(max(0, self.failures - 1), self.last)

    def to_json(self) -> str:
        return json.dumps(self)


def parse(stored: str | None) -> Tries:
    return Tries(*json.loads(stored)) if stored else Tries()
