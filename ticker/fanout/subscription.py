"""What a reader asks for when it opens a stream: a channel, a filter, and the position it has."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from ticker import filter as filters
from ticker import text
from ticker.errors import Invalid
from ticker.filter import EVERYTHING, Filter
from ticker.headline import CODE_POINTS_PER_GRAPHEME, NAME_LIMIT
from ticker.most_read.reader import prefix

LONGEST_NAME = NAME_LIMIT * CODE_POINTS_PER_GRAPHEME  # of an output, with what is invisible


class Subscription(NamedTuple):
    channel: str
    filter: Filter = EVERYTHING
    after: str | None = None  # as it was given: one that cannot be read is answered with a snapshot that says so
    output: str = ""  # the name by which the desk knows this one
    network: str = ""  # from which a filter is asked for; kept while somebody uses it
    at_desk: bool = False  # to be told what the desk is told; no query can say so


def parse(channel: str, query: str, last_event_id: str | None = None, address: str = "") -> Subscription:
    """Of a path's channel and query, and who asks; an EventSource that comes back says in a header where it was.

    Invalid when the filter names no urgency of ours, or the output's name is too long or that of a page on air.
    """
    if not query:
        return Subscription(channel, EVERYTHING, last_event_id or None)
    given: Mapping[str, str] = dict(parse_qsl(query))
    wanted = filters.parse(given.get("urgency"), given.get("section"))
    network = prefix(address) if wanted != EVERYTHING else ""
    return Subscription(channel, wanted, last_event_id or given.get("after"), _name(given.get("output", "")), network)


def _name(output: str) -> str:
    name = text.clean(output[:LONGEST_NAME])
    if len(output) > LONGEST_NAME or len(name) > NAME_LIMIT:
        raise _refused(f"is longer than {NAME_LIMIT} characters")
    if name.endswith(")"):  # as receipts call a page on air, which confirms with a key
        raise _refused("ends in a bracket, and only pages on air are called so; leave it out")
    return name


def _refused(detail: str) -> Invalid:
    fault = {"pointer": "output", "detail": detail}
    return Invalid("The name of the output is not right; see `errors`.", errors=[fault])
