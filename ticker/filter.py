"""A filter: which headlines of a channel a reader wants. Readers with the same filter share all work."""

from typing import NamedTuple

from ticker.errors import Invalid
from ticker.headline import NAME_LIMIT, Headline
from ticker.urgency import Urgency


class Filter(NamedTuple):
    """`urgency` means this and above."""

    urgency: Urgency | None = None
    section: str | None = None

    def matches(self, headline: Headline) -> bool:
        return (self.urgency is None or headline.urgency.at_least(self.urgency)) and (
            self.section is None or headline.section == self.section
        )


EVERYTHING = Filter()


def parse(urgency: str | None, section: str | None) -> Filter:
    """The filter of a query string. Invalid when it names no urgency of ours or an impossible section."""
    faults = []
    if urgency and urgency not in set(Urgency):
        faults.append({"pointer": "urgency", "detail": f"must be one of {', '.join(Urgency)}"})
    if section and len(section) > NAME_LIMIT:
        faults.append({"pointer": "section", "detail": f"is longer than {NAME_LIMIT} characters"})
    if faults:
        raise Invalid("The filter is not right; see `errors`.", errors=faults)
    return Filter(Urgency(urgency) if urgency else None, section or None)
