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
    lose: int = 0  # ms after which one failure is forgotten; 0: none is, before all are


PERSON = Rule(free=5, first=SECOND, longest=15 * 60 * SECOND)  # from one network, or one known device
# A whole newsroom may be behind one address.
NETWORK = Rule(free=40, first=SECOND, longest=15 * 60 * SECOND, lose=5 * 60 * SECOND)


class Tries(NamedTuple):
    """Failures in a row, when the last one was and the one before it, and since when none of them was forgotten."""

    failures: int = 0
    last: int = 0
    before: int = 0
    since: int = 0

    def wait(self, rule: Rule, now: int) -> int:
        """Milliseconds until another try is heard; 0 when it is heard now."""
        failures, _ = self._left(rule, now)
        if failures < rule.free or now - self.last >= FORGET_AFTER:
            return 0
        doublings = min(failures - rule.free, 30)
        return max(0, self.last + min(rule.longest, rule.first << doublings) - now)

    def again(self, rule: Rule, now: int) -> "Tries":
        """With one more. Every try counts as a failure until it turns out to be right."""
        if now - self.last >= FORGET_AFTER:
            return Tries(1, now, 0, now)
        failures, since = self._left(rule, now)
        return Tries(failures + 1, now, self.last, since)

    def one_less(self, at: int) -> "Tries":
        """The try at that time was right after all: it is as if it had not been."""
        last = self.before if self.last == at else self.last
        return self._replace(failures=max(0, self.failures - 1), last=last)

    def _left(self, rule: Rule, now: int) -> tuple[int, int]:
        """How many are not forgotten by now, and since when."""
        lost = max(0, now - self.since) // rule.lose if rule.lose else 0
        return (self.failures - lost, self.since + lost * rule.lose) if lost < self.failures else (0, now)

    def to_json(self) -> str:
        return json.dumps(self)


def parse(stored: str | None) -> Tries:
    return Tries(*json.loads(stored)) if stored else Tries()
